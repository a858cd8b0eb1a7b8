"""A rotation under way: what the ledger remembers of it, and where it happens."""

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
    # The administrator's: commands of `ops` lend it to a host for minutes.
    "database_password": (),
}
"""What can be rotated, and the hosts that read it when they start. Each region has a `heartbeat_url` of its own."""


@dataclass(kw_only=True)
class Rotation(Record):
    """A secret on its way to hosts; nothing here is secret.

    `version` is that of the new accounts' secrets. `former` has a digest of the encrypted value of before, by stack.

    `ended` are steps of which only the command itself can say that they were done, and `tokens` when the token of each
    stack's cache had last changed before the former one was ended.
    """

    name: str
    version: str = ""
    former: dict[str, str] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where the ledger has it: one a secret."""
        return key(self.name)


def key(name: str) -> str:
    """The ledger's key of a rotation."""
    return f"rotation-{name}"


def new(name: str, *, dry_run: bool) -> Rotation:
    """A rotation that begins."""
    version = str(uuid.uuid4())
    return Rotation(name=name, started=datetime.now(UTC), version=version, timeline=Timeline(dry_run=dry_run))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a rotation happens: the stack that serves is first, and one whose region does not answer is left out."""

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
        """A step of which the rotation itself notes that it was done; `skip` is why there is nothing to do."""

        def do(run: StepRun) -> str:
            told = work(self, run)
            self.end(mark)
            return told

        def done() -> str:
            return skip or ("it was done" if mark in self.rotation.ended else "")

        return Action(step=step, do=do, done=done, needs=needs)

    def end(self, mark: str) -> None:
        """Note that a step was done."""
        self.rotation.ended.append(mark)
        self.session.save(self.rotation)
