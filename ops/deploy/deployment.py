"""A deployment under way or in its rollback window: what the ledger remembers of it."""

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.core.ledger import Ledger
from ops.core.pair import RegionStack
from ops.core.session import UNDER_WAY, Session
from ops.core.steps import Timeline

Colors = tuple[str, str]


@dataclass(kw_only=True)
class Deployment:
    """A version on its way to a stack. Everything else is asked of AWS and the stack file.

    `color` gets the version, `former` served before. `command` is what migrates the database: `id` and `instance` of
    Systems Manager. `served` is when the version had all traffic and the workers.
    """

    stack: str
    version: str
    color: str
    former: str
    former_workers: str
    started: datetime
    emergency: str | None = None
    command: dict[str, str] | None = None
    migrated: bool = False
    served: datetime | None = None
    timeline: Timeline = field(default_factory=Timeline)

    def window_ends(self, stack: RegionStack) -> datetime | None:
        """When the former release's instances may go, None before the version serves."""
        minutes = stack.settings.web.rollback_window_minutes
        return self.served + timedelta(minutes=minutes) if self.served else None

    def open_window(self, stack: RegionStack) -> datetime | None:
        """The end of the rollback window, None once it is over."""
        end = self.window_ends(stack)
        return end if end and end > datetime.now(UTC) else None

    def to_json(self) -> dict[str, Any]:
        """The deployment as the ledger takes it; `from` and `to` are the colours."""
        record = {each.name: getattr(self, each.name) for each in fields(self)}
        record["started"] = self.started.isoformat()
        record["served"] = self.served.isoformat() if self.served else None
        record["timeline"] = self.timeline.to_json()
        return record

    @classmethod
    def from_json(cls, record: dict[str, Any], *, dry_run: bool) -> "Deployment":
        """The deployment that `to_json` wrote."""
        known: dict[str, Any] = {each.name: record[each.name] for each in fields(cls)}
        known["started"] = datetime.fromisoformat(record["started"])
        known["served"] = datetime.fromisoformat(record["served"]) if record["served"] else None
        known["timeline"] = Timeline.from_json(record["timeline"], dry_run=dry_run)
        return cls(**known)


def key(stack: str) -> str:
    """The ledger's key of a stack's deployment."""
    return f"deployment-{stack}"


def known(ledger: Ledger, stack: str, *, dry_run: bool = False) -> Deployment | None:
    """The stack's deployment that is not promoted or rolled back, if there is one."""
    record = ledger.get(key(stack))
    return Deployment.from_json(record, dry_run=dry_run) if record else None


def colors(stack: RegionStack) -> Colors | None:
    """The colour without traffic and the one with all of it, None where both have some."""
    blue, green = stack.settings.web.blue.weight, stack.settings.web.green.weight
    return {(100, 0): ("green", "blue"), (0, 100): ("blue", "green")}.get((blue, green))


def under_way(session: Session) -> list[str]:
    """The operation of `ops dr` that is not finished, in a sentence; nothing where there is none."""
    record = session.ledger.get(UNDER_WAY)
    if not record:
        return []
    return [
        f"the {record['operation']} to {record['to']}, started {record['started']}, is not finished: `ops dr status`"
    ]
