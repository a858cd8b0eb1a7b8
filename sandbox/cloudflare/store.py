"""The state of the emulated Cloudflare, which is lost when it restarts."""

import copy
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

Resource = dict[str, Any]

DEPLOYMENT_SECONDS = 2.0
"""Our choice, for tests: until every data center has a new certificate, which at Cloudflare takes minutes."""


class Store:
    """Zones of one account, and everything in them by collection path and ID."""

    def __init__(self, account: str, zones: dict[str, str]) -> None:
        """`zones` are names by id."""
        self.account = account
        self.zones = zones
        self.resources: dict[str, dict[str, Resource]] = {}
        self.singles: dict[str, Resource] = {}
        self.started = now()
        self.deployment_seconds = DEPLOYMENT_SECONDS
        self.plan = "pro"
        self.status = "active"

    def collection(self, path: str) -> dict[str, Resource]:
        """The resources at a path such as `/zones/<id>/dns_records`, by id."""
        return self.resources.setdefault(path, {})

    def memory(self) -> tuple[dict[str, dict[str, Resource]], dict[str, Resource]]:
        """A copy of the whole state."""
        return copy.deepcopy(self.resources), copy.deepcopy(self.singles)

    def remember(self, memory: tuple[dict[str, dict[str, Resource]], dict[str, Resource]]) -> None:
        """Restore an earlier state."""
        self.resources, self.singles = memory


def now() -> str:
    """The time in Cloudflare's format."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_id() -> str:
    """An id of 32 hexadecimal digits, as most resources have."""
    return secrets.token_hex(16)


def new_uuid() -> str:
    """An id as resources of Access have it."""
    return str(uuid.uuid4())
