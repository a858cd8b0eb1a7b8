"""Cloudflare's answers: the envelope around every result, and refusals with their codes."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

MOST_A_PAGE = 5_000_000
"""Cloudflare's API reference: the maximum page size of DNS records; other lists have less, which nobody here
requests."""
MOST_AT_A_CURSOR = 50
"""Cloudflare's API reference, rulesets."""


class RefusedError(Exception):
    """A refused call: the HTTP status, Cloudflare's code and message, and the position of the cause in the body."""

    def __init__(self, status: int, code: int, message: str, *, pointer: str = "", chain: Sequence[Json] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {"code": code, "message": message}
        if pointer:
            self.error["source"] = {"pointer": pointer}
        if chain:
            self.error["error_chain"] = list(chain)

    def envelope(self) -> Json:
        """The body of the answer."""
        return {"success": False, "errors": [self.error], "messages": [], "result": None}


@dataclass(frozen=True)
class Envelope:
    """A body that is answered as it is."""

    body: Json


class Page:
    """A list that is returned in pages, as requested by the call's query."""

    def __init__(self, items: Sequence[Json]) -> None:
        self.items = items

    def envelope(self, query: Mapping[str, str], per_page: int) -> Json:
        """The body of the answer; `per_page` is the default page size. Raises RefusedError."""
        number = _positive(query, "page", 1)
        size = min(_positive(query, "per_page", per_page), MOST_A_PAGE)
        shown = list(self.items[(number - 1) * size : number * size])
        info = {
            "page": number,
            "per_page": size,
            "count": len(shown),
            "total_count": len(self.items),
            "total_pages": math.ceil(len(self.items) / size),
        }
        return {**success(shown), "result_info": info}


class CursorPage:
    """A list that is returned in parts: each has the cursor of the next, and none has the total."""

    def __init__(self, items: Sequence[Json]) -> None:
        self.items = items

    def envelope(self, query: Mapping[str, str], per_page: int) -> Json:
        """The body of the answer, from the cursor on. Raises RefusedError."""
        size = min(_positive(query, "per_page", per_page), MOST_AT_A_CURSOR)
        start = next((n for n in range(len(self.items)) if _cursor(n) == query.get("cursor", _cursor(0))), None)
        if start is None and "cursor" in query:
            raise RefusedError(400, 1004, "Invalid value for cursor")
        start = start or 0
        after = _cursor(start + size) if start + size < len(self.items) else ""
        info = {"cursor": after, "cursors": {"after": after}} if after else {}
        return {**success(self.items[start : start + size]), "result_info": info}


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(f"from {start}".encode()).decode()


def success(result: object, messages: Sequence[Json] = ()) -> Json:
    """The envelope around a result."""
    return {"success": True, "errors": [], "messages": list(messages), "result": result}


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    given = query.get(name, str(default))
    if not given.isdecimal() or int(given) < 1:
        raise RefusedError(400, 1004, f"Invalid value for {name}: {given}")
    return int(given)
