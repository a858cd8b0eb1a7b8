"""The sandbox's own paths on the emulated clouds, under /_sandbox: how they are found and answered."""

import json
from collections.abc import Callable, Iterable, Mapping
from wsgiref.types import StartResponse

PREFIX = "/_sandbox/"
Routes = Mapping[tuple[str, str], Callable[[], object]]
"""The handlers, by method and first word of the path."""


def answered(ask: Callable[[], object], start_response: StartResponse) -> Iterable[bytes]:
    """The answer as JSON: 400 for an invalid request (ValueError), 404 for an unknown path (LookupError)."""
    try:
        status, answer = "200 OK", ask()
    except ValueError as problem:
        status, answer = "400 Bad Request", {"error": str(problem)}
    except LookupError as problem:
        status, answer = "404 Not Found", {"error": str(problem.args[0])}
    body = json.dumps(answer).encode() + b"\n"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def found(routes: Routes, method: str, noun: str, path: str) -> object:
    """The answer of the route. Raises LookupError, which names the routes, if there is none."""
    if (method, noun) not in routes:
        raise LookupError(f"{method} {PREFIX}{path}: want one of {', '.join(' '.join(key) for key in routes)}")
    return routes[method, noun]()
