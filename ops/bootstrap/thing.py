"""What must exist before the first `pulumi up`: each thing is looked for, and made only where it is missing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from ops.core.steps import Timeline, console
from ops.errors import OpsError


@dataclass(frozen=True, kw_only=True)
class Thing:
    """`exists` says whether it is there as wanted; `make` makes it so, and can be repeated after a kill."""

    name: str
    where: str
    why: str
    exists: Callable[[], bool]
    make: Callable[[], None]


def plan(things: Iterable[Thing]) -> int:
    """Show which things exist; how many would be made."""
    table = Table("what", "where", "is", "why", title="ops bootstrap", title_justify="left")
    missing = 0
    for thing in things:
        there = _asked(thing)
        missing += not there
        table.add_row(thing.name, thing.where, "there" if there else "to be made", thing.why)
    console().print(table)
    return missing


def make(things: Iterable[Thing], timeline: Timeline) -> int:
    """Make what is missing, in order; how many were made."""
    made = 0
    for thing in things:
        with timeline.step(f"{thing.name}, {thing.where}") as step:
            if _asked(thing):
                step.skip("is there")
                continue
            _bounded(thing.make, thing)
            made += 1
    return made


def _asked(thing: Thing) -> bool:
    return bool(_bounded(thing.exists, thing))


def _bounded(call: Callable[[], Any], thing: Thing) -> Any:
    """The call's answer. Raises OpsError for what AWS refuses, in words."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call()
    except (BotoCoreError, ClientError) as error:
        raise OpsError(f"{thing.name} in {thing.where}: {' '.join(str(error).split())[:300]}") from None
