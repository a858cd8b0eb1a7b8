"""Two fake regions in place of the sandbox, for a drill."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from ops.core.session import Operation
from ops.core.steps import Entry, Timeline
from ops.core.visitor import Answer

PRIMARY, STANDBY = "primary", "standby"


def _no_rows() -> dict[str, dict[int, tuple[str, str]]]:
    return {PRIMARY: {}, STANDBY: {}}


@dataclass
class World:
    """Two regions, one live; rows by region; the calls to the sandbox, in order."""

    live: str = PRIMARY
    taken: list[str] = field(default_factory=list)
    rows: dict[str, dict[int, tuple[str, str]]] = field(default_factory=_no_rows)
    log: list[str] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    lag: float = 1.0
    follows: bool = True
    ahead: int = 0
    ending: int = 0
    fences: bool = True
    of_ending_hosts: list[dict[str, Any]] = field(default_factory=list)

    def write(self, number: int) -> Answer:
        """A visitor's row, in the live region."""
        if any(place.partition("/")[0] == region(self.live) for place in self.taken):
            return Answer(status=522, body="")
        row = self.rows[self.live].setdefault(number, (datetime.now(UTC).isoformat(), self.live))
        return Answer(status=201, body={"written_at": row[0], "database": row[1], "region": region(self.live)})

    def black_out(self, name: str, mode: str) -> None:
        self.log.append(f"lost {name} {mode}")
        self.taken.append(name)

    def restore(self, name: str) -> None:
        self.log.append(f"back {name}")
        self.taken.remove(name)

    def lost(self) -> list[str]:
        return self.taken

    def forget_calls(self) -> None:
        self.log.append("count from nothing")
        self.counted.clear()

    def calls(self, name: str) -> dict[str, int]:
        return dict(self.counted) if name == region(PRIMARY) else {}

    def set_clock(self, ahead_seconds: int) -> None:
        if ahead_seconds != self.ahead:
            self.log.append(f"clock {ahead_seconds}")
        self.ahead = ahead_seconds

    def lag_seconds(self) -> float:
        return self.lag

    def set_lag(self, seconds: float) -> None:
        self.lag = seconds

    def set_ending(self, seconds: int) -> None:
        self.ending = seconds

    def rows_of_ending_hosts(self) -> list[dict[str, Any]]:
        return list(self.of_ending_hosts)

    def host_that_ends_writes(self, number: int, *, kept: bool) -> None:
        """A row of a host for which the fence waits; a row that is not kept came after the replica's last one."""
        row = {"id": number, "written_at": datetime.now(UTC).isoformat(), "region": region(self.live)}
        self.of_ending_hosts.append({**row, "database": self.live})
        if kept:
            self.rows[self.live][number] = (row["written_at"], self.live)

    def replicates(self) -> bool:
        return self.follows

    def switch(self, to: str, forgets: int) -> None:
        """Route traffic to the other region, which has all but the newest rows."""
        kept = sorted(self.rows[self.live])[: len(self.rows[self.live]) - forgets]
        self.rows[to] = {number: self.rows[self.live][number] for number in kept}
        self.live = to


def region(stack: str) -> str:
    return f"{stack}-1"


@dataclass
class Stack:
    """A region's stack for the drill."""

    stack: str
    region: str
    writes: bool
    following: bool
    follows: str


class TwoStacks:
    """The pair of the fake regions."""

    stacks = (PRIMARY, STANDBY)
    edge = SimpleNamespace(stack="edge")
    domain = "example.com"

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def live(self) -> str:
        return self._world.live

    @property
    def other(self) -> str:
        return STANDBY if self.live == PRIMARY else PRIMARY

    def __getitem__(self, stack: str) -> Stack:
        live = stack == self.live
        follows = STANDBY if stack == PRIMARY else PRIMARY
        return Stack(stack, region(stack), writes=live, following=not live and self._world.follows, follows=follows)


def operation(kind: str) -> Operation:
    steps = [
        Entry(name=name, started=datetime.now(UTC), seconds=1.5, outcome="done")
        for name in (f"activate for a {kind}", "check the gates of standby", "request as a visitor")
    ]
    return Operation(
        kind=kind, source=PRIMARY, target=STANDBY, started=datetime.now(UTC), timeline=Timeline(entries=steps)
    )
