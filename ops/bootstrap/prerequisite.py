"""What must exist before the first `pulumi up`: each prerequisite is checked, and created only if it is missing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ops.core.aws import errors
from ops.core.steps import Step, Timeline, show_table
from ops.errors import OpsError, one_line


@dataclass(frozen=True, kw_only=True)
class Prerequisite:
    """`exists` says whether it exists as wanted; `make` creates it, and can be repeated after a kill."""

    name: str
    where: str
    why: str = ""
    exists: Callable[[], bool]
    make: Callable[[], None]

    @property
    def step(self) -> Step:
        """The step that makes it."""
        does = f"Creates it: {self.why}." if self.why else "Creates it."
        return Step(name=f"{self.name}, {self.where}", does=does, unless="it exists")


def show(prerequisites: Iterable[Prerequisite]) -> int:
    """Show which prerequisites exist. Returns how many would be created."""
    there = [(each, bool(_bounded(each.exists, each))) for each in prerequisites]
    rows = [(each.name, each.where, "there" if exists else "to be made", each.why) for each, exists in there]
    show_table("ops bootstrap", ("what", "where", "is", "why"), rows)
    return sum(not exists for _, exists in there)


def make(prerequisites: Iterable[Prerequisite], timeline: Timeline) -> int:
    """Create what is missing, in order. Returns how many were created."""
    made = 0
    for prerequisite in prerequisites:
        with timeline.step(prerequisite.step) as step:
            if _bounded(prerequisite.exists, prerequisite):
                step.skip("it exists")
                continue
            _bounded(prerequisite.make, prerequisite)
            made += 1
    return made


def _bounded(call: Callable[[], Any], prerequisite: Prerequisite) -> Any:
    """The call's answer. Raises OpsError with a message if AWS refuses it."""
    try:
        return call()
    except errors() as error:
        raise OpsError(f"{prerequisite.name} in {prerequisite.where}: {one_line(error)[:300]}") from None
