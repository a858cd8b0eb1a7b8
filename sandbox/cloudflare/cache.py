"""The edge's cache, as far as the platform's cache rules need it: what is stored, how long, and errors.

Cloudflare, "Default cache behavior" and "Cache Rules", settings. What no rule makes cacheable is not stored here;
Cloudflare stores some types of files without one.
"""

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

DEFAULT_SECONDS = {200: 7200, 206: 7200, 301: 7200, 302: 1200, 303: 1200, 404: 180, 410: 180}
"""The defaults if the origin sets none: other statuses are not stored."""
TYPES = {
    "css": "text/css",
    "gif": "image/gif",
    "js": "javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
"""The Content-Types that Cache Deception Armor expects for these extensions."""
FORBIDS = re.compile(r"\b(no-store|no-cache|private)\b")
AGE = re.compile(r"\b(?P<name>s-maxage|max-age)=(?P<seconds>\d+)")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A response that is stored until `ends`, on the monotonic clock."""

    ends: float
    answer: Any


class Cache:
    """Answers by host and target."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stored: dict[str, Stored] = {}

    def get(self, key: str) -> Any:
        """The stored response if it has not expired, else None."""
        with self.lock:
            found = self.stored.get(key)
            return found.answer if found and found.ends > time.monotonic() else None

    def put(self, key: str, answer: Any, seconds: float) -> None:
        """Keep an answer."""
        with self.lock:
            self.stored[key] = Stored(ends=time.monotonic() + seconds, answer=answer)


def parameters(rules: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The combined parameters of the matching rules: the last of each."""
    told: dict[str, Any] = {}
    for rule in rules:
        told |= rule["action_parameters"]
    return told


def seconds(told: Mapping[str, Any], path: str, status: int, headers: Mapping[str, str]) -> float:
    """How long a response of the origin is stored; 0 means not at all. `headers` have lower-case names."""
    if not told.get("cache") or "set-cookie" in headers:
        return 0
    wanted = TYPES.get(PurePosixPath(path).suffix.removeprefix(".").lower())
    armored = status < 300 and told.get("cache_key", {}).get("cache_deception_armor")
    if armored and wanted and wanted not in headers.get("content-type", ""):
        return 0
    ttl = told.get("edge_ttl", {})
    for row in ttl.get("status_code_ttl", []):
        codes = row.get("status_code_range", {})
        if row.get("status_code") == status or (codes and codes.get("from", 0) <= status <= codes.get("to", 999)):
            return max(row["value"], 0)
    if ttl.get("mode") == "override_origin":
        return ttl["default"]
    control = headers.get("cache-control", "")
    if FORBIDS.search(control):
        return 0
    ages = {match["name"]: int(match["seconds"]) for match in AGE.finditer(control)}
    return ages.get("s-maxage", ages.get("max-age", DEFAULT_SECONDS.get(status, 0)))
