"""Activation: nothing changes before it is decided, nothing is done twice, and a kill at any point is gone on from."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_platform import Platform, platform_in

from ops.core import busy, facts, gates, visitor
from ops.core.interruption import TooLongError
from ops.core.pair import RegionStack
from ops.core.session import UNDER_WAY
from ops.core.steps import Timeline
from ops.core.visitor import Answer
from ops.dr import activate, promotion
from ops.errors import Exit, OpsError

REPLICA = "askproai-dr-database"


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    return platform_in(tmp_path, monkeypatch)


def lose(platform: Platform, stack: str = "prod") -> None:
    platform.world.lost.add(platform.region(stack))


def test_activation_promotes_the_replica_and_the_file_says_so(platform: Platform) -> None:
    lose(platform)
    activate.activate_region(platform.session(waive_fence="the region is gone"), "dr")
    assert platform.world.databases[platform.region("dr")][REPLICA]["source"] == ""
    assert platform.file("dr").get("activated") is True
    assert platform.engine.ups == ["dr", "dr"]
    assert platform.history() == ["waiver", "activate"]


def test_the_lost_region_is_asked_once_and_never_after_the_decision(platform: Platform) -> None:
    lose(platform)
    activate.activate_region(platform.session(waive_fence="gone"), "dr")
    assert platform.world.calls_to(platform.region("prod")) == ["get_caller_identity"]


def test_without_a_fence_or_a_waiver_it_is_refused_and_nothing_is_changed(platform: Platform) -> None:
    lose(platform)
    with pytest.raises(OpsError, match="--waive-fence") as refused:
        activate.activate_region(platform.session(), "dr")
    assert refused.value.exit_code is Exit.REFUSED
    assert (platform.engine.ups, platform.history(), platform.world.changes()) == ([], [], [])
    assert platform.session().ledger.get(UNDER_WAY) is None


def test_a_writer_that_answers_is_not_left_unfenced_unless_that_is_said_twice(
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


def test_activated_twice_it_is_already_active_and_nothing_is_called_that_changes_anything(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    activate.activate_region(platform.session(), "dr")
    platform.engine.ups.clear()
    platform.world.calls.clear()
    activate.activate_region(platform.session(), "dr")
    assert "dr is already active" in capsys.readouterr().out
    assert (platform.engine.ups, platform.world.changes()) == ([], [])


def test_a_preflight_that_fails_changes_nothing(platform: Platform) -> None:
    platform.world.key_state = "Disabled"
    platform.world.lag_seconds = 4000.0
    with pytest.raises(OpsError) as refused:
        activate.activate_region(platform.session(), "dr")
    assert refused.value.exit_code is Exit.REFUSED
    assert len(refused.value.message.splitlines()) == 2
    with pytest.raises(OpsError, match="4000 s behind"):
        activate.activate_region(platform.session(force="it is dark here"), "dr")
    assert (platform.engine.ups, platform.history()) == ([], [])


def test_what_a_promotion_does_not_need_is_gone_on_without_for_a_reason(platform: Platform) -> None:
    platform.world.key_state = "Disabled"
    with pytest.raises(OpsError, match="--force") as refused:
        activate.activate_region(platform.session(), "dr")
    assert refused.value.exit_code is Exit.REFUSED
    assert (platform.engine.ups, platform.history()) == ([], [])
    activate.activate_region(platform.session(force="only the logs need that key"), "dr")
    assert platform.history() == ["forced-checks", "activate"]
    signed = platform.records()[0]
    assert signed["reason"] == "only the logs need that key"
    assert "is Disabled" in signed["failed"][0]


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
    """A lag of 0 says nothing while somebody may still write."""
    platform.world.clients = 1
    with pytest.raises(OpsError, match="no minute without client connections to the database of prod"):
        activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == []
    platform.world.clients = 0
    activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == ["dr", "dr", "prod"]


def test_a_stack_that_cannot_be_told_of_its_fence_keeps_nobody_from_being_served(platform: Platform) -> None:
    platform.engine.failing["prod"] = TooLongError("`pulumi up` did not end")
    with pytest.raises(OpsError, match=r"prod is fenced, but its stack does not say so: `pulumi up --refresh"):
        activate.activate_region(platform.session(), "dr")
    assert platform.history() == ["activate"]
    assert platform.session().ledger.get(UNDER_WAY) is None


def test_a_region_lost_18_minutes_ago_is_left_once_what_is_missing_is_accepted(platform: Platform) -> None:
    lose(platform)
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
    """The lag of a replica that stands still grows: what was written before the fence may never arrive."""
    lag = facts.lag

    def after_the_fence(stack: RegionStack, since: datetime | None = None) -> facts.Lag:
        return facts.Lag(seconds=100.0, age_seconds=140.0, measured=since) if since else lag(stack)

    monkeypatch.setattr(facts, "lag", after_the_fence)
    with pytest.raises(OpsError, match="dr is 100 s behind"):
        activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == []


def test_without_a_terminal_and_without_yes_it_is_refused(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(OpsError, match="give --yes") as refused:
        activate.activate_region(platform.session(yes=False), "dr")
    assert refused.value.exit_code is Exit.USAGE
    assert platform.engine.ups == []


def test_a_dry_run_checks_and_changes_nothing(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    activate.activate_region(platform.session(dry_run=True, yes=False), "dr")
    out = capsys.readouterr().out
    assert "would fence prod" in out
    assert "would activate dr" in out
    assert (platform.engine.ups, platform.world.changes(), platform.history()) == ([], [], [])
    assert platform.session().ledger.get(UNDER_WAY) is None


def test_killed_after_the_decision_it_goes_on_without_asking_again(platform: Platform) -> None:
    lose(platform)
    platform.engine.failing["dr"] = OpsError("killed")
    with pytest.raises(OpsError, match="killed"):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()
    platform.world.calls.clear()
    # By now the metric is old: it counted when it was decided.
    platform.world.lag_seconds = None
    activate.activate_region(platform.session(), "dr")
    assert platform.world.calls_to(platform.region("prod")) == []
    assert platform.history() == ["waiver", "activate"]


def test_killed_after_the_promotion_the_state_is_read_back_and_nothing_is_promoted_twice(platform: Platform) -> None:
    lose(platform)
    platform.engine.failing["dr"] = OpsError("killed")
    with pytest.raises(OpsError, match="killed"):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()
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
    lose(platform)
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
def test_an_activation_that_fails_says_whether_the_database_is_promoted_and_how_to_go_on(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, promotes: bool, told: str
) -> None:
    def fail(*_: object) -> dict[str, int]:
        if promotes:
            platform.world.databases[platform.region("dr")][REPLICA]["source"] = ""
        raise OpsError("InternalFailure")

    lose(platform)
    monkeypatch.setattr(platform.engine, "up", fail)
    hint = f"InternalFailure\n{REPLICA} is available and {told}: run the same command again, or `ops dr abort`"
    with pytest.raises(OpsError, match=hint):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")


def test_an_activation_that_fails_with_its_region_says_that_nothing_is_known(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> dict[str, int]:
        lose(platform, "dr")
        raise OpsError("no answer")

    lose(platform)
    monkeypatch.setattr(platform.engine, "up", lost)
    with pytest.raises(
        OpsError, match=r"no answer\nit is not known whether the database of dr was promoted: .*dr abort"
    ):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")


def test_while_no_instance_starts_the_wait_says_why_once(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    statuses = [503, 503, 503, 200]

    def starting(*_: object, **__: object) -> Answer:
        return Answer(status=statuses.pop(0), body="")

    lose(platform)
    platform.world.no_capacity = "no capacity"
    monkeypatch.setattr(visitor, "visit", starting)
    session = platform.session()
    promotion.answers(session, Timeline(), session.pair["dr"])
    said = capsys.readouterr().out
    assert (statuses, said.count("no instance starts in dr-blue at")) == ([], 1)


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
    """Let the decision under way be this old."""
    ledger = platform.session().ledger
    record = ledger.get(UNDER_WAY) or {}
    ledger.put(UNDER_WAY, record | {"decided_at": (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()})


def test_an_old_decision_is_asked_again_and_its_waiver_does_not_hold_for_a_region_that_answers(
    platform: Platform,
) -> None:
    lose(platform)
    platform.engine.failing["dr"] = OpsError("killed")
    with pytest.raises(OpsError, match="killed"):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()
    platform.engine.ups.clear()
    platform.world.lost.clear()
    age(platform, minutes=31)
    operation = activate.activate_region(platform.session(), "dr")
    assert platform.engine.ups == ["dr", "dr", "prod"]
    assert platform.file("prod").get("fenced") is True
    assert operation.waiver is None


def test_an_old_decision_whose_region_is_still_lost_needs_its_waiver_again(platform: Platform) -> None:
    lose(platform)
    platform.engine.failing["dr"] = OpsError("killed")
    with pytest.raises(OpsError, match="killed"):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()
    age(platform, minutes=31)
    with pytest.raises(OpsError, match="--waive-fence"):
        activate.activate_region(platform.session(), "dr")
    activate.activate_region(platform.session(waive_fence="still gone"), "dr")
    assert platform.history() == ["waiver", "waiver", "activate"]


def test_a_promotion_that_was_made_is_not_decided_again_however_old_it_is(platform: Platform) -> None:
    lose(platform)
    platform.engine.failing["dr"] = OpsError("killed")
    with pytest.raises(OpsError, match="killed"):
        activate.activate_region(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()
    platform.world.databases[platform.region("dr")][REPLICA]["source"] = ""
    age(platform, minutes=600)
    activate.activate_region(platform.session(yes=False), "dr")
    assert platform.history() == ["waiver", "activate"]


def test_a_fenced_writer_stays_closed_while_the_other_writes(platform: Platform) -> None:
    activate.activate_region(platform.session(), "dr")
    with pytest.raises(OpsError, match="is not a replica"):
        activate.activate_region(platform.session(), "prod")


def test_a_decision_that_is_not_confirmed_signs_nothing(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def no(question: str) -> str:
        return "no"

    monkeypatch.setattr("builtins.input", no)
    with pytest.raises(OpsError, match="nothing was changed") as refused:
        activate.activate_region(platform.session(yes=False, accept_lag=10), "dr")
    assert refused.value.exit_code is Exit.REFUSED
    assert platform.history() == []


@pytest.mark.parametrize("status", ["backing-up", "modifying", "rebooting"])
def test_a_writer_that_is_being_backed_up_is_active_all_the_same(
    platform: Platform, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    activate.activate_region(platform.session(), "dr")
    platform.world.databases[platform.region("dr")][REPLICA]["status"] = status
    activate.activate_region(platform.session(), "dr")
    assert "dr is already active" in capsys.readouterr().out


def test_a_stack_that_is_none_of_the_two_is_refused(platform: Platform) -> None:
    with pytest.raises(OpsError, match="edge is no region stack; want prod or dr") as refused:
        activate.activate_region(platform.session(), "edge")
    assert refused.value.exit_code is Exit.USAGE
