"""The old writer is fenced before a promotion, or the fence is waived; then the command waits for its last writes."""

from datetime import datetime
from typing import Any

import pytest
from fake_platform import Platform

from ops.core import facts, gates
from ops.core.interruption import TooLongError
from ops.core.pair import RegionStack
from ops.core.session import UNDER_WAY
from ops.dr import activate
from ops.errors import Exit, OpsError


def test_without_a_fence_or_a_waiver_it_is_refused_and_nothing_is_changed(platform: Platform) -> None:
    platform.lose()
    with pytest.raises(OpsError, match="--waive-fence") as refused:
        activate.activate_region(platform.session(), "dr")
    assert refused.value.exit_code is Exit.REFUSED
    assert (platform.engine.ups, platform.history(), platform.world.changes()) == ([], [], [])
    assert platform.session().ledger.get(UNDER_WAY) is None


def test_a_writer_that_answers_is_not_left_unfenced_unless_the_waiver_is_given_twice(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OpsError, match="the region of prod answers, so it will be fenced") as refused:
        activate.activate_region(platform.session(waive_fence="copied"), "dr")
    assert refused.value.exit_code is Exit.REFUSED
    assert (platform.engine.ups, platform.history()) == ([], [])
    asked: list[str] = []

    def yes(question: str) -> str:
        asked.append(question)
        return "yes"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", yes)
    operation = activate.activate_region(
        platform.session(yes=False, waive_fence="EC2 hangs", waive_answering=True), "dr"
    )
    assert "Anything written in prod from now on is lost" in asked[0]
    assert platform.engine.ups == ["dr", "dr"]
    assert operation.waiver is not None
    assert operation.waiver["region"] == "answers"


def test_a_fence_that_fails_is_waived_by_saying_so_twice(platform: Platform) -> None:
    platform.world.unwilling.add("delete_network_acl_entry")
    with pytest.raises(OpsError, match=r"prod is not fenced: .*InternalError"):
        activate.activate_region(platform.session(), "dr")
    with pytest.raises(OpsError, match="give --waive-fence twice"):
        activate.activate_region(platform.session(waive_fence="EC2 hangs"), "dr")
    activate.activate_region(platform.session(waive_fence="EC2 hangs", waive_answering=True), "dr")
    assert platform.engine.ups == ["dr", "dr"]
    pair = platform.session().pair
    (writer,) = [gate for gate in gates.ask(pair, pair["dr"], None) if gate.name == gates.ONE_WRITER]
    assert (writer.passed, writer.finding) == (True, "prod is not fenced: what is written there is lost")


def test_a_fence_whose_hosts_do_not_end_says_how_to_go_on(platform: Platform) -> None:
    platform.world.stubborn_hosts = 1
    with pytest.raises(OpsError, match=r"prod is not fenced: hosts are running.*was: 3\. .* --waive-fence twice"):
        activate.activate_region(platform.session(), "dr")
    assert (platform.engine.ups, platform.engine.is_open("prod")) == ([], False)
    platform.world.stubborn_hosts = 0
    activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == ["dr", "dr", "prod"]


def test_no_engine_is_between_the_fence_of_the_old_writer_and_the_promotion(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[tuple[str, bool]] = []
    up = platform.engine.up

    def noted(stack: str, *rest: Any) -> dict[str, int]:
        found.append((stack, platform.engine.is_open("prod")))
        return up(stack, *rest)

    monkeypatch.setattr(platform.engine, "up", noted)
    activate.activate_region(platform.session(), "dr")
    assert found == [("dr", False), ("dr", False), ("prod", False)]
    assert platform.engine.made("prod")["fenced"] is True
    assert platform.file("prod").get("fenced") is True
    assert platform.history() == ["activate"]


def test_an_accepted_lag_is_recorded(platform: Platform) -> None:
    platform.world.lag_seconds = 4000.0
    activate.activate_region(platform.session(accept_lag=5000), "dr")
    record = platform.records()[0]
    assert (record["kind"], record["accepted_seconds"], record["measured_seconds"]) == ("accepted-lag", 5000, 4000.0)


def test_a_replica_that_does_not_catch_up_is_not_promoted_unless_that_is_accepted(platform: Platform) -> None:
    platform.world.lag_seconds = 200.0
    with pytest.raises(OpsError, match="dr is 200 s behind"):
        activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == []
    with pytest.raises(OpsError, match="dr is 200 s behind"):
        activate.activate_region(platform.session(accept_lag=199), "dr")
    activate.activate_region(platform.session(accept_lag=200), "dr")
    assert platform.engine.ups == ["dr", "dr", "prod"]
    assert platform.history() == ["accepted-lag", "accepted-lag", "activate"]


def test_a_replica_that_catches_up_is_promoted(platform: Platform) -> None:
    platform.world.lag_seconds = 200.0
    with pytest.raises(OpsError, match="dr is 200 s behind"):
        activate.activate_region(platform.session(), "dr")
    platform.world.lag_seconds = 0.0
    activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == ["dr", "dr", "prod"]


def test_a_database_with_clients_is_not_left_unless_that_is_accepted(platform: Platform) -> None:
    """A lag of 0 proves nothing while writes are still possible."""
    platform.world.clients = 1
    with pytest.raises(OpsError, match="no minute without client connections to the database of prod"):
        activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == []
    platform.world.clients = 0
    activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == ["dr", "dr", "prod"]


def test_a_fence_that_cannot_be_applied_to_its_stack_does_not_prevent_serving(platform: Platform) -> None:
    platform.engine.failing["prod"] = TooLongError("`pulumi up` did not end")
    with pytest.raises(OpsError, match=r"prod is fenced, but its stack does not say so: `pulumi up --refresh"):
        activate.activate_region(platform.session(), "dr")
    assert platform.history() == ["activate"]
    assert platform.session().ledger.get(UNDER_WAY) is None


def test_a_region_lost_18_minutes_ago_is_failed_over_once_the_missing_writes_are_accepted(platform: Platform) -> None:
    platform.lose()
    platform.world.lag_seconds, platform.world.lag_age_seconds = 2.0, 1080.0
    with pytest.raises(OpsError, match="minus 2 s may be missing; accept it with --accept-lag 1382"):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")
    with pytest.raises(OpsError, match="--accept-lag 1382"):
        activate.activate_region(platform.session(waive_fence="gone", accept_lag=0), "dr")
    operation = activate.activate_region(platform.session(waive_fence="gone", accept_lag=1382), "dr")
    assert operation.data_loss is not None
    assert operation.data_loss["lag_seconds"] == 2.0
    assert 1081 <= operation.data_loss["missing_seconds"] < 1100
    assert platform.records()[1]["measured_seconds"] == 2.0


@pytest.mark.parametrize("ahead_seconds", [-300.0, 300.0])
def test_a_clock_of_this_machine_that_is_wrong_misleads_nobody(platform: Platform, ahead_seconds: float) -> None:
    """A datapoint of before the fence would count on a machine that is slow, and on a fast one none is fresh."""
    platform.world.ahead_seconds = ahead_seconds
    platform.world.lag_age_seconds = 200.0
    operation = activate.activate_region(platform.session(), "dr")
    (drained,) = [entry for entry in operation.timeline.entries if entry.name.startswith("wait for dr to receive")]
    assert drained.detail == "no client and no lag after the fence"
    assert operation.data_loss is not None
    assert operation.data_loss["missing_seconds"] == 0


def test_a_lag_that_has_gone_by_since_the_fence_is_not_caught_up_with(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lag of a stopped replica grows: writes from before the fence may never arrive."""
    lag = facts.lag

    def after_the_fence(stack: RegionStack, since: datetime | None = None) -> facts.Lag:
        return facts.Lag(seconds=100.0, age_seconds=140.0, measured=since) if since else lag(stack)

    monkeypatch.setattr(facts, "lag", after_the_fence)
    with pytest.raises(OpsError, match="dr is 100 s behind"):
        activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == []


def test_a_fenced_writer_stays_closed_while_the_other_writes(platform: Platform) -> None:
    activate.activate_region(platform.session(), "dr")
    with pytest.raises(OpsError, match="is not a replica"):
        activate.activate_region(platform.session(), "prod")
