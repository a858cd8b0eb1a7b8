"""Request schemas: checks the body of a call against Cloudflare's description of its API."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.cloudflare.answers import RefusedError

TABLE = Path(__file__).with_name("request_schemas.json")
BAD_BODY = 9207
"""The code of Cloudflare's DNS service for an invalid body. Its other services have their own codes and messages; the
emulator uses this one for all of them, with a message that describes the problem."""

TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "boolean": bool}


@cache
def table() -> dict[str, Any]:
    """What `generate` wrote."""
    return json.loads(TABLE.read_text())


def check(name: str, body: object, *, partial: bool = False) -> dict[str, Any]:
    """The body of a call, if it is one that the API takes; a partial one may leave out what is required.

    Raises RefusedError naming the first field that is unknown, missing, or of another type or value.
    """
    if not isinstance(body, dict):
        raise RefusedError(400, BAD_BODY, "Request body is invalid: expected a JSON object")
    _check(table()["schemas"][name], body, "", partial=partial)
    return {key: value for key, value in body.items() if value is not None}


def _check(node: Any, value: object, pointer: str, *, partial: bool = False) -> None:
    # Everything optional may be null, which is the same as omitting it.
    if value is None or node in ("any", "opaque"):
        return
    if isinstance(node, str):
        wrong = not isinstance(value, TYPES[node]) or (node == "number" and isinstance(value, bool))
        if wrong:
            raise _refused(f"expected a {node}, got {json.dumps(value)}", pointer)
        return
    kind, inside = next(iter(node.items()))
    if kind == "one_of":
        if value not in inside or isinstance(value, bool) != any(isinstance(option, bool) for option in inside):
            allowed = ", ".join(json.dumps(option) for option in inside)
            raise _refused(f"{json.dumps(value)} is not a valid value; want one of {allowed}", pointer)
        return
    wanted = list if kind == "list" else dict
    if not isinstance(value, wanted):
        raise _refused(f"expected {'an array' if kind == 'list' else 'an object'}, got {json.dumps(value)}", pointer)
    if isinstance(value, list):
        for position, item in enumerate(value):
            _check(inside, item, f"{pointer}/{position}")
    elif isinstance(value, dict):
        _check_fields(node, value, pointer, partial=partial)


def _check_fields(node: Any, value: dict[str, Any], pointer: str, *, partial: bool) -> None:
    if "map" in node:
        for key, item in value.items():
            _check(node["map"], item, f"{pointer}/{key}")
        return
    unknown = [key for key in value if key not in node["object"]]
    if unknown:
        raise _refused(f"unknown field {json.dumps(unknown[0])}", f"{pointer}/{unknown[0]}")
    missing = [key for key in node["required"] if value.get(key) is None]
    if missing and not partial:
        raise _refused(f"{json.dumps(missing[0])} is required", f"{pointer}/{missing[0]}")
    for key, item in value.items():
        _check(node["object"][key], item, f"{pointer}/{key}")


def _refused(what: str, pointer: str) -> RefusedError:
    return RefusedError(400, BAD_BODY, f"Request body is invalid at {pointer or '/'}: {what}", pointer=pointer)
