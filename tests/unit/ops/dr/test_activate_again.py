"""An activation that was killed, failed or decided long ago continues, and does nothing twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_platform import Platform

from ops.core import busy
from ops.core.session import UNDER_WAY
from ops.dr import activate
from ops.errors import Exit, OpsError

REPLICA = "askproai-dr-database"


def kill_an_activation(platform: Platform) -> None:
    """prod does not answer, and the activation of dr is killed while its engine runs."""
    platform.lose()
    platform.engine.failing["dr"] = OpsError("killed")
    with pytest.raises(OpsError, match="killed"):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()


def test_killed_after_the_decision_it_continues_without_asking_again(platform: Platform) -> None:
    kill_an_activation(platform)
    platform.world.calls.clear()
    # By now the metric is old, but it counted at the decision.
    platform.world.lag_seconds = None
    activate.activate_region(platform.session(), "dr")
    assert platform.world.calls_to(platform.region("prod")) == ["get_caller_identity"]
    assert platform.history() == ["waiver", "activate"]


def test_killed_after_the_promotion_the_state_is_read_back_and_nothing_is_promoted_twice(platform: Platform) -> None:
    kill_an_activation(platform)
    platform.world.databases[platform.region("dr")][REPLICA]["source"] = ""
    platform.engine.stale_source.add("dr")
    platform.world.killed.add("dr")
    activate.activate_region(platform.session(), "dr")
    assert platform.world.recovered == ["dr"]
    assert platform.engine.refreshed == ["dr"]
    assert platform.engine.ups[-1] == "dr"


def test_a_promotion_whose_answer_was_lost_is_read_back_and_not_waited_out(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.lose()
    up, database = platform.engine.up, platform.world.databases[platform.region("dr")][REPLICA]

    def unheard(stack: str, *rest: Any) -> dict[str, int]:
        if platform.engine.refreshed:
            return up(stack, *rest)
        database["source"] = ""
        platform.engine.stale_source.add("dr")
        raise OpsError("api error InvalidDBInstanceState: DB Instance is not a read replica")

    monkeypatch.setattr(platform.engine, "up", unheard)
    monkeypatch.setattr(busy, "BUSY_SECONDS", 0.5)
    activate.activate_region(platform.session(waive_fence="gone"), "dr")
    assert (platform.engine.refreshed, platform.engine.ups) == (["dr"], ["dr", "dr"])


@pytest.mark.parametrize(
    ("promotes", "told"),
    [(False, "still a replica: nothing was promoted"), (True, "a writer")],
)
def test_a_failed_activation_reports_whether_the_database_is_promoted_and_how_to_continue(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, promotes: bool, told: str
) -> None:
    def fail(*_: object) -> dict[str, int]:
        if promotes:
            platform.world.databases[platform.region("dr")][REPLICA]["source"] = ""
        raise OpsError("InternalFailure")

    platform.lose()
    monkeypatch.setattr(platform.engine, "up", fail)
    hint = f"InternalFailure\n{REPLICA} is available and {told}: run the same command again, or `ops dr abort`"
    with pytest.raises(OpsError, match=hint):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")


def test_an_activation_that_fails_with_its_region_says_that_nothing_is_known(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> dict[str, int]:
        platform.lose("dr")
        raise OpsError("no answer")

    platform.lose()
    monkeypatch.setattr(platform.engine, "up", lost)
    with pytest.raises(
        OpsError, match=r"no answer\nit is not known whether the database of dr was promoted: .*dr abort"
    ):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")


def test_another_operation_under_way_is_named_and_the_way_to_give_it_up(platform: Platform) -> None:
    session = platform.session()
    session.ledger.put(UNDER_WAY, {"operation": "failback", "to": "prod", "started": "then", "from": "dr"})
    with pytest.raises(OpsError, match=r"failback to prod.*`ops dr abort`") as refused:
        activate.activate_region(platform.session(), "dr")
    assert refused.value.exit_code is Exit.REFUSED


def test_a_failover_goes_on_where_an_activation_stopped(platform: Platform) -> None:
    session = platform.session()
    started = session.begin("activate", "prod", "dr", activate.PLAN)
    assert session.ledger.get(UNDER_WAY) is None
    started.decided_at = started.started
    session.save(started)
    assert platform.session().begin("failover", "prod", "dr", activate.PLAN).kind == "failover"


def age(platform: Platform, minutes: int) -> None:
    """Make the running decision this old."""
    ledger = platform.session().ledger
    record = ledger.get(UNDER_WAY) or {}
    ledger.put(UNDER_WAY, record | {"decided_at": (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()})


def test_an_old_decision_is_confirmed_again_and_its_waiver_is_invalid_for_a_region_that_answers(
    platform: Platform,
) -> None:
    kill_an_activation(platform)
    platform.engine.ups.clear()
    platform.world.lost.clear()
    age(platform, minutes=31)
    operation = activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == ["dr", "dr", "prod"]
    assert platform.file("prod").get("fenced") is True
    assert operation.waiver is None


def test_a_region_that_answers_again_before_the_promotion_is_fenced_whatever_was_waived(platform: Platform) -> None:
    kill_an_activation(platform)
    platform.world.lost.clear()
    with pytest.raises(OpsError, match="answers, so it will be fenced: omit --waive-fence"):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")
    operation = activate.activate_region(platform.session(), "dr")
    assert platform.engine.is_open("prod") is False
    assert operation.waiver is None


def test_a_repeated_decision_that_is_not_confirmed_is_asked_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_an_activation(platform)
    platform.world.lost.clear()

    def no(question: str) -> None:
        raise OpsError(f"no: {question}", Exit.REFUSED)

    monkeypatch.setattr("ops.core.session.confirm", no)
    for _ in range(2):
        with pytest.raises(OpsError, match="no: Activate dr"):
            activate.activate_region(platform.session(yes=False), "dr")
    assert platform.engine.is_open("prod") is True


def test_an_old_decision_whose_region_is_still_lost_needs_its_waiver_again(platform: Platform) -> None:
    kill_an_activation(platform)
    age(platform, minutes=31)
    with pytest.raises(OpsError, match="--waive-fence"):
        activate.activate_region(platform.session(), "dr")
    activate.activate_region(platform.session(waive_fence="still gone"), "dr")
    assert platform.history() == ["waiver", "waiver", "activate"]


def test_a_promotion_that_was_made_is_not_decided_again_however_old_it_is(platform: Platform) -> None:
    kill_an_activation(platform)
    platform.world.databases[platform.region("dr")][REPLICA]["source"] = ""
    age(platform, minutes=600)
    activate.activate_region(platform.session(yes=False), "dr")
    assert platform.history() == ["waiver", "activate"]
