"""Cloudflare as operators ask it: what its API says of a record, and what a visitor gets."""

import json as json_
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

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

    try:
        found = list(_api(token).dns.records.list(zone_id=zone_id, per_page=500))
    except APIError as error:
        raise OpsError(f"Cloudflare's API does not list the records of zone {zone_id}: {_flat(error)}") from None
    rows = [row for row in found if row.type in ("A", "AAAA", "CNAME")]
    return {
        str(row.name): Record(
            id=str(row.id), name=str(row.name), type=row.type, content=str(row.content), proxied=bool(row.proxied)
        )
        for row in rows
    }


def zone_setting(zone_id: str, token: str, name: str) -> str:
    """A setting of the zone, as text: `ssl`, `min_tls_version`. Raises OpsError when the API gives none."""
    from cloudflare import APIError

    from ops.errors import OpsError

    try:
        found: Any = _api(token).zones.settings.get(name, zone_id=zone_id)
    except APIError as error:
        raise OpsError(f"Cloudflare's API does not tell the setting {name} of zone {zone_id}: {_flat(error)}") from None
    return str(found.value)


def load() -> None:
    """Load the SDK's part for records, which takes most of a second: done beside the engine's own work."""
    import cloudflare.resources.dns  # noqa: F401 - loading it is what this is for


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


def _flat(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
