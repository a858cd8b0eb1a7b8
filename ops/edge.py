"""Cloudflare as operators ask it: what its API says of a record, and what a visitor gets."""

import json as json_
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

LEADING = ("A", "AAAA", "CNAME")
"""Records that lead visitors somewhere."""
RECORDS_A_PAGE = 500
EDGE_URL_VARIABLE = "ASKPROAI_EDGE_URL"
EDGE_URL = "https://{host}"
VISIT_SECONDS = 5.0
API_SECONDS = 10.0
API_RETRIES = 3
"""The SDK waits as Retry-After says, up to a minute, else 0.5 s and doubling."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer; `status` 0 means none came, and `body` then holds why."""

    status: int
    body: Any

    def __getitem__(self, key: str) -> Any:
        return self.body.get(key) if isinstance(self.body, Mapping) else None


@dataclass(frozen=True, kw_only=True)
class Record:
    """A DNS record as Cloudflare's API reads it back."""

    id: str
    name: str
    type: str
    content: str
    proxied: bool


def records(zone_id: str, token: str) -> dict[str, Record]:
    """The zone's A, AAAA and CNAME records by name. Raises OpsError when the API gives none."""
    from cloudflare import APIError

    from ops.errors import OpsError

    rows: list[dict[str, Any]] = []
    page, pages = 1, 1
    try:
        while page <= pages:
            answer = _asked(token, f"/zones/{zone_id}/dns_records", page=page, per_page=RECORDS_A_PAGE)
            rows += answer["result"] or []
            page, pages = page + 1, int((answer.get("result_info") or {}).get("total_pages", 1))
    except APIError as error:
        raise OpsError(f"Cloudflare's API does not list the records of zone {zone_id}: {_flat(error)}") from None
    return {
        row["name"]: Record(
            id=row["id"], name=row["name"], type=row["type"], content=row["content"], proxied=row["proxied"]
        )
        for row in rows
        if row["type"] in LEADING
    }


def zone_setting(zone_id: str, token: str, name: str) -> str:
    """A setting of the zone, as text: `ssl`, `min_tls_version`. Raises OpsError when the API gives none."""
    from cloudflare import APIError

    from ops.errors import OpsError

    try:
        return str(_asked(token, f"/zones/{zone_id}/settings/{name}")["result"]["value"])
    except APIError as error:
        raise OpsError(f"Cloudflare's API does not tell the setting {name} of zone {zone_id}: {_flat(error)}") from None


def load() -> None:
    """Load the SDK, which takes half a second: done while the engine reads its state."""
    import_module("cloudflare")


def visit(host: str, path: str, method: str = "GET", json: object = None, *, seconds: float = VISIT_SECONDS) -> Answer:
    """Ask `host` as a visitor does, through the edge. Never raises: an answer that did not come has status 0."""
    url = os.environ.get(EDGE_URL_VARIABLE, EDGE_URL).format(host=host) + path
    body = None if json is None else json_.dumps(json).encode()
    headers = {"Host": host, "Accept": "application/json", "User-Agent": "askproai-ops"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return Answer(status=answer.status, body=_parsed(answer.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, body=_parsed(error.read()))
    except (OSError, ValueError) as error:
        return Answer(status=0, body=str(getattr(error, "reason", error)) or type(error).__name__)


def _parsed(content: bytes) -> Any:
    with suppress(ValueError):
        return json_.loads(content)
    return content.decode(errors="replace")


@lru_cache(maxsize=2)
def _api(token: str) -> Any:
    from cloudflare import Cloudflare

    return Cloudflare(api_token=token, timeout=API_SECONDS, max_retries=API_RETRIES)


def _asked(token: str, path: str, **query: object) -> Any:
    """An answer of the API as it is: the SDK's types of records and settings take half a second to load."""
    return _api(token).get(path, cast_to=object, options={"params": query})


def _flat(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
