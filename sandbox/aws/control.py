"""The sandbox's own paths on the emulated AWS, under /_sandbox: health, black-outs and the count of calls."""

import json
import secrets
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from botocore.session import get_session

from sandbox.aws.gate import Gate, Mode

PREFIX = "/_sandbox/"


class BadRequestError(Exception):
    """A request for the gate that says what is wrong with it."""


class Control:
    """WSGI middleware that answers the sandbox's own paths and lets all others through the gate."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        # A server that was restarted has another one, and has forgotten everything.
        self.instance = secrets.token_hex(8)
        self.regions = get_session().get_available_regions("ec2")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return self.gate(environ, start_response)
        try:
            status, answer = "200 OK", self._answer(environ["REQUEST_METHOD"], path.removeprefix(PREFIX), environ)
        except BadRequestError as problem:
            status, answer = "400 Bad Request", {"error": str(problem)}
        except LookupError as problem:
            status, answer = "404 Not Found", {"error": str(problem.args[0])}
        body = json.dumps(answer).encode() + b"\n"
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, method: str, path: str, environ: WSGIEnvironment) -> object:
        """The answer to one request; raises BadRequestError, or LookupError for a path or method that is not there."""
        noun, _, region = path.partition("/")
        routes: dict[tuple[str, str], Callable[[], object]] = {
            ("GET", "health"): lambda: {"status": "ok", "instance": self.instance},
            ("GET", "pulse"): self.gate.pulse,
            ("GET", "calls"): self.gate.report,
            ("DELETE", "calls"): self.gate.forget_calls,
            ("GET", "blackout"): lambda: None,
            ("PUT", "blackout"): lambda: self.gate.black_out(self._region(region), _mode(environ)),
            ("DELETE", "blackout"): lambda: self.gate.restore(self._region(region)),
        }
        if (method, noun) not in routes:
            raise LookupError(f"{method} {PREFIX}{path}: want one of {', '.join(' '.join(key) for key in routes)}")
        answer = routes[method, noun]()
        return self.gate.blackouts if noun == "blackout" else answer

    def _region(self, name: str) -> str:
        """The region, if there is one of that name."""
        if name in self.regions:
            return name
        likely = get_close_matches(name, self.regions, n=1)
        raise BadRequestError(f"region {name!r} is not an AWS region{f'; did you mean {likely[0]}?' if likely else ''}")


def _mode(environ: WSGIEnvironment) -> Mode:
    """The mode that the query asks for."""
    given = parse_qs(environ.get("QUERY_STRING", "")).get("mode", [""])[0]
    try:
        return Mode(given)
    except ValueError:
        raise BadRequestError(f"mode {given!r}: want one of {', '.join(Mode)}") from None
