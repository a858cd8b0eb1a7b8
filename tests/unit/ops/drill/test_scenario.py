"""The drilled of a drill, with a world of two regions in place of the sandbox and of the operators' commands."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ops.core.interruption import TooLongError
from ops.core.pair import Pair
from ops.core.session import Operation, Session, SessionOptions
from ops.core.steps import Entry, Timeline
from ops.core.visitor import Answer
from ops.drill import drill
from ops.drill import scenario as drill_scenario
from ops.drill.canary import Ask, Canary
from ops.drill.sandbox_control import SandboxControl
from ops.drill.scenario import Drill, DrillOptions, DrillSession, flip_seconds
from ops.drill.tables import measured_rows
from ops.errors import Exit, OpsError

PRIMARY, STANDBY = "primary", "standby"


def _no_rows() -> dict[str, dict[int, tuple[str, str]]]:
    return {PRIMARY: {}, STANDBY: {}}


@dataclass
class World:
    """Two regions, one live; rows by region; what was asked of the sandbox, in order."""

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
        """A visitor's row, where the edge leads."""
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
        """A row of a host that the fence waits for; one that is not kept came after the last that the replica has."""
        row = {"id": number, "written_at": datetime.now(UTC).isoformat(), "region": region(self.live)}
        self.of_ending_hosts.append({**row, "database": self.live})
        if kept:
            self.rows[self.live][number] = (row["written_at"], self.live)

    def replicates(self) -> bool:
        return self.follows

    def switch(self, to: str, forgets: int) -> None:
        """Traffic is routed to the other region, which has all but the newest rows."""
        kept = sorted(self.rows[self.live])[: len(self.rows[self.live]) - forgets]
        self.rows[to] = {number: self.rows[self.live][number] for number in kept}
        self.live = to


def region(stack: str) -> str:
    return f"{stack}-1"


@dataclass
class Stack:
    """A region's stack as the drill reads it."""

    stack: str
    region: str
    writes: bool
    following: bool
    follows: str


class TwoStacks:
    """The pair, read from the world."""

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
        for name in (f"activate for a {kind}", "gates of standby", "request as a visitor")
    ]
    return Operation(
        kind=kind, source=PRIMARY, target=STANDBY, started=datetime.now(UTC), timeline=Timeline(entries=steps)
    )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which failover loses two rows, and failback none."""
    made = World()
    session = Session(
        engine=cast(Any, None), pair=cast(Pair, TwoStacks(made)), ledger=cast(Any, None), options=SessionOptions()
    )

    def failover(session: DrillSession, to: str) -> Operation:
        done = operation("failover")
        session.watch(done)
        made.counted["sts"] = 1
        if made.ahead and session.options.accept_lag is None:
            raise OpsError("give --accept-lag 1200", Exit.REFUSED)
        session.confirm("Activate?")
        if not session.options.waive_fence:
            raise TooLongError("primary is not fenced: AWS does not close it")
        made.log.append(f"failover to {to}, fence waived for {session.options.waive_fence}")
        made.switch(to, forgets=2)
        return done

    def failback(session: DrillSession, to: str) -> Operation:
        done = operation("failback")
        session.watch(done)
        session.confirm("Rebuild?")
        assert session.options.rebuild
        made.log.append(f"failback to {to}")
        if made.ending:
            made.host_that_ends_writes(-1, kept=True)
            made.host_that_ends_writes(-2, kept=made.fences)
        made.switch(to, forgets=0)
        return done

    def of(options: SessionOptions) -> Session:
        return Session(engine=session.engine, pair=session.pair, ledger=session.ledger, options=options)

    monkeypatch.setattr(Session, "of", of)
    monkeypatch.setattr(drill_scenario, "failover", failover)
    monkeypatch.setattr(drill_scenario, "failback", failback)

    def through_the_edge(_: str) -> Ask:
        return made.write

    monkeypatch.setattr(drill_scenario, "through_the_edge", through_the_edge)
    monkeypatch.setattr(drill_scenario, "Canary", partial(Canary, interval_seconds=0.005))
    return made


def running(world: World, **options: Any) -> Drill:
    return Drill(
        options=DrillOptions(**options),
        sandbox=cast(SandboxControl, world),
        pair=cast(Pair, TwoStacks(world)),
    )


def test_a_drill_goes_there_and_back(world: World) -> None:
    drilled = running(world, mode="hang")
    drilled.run()
    assert world.log == [
        "lost primary-1 hang",
        "count from nothing",
        "failover to standby, fence waived for drill",
        "back primary-1",
        "failback to primary",
    ]
    assert [mark["name"] for mark in drilled.marks] == ["region lost", "served again", "region back", "failed back"]


def test_another_region_is_lost_and_comes_back_with_it(world: World) -> None:
    running(world, also_lost=["global-1"]).run()
    lost_and_back = [line for line in world.log if line.endswith(("refuse", "-1"))]
    assert lost_and_back == ["lost primary-1 refuse", "lost global-1 refuse", "back primary-1", "back global-1"]


def test_a_grey_failure_that_is_decided_late_is_refused_then_not_fenced_and_then_waived(world: World) -> None:
    drilled = running(world, grey=True, late=True)
    drilled.run()
    assert world.log == [
        "lost primary-1/elasticloadbalancing hang",
        "lost primary-1/autoscaling hang",
        "clock 1200",
        "count from nothing",
        "count from nothing",
        "failover to standby, fence waived for drill",
        "back primary-1/elasticloadbalancing",
        "back primary-1/autoscaling",
        "clock 0",
        "failback to primary",
    ]
    found = drilled.measured
    assert found is not None
    assert found.late_seconds == 1200
    (rto,) = [row.value for row in measured_rows(found, 30, 60) if row.what.startswith("RTO")]
    assert rto.startswith("20")


def test_a_fence_or_an_old_lag_that_nothing_stands_against_fails_the_drill(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def succeeds(session: DrillSession, to: str) -> None:
        """As a failover that looks at nothing."""

    monkeypatch.setattr(drill_scenario, "failover", succeeds)
    with pytest.raises(OpsError, match="primary was fenced although elasticloadbalancing, autoscaling hang"):
        running(world, grey=True).run()
    with pytest.raises(OpsError, match="a lag 1200 s old was taken for a new one"):
        running(world, late=True).run()


def test_what_was_measured_is_what_happened(world: World) -> None:
    drilled = running(world)
    drilled.run()
    found = drilled.measured
    assert found is not None
    assert found.loss.rows == 2
    assert 0 < found.loss.seconds < 2
    assert 0 < found.outage.seconds < 5
    assert found.flip_seconds == 3.0
    assert found.back_loss is not None
    assert found.back_loss.rows == 0


@pytest.mark.parametrize(("fences", "value", "within"), [(True, "0 of 2", True), (False, "1 of 2", False)])
def test_rows_of_hosts_that_a_fence_did_not_wait_for_are_lost(
    world: World, fences: bool, value: str, within: bool
) -> None:
    world.fences = fences
    drilled = running(world)
    drilled.run()
    assert drilled.measured is not None
    (row,) = [row for row in measured_rows(drilled.measured, 30, 60) if row.what.endswith("that were ending")]
    assert (row.value, row.within) == (value, within)
    assert world.ending == 0


def test_calls_before_the_decision_do_not_count(world: World) -> None:
    drilled = running(world)
    drilled.run()
    assert drilled.measured is not None
    assert drilled.measured.calls == {}


def test_a_drill_can_stay_in_the_other_region(world: World) -> None:
    drilled = running(world, skip_failback=True)
    drilled.run()
    assert world.live == STANDBY
    assert drilled.measured is not None
    assert drilled.measured.back_loss is None
    assert world.taken == []


def test_the_lag_is_as_it_was_afterwards(world: World) -> None:
    running(world, lag_seconds=30).run()
    assert world.lag == 1.0


@pytest.mark.parametrize("error", [OpsError("no"), KeyboardInterrupt()])
def test_the_region_is_restored_when_a_drill_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(drill_scenario, "failover", fails)
    with pytest.raises(type(error)):
        running(world, lag_seconds=30).run()
    assert world.log == ["lost primary-1 refuse", "back primary-1"]
    assert world.lag == 1.0


def test_without_a_replica_no_region_is_lost(world: World) -> None:
    world.follows = False
    with pytest.raises(OpsError, match="no replica follows primary") as raised:
        running(world).run()
    assert raised.value.exit_code is Exit.REFUSED
    assert world.log == []


@pytest.mark.parametrize("follows", [True, False])
def test_a_drill_begins_in_normal_operation(world: World, follows: bool) -> None:
    world.follows = follows
    pair = cast(Pair, TwoStacks(world))
    if follows:
        drill.require_normal_operation(pair)
    else:
        with pytest.raises(OpsError, match="standby does not follow primary"):
            drill.require_normal_operation(pair)


def test_steps_of_the_drill_and_of_its_operations_are_told_in_order(world: World) -> None:
    drilled = running(world)
    drilled.run()
    names = [entry.name for entry in drilled.entries()]
    assert (
        names.index("notice the outage")
        < names.index("activate for a failover")
        < names.index("restore the region of primary")
    )
    assert len(names) == len(drilled.timeline.entries) + 6


STEPS = ("activate", "gates of dr", "route traffic to dr", "request as a visitor", "create the rest of dr")


def test_a_flip_takes_from_its_gates_to_the_visitor() -> None:
    began = datetime(2025, 1, 10, tzinfo=UTC)
    entries = [
        Entry(name=name, started=began + timedelta(seconds=number), seconds=number, outcome="done")
        for number, name in enumerate(STEPS)
    ]
    assert flip_seconds(entries, "dr") == 6
    assert flip_seconds(entries[:1], "dr") is None
