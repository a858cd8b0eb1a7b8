"""Reads from Cloudflare: what its API reports about a record, and what a visitor gets."""

import json as json_
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from contract import HEALTH_CHECKS, HEALTH_PATH
from ops.core.cloudflare import EdgeApi
from ops.core.facts import side_by_side
from ops.core.interruption import bounded
from ops.core.pair import EdgeStack

LEADING = ("A", "AAAA", "CNAME")
"""Records that route traffic."""
RECORDS_A_PAGE = 500
EDGE_URL_VARIABLE = "ASKPROAI_EDGE_URL"
EDGE_URL = "https://{host}"
VISIT_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP response; `status` 0 means that there was none, and `body` then has the reason."""

    status: int
    body: Any

    def __getitem__(self, key: str) -> Any:
        return self.body.get(key) if isinstance(self.body, Mapping) else None


@dataclass(frozen=True, kw_only=True)
class OriginPulls:
    """Whether Cloudflare presents our client certificate to the regions, and when the deployed one expires."""

    enabled: bool
    ends: datetime | None


def records(edge: EdgeStack) -> dict[str, str]:
    """The targets of the zone's A, AAAA and CNAME records, by name. Raises OpsError if the API returns none."""
    rows = _api(edge.token).rows(f"/zones/{edge.zone_id}/dns_records", a_page=RECORDS_A_PAGE)
    return {row["name"]: row["content"] for row in rows if row["type"] in LEADING}


def zone_setting(edge: EdgeStack, name: str) -> str:
    """A setting of the zone, as text: `ssl`, `min_tls_version`. Raises OpsError if the API returns none."""
    return str(_api(edge.token).one(f"/zones/{edge.zone_id}/settings/{name}")["value"])


def dnssec(edge: EdgeStack) -> str:
    """The status of the zone's DNSSEC: `pending` until the registrar has the key. Raises OpsError without one."""
    return str(_api(edge.token).one(f"/zones/{edge.zone_id}/dnssec")["status"])


def origin_pulls(edge: EdgeStack) -> OriginPulls:
    """How Cloudflare authenticates itself to the regions. Raises OpsError if the API does not answer."""
    api, place = _api(edge.token), f"/zones/{edge.zone_id}/origin_tls_client_auth"
    asked: dict[str, Callable[[], Any]] = {
        "rows": lambda: api.rows(place),
        "enabled": lambda: api.one(f"{place}/settings")["enabled"],
    }
    found = side_by_side(asked)
    ends = [datetime.fromisoformat(row["expires_on"]) for row in found["rows"] if row.get("status") == "active"]
    return OriginPulls(enabled=found["enabled"] is True, ends=max(ends, default=None))


def visit(host: str, path: str, method: str = "GET", json: object = None, *, seconds: float = VISIT_SECONDS) -> Answer:
    """Send a request to `host` as a visitor does, through the edge. Never raises: a missing response has status 0."""
    url = os.environ.get(EDGE_URL_VARIABLE, EDGE_URL).format(host=host) + path
    body = None if json is None else json_.dumps(json).encode()
    headers = {"Host": host, "Accept": "application/json", "User-Agent": "askproai-ops"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        return bounded(partial(_answered, request, seconds), seconds)
    except (OSError, ValueError) as error:
        return Answer(status=0, body=str(getattr(error, "reason", error)) or type(error).__name__)


def failing_checks(host: str) -> list[str]:
    """The health checks of a host that do not answer 200, each with its actual result."""
    found = side_by_side({check: partial(visit, host, f"{HEALTH_PATH}{check}") for check in HEALTH_CHECKS})
    return [
        f"{check.strip('/') or 'web'} {answer.status or 'no answer'}"
        for check, answer in found.items()
        if answer.status != 200
    ]


def _answered(request: urllib.request.Request, seconds: float) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return Answer(status=answer.status, body=_parsed(answer.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, body=_parsed(error.read()))


def _parsed(content: bytes) -> Any:
    with suppress(ValueError):
        return json_.loads(content)
    return content.decode(errors="replace")


@lru_cache(maxsize=2)
def _api(token: str) -> EdgeApi:
    return EdgeApi(lambda _secret: token, quick=True)
