"""The ledger's record of a deployment in progress or in its rollback window."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops.core.pair import RegionStack
from ops.core.record import Record


@dataclass(kw_only=True)
class Deployment(Record):
    """A version on its way to a stack.

    `color` gets the version, `former` served before. `command` migrates the database: `id` and `instance` of Systems
    Manager. `served` is when the version had all traffic and the workers.
    """

    stack: str
    version: str
    color: str
    former: str
    former_workers: str
    emergency: str | None = None
    command: dict[str, str] | None = None
    migrated: bool = False
    served: datetime | None = None

    @property
    def key(self) -> str:
        """Its key in the ledger: one per stack."""
        return key(self.stack)

    def window_ends(self, stack: RegionStack) -> datetime | None:
        """When the former release's instances may be stopped, None before the version serves."""
        minutes = stack.settings.web.rollback_window_minutes
        return self.served + timedelta(minutes=minutes) if self.served else None

    def open_window(self, stack: RegionStack) -> datetime | None:
        """The end of the rollback window, None once it is over."""
        end = self.window_ends(stack)
        return end if end and end > datetime.now(UTC) else None


def key(stack: str) -> str:
    """The ledger's key of a stack's deployment."""
    return f"deployment-{stack}"


def colors(stack: RegionStack) -> tuple[str, str] | None:
    """The colour without traffic and the one with all of it, None if both have traffic."""
    blue, green = stack.settings.web.blue.weight, stack.settings.web.green.weight
    return {(100, 0): ("green", "blue"), (0, 100): ("blue", "green")}.get((blue, green))
