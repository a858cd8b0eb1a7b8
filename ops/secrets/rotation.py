"""A rotation under way: what the ledger remembers of it, which is no secret."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from hosts.roles import APPLICATION_ROLES, MONITORING, ROLES, HostRole
from ops.core.aws import reachable
from ops.core.ledger import Ledger
from ops.core.pair import RegionStack
from ops.core.session import Session
from ops.core.steps import Timeline, say

DATABASE = "database"
CACHE = "cache_auth_token"
TELLING = dict.fromkeys(("on_call_webhook", "slack_webhook", "mail_username", "mail_password"), (MONITORING,))
USED_BY: Mapping[str, tuple[HostRole, ...]] = {
    DATABASE: ROLES,
    CACHE: ROLES,
    "app_key": APPLICATION_ROLES,
    "sentry_dsn": APPLICATION_ROLES,
    **TELLING,
    # The administrator's: commands of `ops` lend it to a host for minutes.
    "database_password": (),
}
"""What can be rotated, and the hosts that read it when they start. Each region has a `heartbeat_url` of its own."""


@dataclass(kw_only=True)
class Rotation:
    """`version` is that of the new accounts' secrets. `former` has a digest of the encrypted value of before, by stack.

    `ended` are steps of which only the command itself can say that they were done, and `tokens` when the token of each
    stack's cache had last changed before the former one was ended.
    """

    name: str
    started: datetime
    version: str = ""
    former: dict[str, str] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    timeline: Timeline = field(default_factory=Timeline)

    def to_json(self) -> dict[str, Any]:
        """The rotation as the ledger takes it."""
        record = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**record, "started": self.started.isoformat(), "timeline": self.timeline.to_json()}


def key(name: str) -> str:
    """The ledger's key of a rotation."""
    return f"rotation-{name}"


def known(ledger: Ledger, name: str, *, dry_run: bool) -> Rotation | None:
    """The secret's rotation that has not ended, if there is one."""
    record = ledger.get(key(name))
    if record is None:
        return None
    found: dict[str, Any] = {each.name: record[each.name] for each in fields(Rotation)}
    found["started"] = datetime.fromisoformat(record["started"])
    found["timeline"] = Timeline.from_json(record["timeline"], dry_run=dry_run)
    return Rotation(**found)


def new(name: str, *, dry_run: bool) -> Rotation:
    """A rotation that begins."""
    version = str(uuid.uuid4())
    return Rotation(name=name, started=datetime.now(UTC), version=version, timeline=Timeline(dry_run=dry_run))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a rotation happens: the live stack is first, and a stack whose region does not answer is left out."""

    session: Session
    rotation: Rotation
    live: RegionStack
    stacks: tuple[RegionStack, ...]

    @classmethod
    def of(cls, session: Session, rotation: Rotation) -> "Place":
        """The regions that answer now."""
        live, other = session.pair[session.pair.live], session.pair[session.pair.other]
        found = tuple(stack for stack in (live, other) if reachable(stack.region))
        if other not in found:
            say(f"          {other.region} does not answer: {other.stack} is left out, and must follow")
        return cls(session=session, rotation=rotation, live=live, stacks=found)

    def keep(self) -> None:
        """Have the ledger know the rotation."""
        if not self.session.options.dry_run:
            self.session.ledger.put(key(self.rotation.name), self.rotation.to_json())

    def has_ended(self, step: str) -> str:
        """Why a step is skipped that the rotation has noted; empty where it has not."""
        return "it was done" if step in self.rotation.ended else ""

    def end(self, step: str) -> None:
        """Note that a step was done."""
        self.rotation.ended.append(step)
        self.keep()
