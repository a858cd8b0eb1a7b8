"""The ledger's record of a running rotation, and its regions."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hosts.roles import APPLICATION_ROLES, MONITORING, ROLES, HostRole
from ops.core import facts
from ops.core.actions import Action, no_needs
from ops.core.aws import reachable
from ops.core.pair import RegionStack
from ops.core.record import Record
from ops.core.session import Session
from ops.core.steps import Step, StepRun, Timeline, say

DATABASE = "database"
CACHE = "cache_auth_token"
TELLING = dict.fromkeys(("on_call_webhook", "slack_webhook", "mail_username", "mail_password"), (MONITORING,))
USED_BY: Mapping[str, tuple[HostRole, ...]] = {
    DATABASE: ROLES,
    CACHE: ROLES,
    "app_key": APPLICATION_ROLES,
    "sentry_dsn": APPLICATION_ROLES,
    **TELLING,
    # The administrator's: commands of `ops` give a host access for minutes.
    "database_password": (),
}
"""What can be rotated, and the hosts that read it when they start. Each region has its own `heartbeat_url`."""
HOLDS: Mapping[str, tuple[str, ...]] = {
    "app": ("app_key", "sentry_dsn"),
    "cache": (CACHE,),
    "database": ("database_password",),
}
"""Which of them each secret of Secrets Manager holds. The others are accounts on the database, rotated together."""


@dataclass(kw_only=True)
class Rotation(Record):
    """A rotation in progress; nothing here is secret.

    `version` is that of the new accounts' secrets, and `live` the stack on whose database they are. `former` has a
    digest of the former encrypted value, by stack.

    `ended` are steps that only the command itself knows to be done, and `tokens` the time of the last change of each
    stack's cache token before the former one was removed.
    """

    name: str
    version: str = ""
    live: str = ""
    former: dict[str, str] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its key in the ledger: one per secret."""
        return key(self.name)

    def serve_from(self, live: str) -> None:
        """Begin again if another region serves since: its database, and its secrets, may lack what was done."""
        if self.live not in ("", live):
            self.version = str(uuid.uuid4())
            self.ended.clear()
        self.live = live


def key(name: str) -> str:
    """The ledger's key of a rotation."""
    return f"rotation-{name}"


def new(name: str, *, dry_run: bool) -> Rotation:
    """A new rotation."""
    version = str(uuid.uuid4())
    return Rotation(name=name, started=datetime.now(UTC), version=version, timeline=Timeline(dry_run=dry_run))


@dataclass(frozen=True, kw_only=True)
class Place:
    """The stacks of a rotation: the one that serves first, without those whose region does not answer."""

    session: Session
    rotation: Rotation
    live: RegionStack
    stacks: tuple[RegionStack, ...]

    @classmethod
    def of(cls, session: Session, rotation: Rotation) -> "Place":
        """The regions that answer now."""
        live, other = session.pair[session.pair.live], session.pair[session.pair.other]
        found = tuple(stack for stack in (live, other) if reachable(stack.region))
        if found == (other,) and other.writes and facts.is_writer(other):
            # It was promoted, and visitors are not routed to it yet.
            live, other = other, live
        if other not in found:
            say(f"          {other.region} does not answer: {other.stack} is left out, and must follow")
        return cls(session=session, rotation=rotation, live=live, stacks=found)

    @property
    def both(self) -> tuple[RegionStack, RegionStack]:
        """The stacks of the pair, the live one first, whether or not their regions answer."""
        return self.live, self.session.pair[self.session.pair.other_than(self.live.stack)]

    def __str__(self) -> str:
        return ", ".join(stack.stack for stack in self.stacks)

    def once(
        self,
        step: Step,
        mark: str,
        work: Callable[["Place", StepRun], str],
        needs: Callable[[], list[str]] = no_needs,
        skip: str = "",
    ) -> Action:
        """A step that the rotation itself records as done; `skip` is the reason if there is nothing to do."""

        def do(run: StepRun) -> str:
            told = work(self, run)
            self.end(mark)
            return told

        def done() -> str:
            return skip or ("it was done" if mark in self.rotation.ended else "")

        return Action(step=step, do=do, done=done, needs=needs)

    def end(self, mark: str) -> None:
        """Record that a step is done."""
        self.rotation.ended.append(mark)
        self.session.save(self.rotation)
