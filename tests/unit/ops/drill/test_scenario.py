"""The scenario of a drill, with fakes in place of the sandbox and of the operators' commands."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import pytest
from fake_drill import STANDBY, TwoStacks, World, operation

from ops.core.interruption import TooLongError
from ops.core.pair import Pair
from ops.core.session import Operation, Session, SessionOptions
from ops.core.steps import Entry
from ops.drill import drill
from ops.drill import scenario as drill_scenario
from ops.drill.canary import Ask, Canary
from ops.drill.drill_session import DrillSession
from ops.drill.sandbox_control import SandboxControl
from ops.drill.scenario import Drill, DrillOptions, flip_seconds
from ops.drill.tables import measured_rows
from ops.errors import Exit, OpsError


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Fake regions in which a failover loses two rows, and a failback none."""
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
        """A failover without checks."""

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


STEPS = ("activate", "check the gates of dr", "route traffic to dr", "request as a visitor", "create the rest of dr")


def test_a_flip_takes_from_its_gates_to_the_visitor() -> None:
    began = datetime(2025, 1, 10, tzinfo=UTC)
    entries = [
        Entry(name=name, started=began + timedelta(seconds=number), seconds=number, outcome="done")
        for number, name in enumerate(STEPS)
    ]
    assert flip_seconds(entries, "dr") == 6
    assert flip_seconds(entries[:1], "dr") is None
