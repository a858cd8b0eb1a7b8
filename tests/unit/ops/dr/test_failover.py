"""Failover and failback: the order of steps, refusals, and correct stack files afterwards."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_platform import Platform

from contract import CANARY_PATH
from ops.core import facts, report, visitor
from ops.core.aws import LOG_IN_AGAIN
from ops.core.engine_errors import UpError
from ops.core.interruption import TooLongError
from ops.core.session import UNDER_WAY
from ops.dr import failover as failing_over
from ops.dr import flip, promotion, status
from ops.dr.abort import abort
from ops.dr.data_loss import DataLossEstimate
from ops.dr.failover import failover
from ops.errors import OpsError

Record = dict[str, Any]


def test_a_failover_routes_traffic_to_the_standby_and_reports(platform: Platform, written: list[Record]) -> None:
    platform.lose()
    operation = failover(platform.session(waive_fence="gone"), "dr")
    assert platform.routed_to() == {"dr"}
    assert platform.engine.ups == ["dr", "edge", "dr"]
    assert platform.world.calls_to(platform.region("prod")) == ["get_caller_identity"]
    (record,) = written
    assert (record["operation"], record["from"], record["to"]) == ("failover", "prod", "dr")
    assert (record["rpo_seconds"], record["waiver"]["reason"]) == (0.0, "gone")
    assert record["rto_seconds"] >= 0
    assert [entry.name for entry in operation.timeline.entries][-2:] == [
        "request as a visitor",
        "create the rest of dr",
    ]


def test_a_failover_again_changes_nothing(failed_over: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    failover(failed_over.session(), "dr")
    assert "dr is active and traffic is routed to it already" in capsys.readouterr().out
    assert failed_over.engine.ups == []


def test_gates_that_open_a_moment_after_the_activation_are_waited_for(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.world.in_service = 0

    def booted(_: float) -> None:
        platform.world.in_service = 6

    monkeypatch.setattr(failing_over, "GATES_SECONDS", 60.0)
    monkeypatch.setattr(flip.time, "sleep", booted)
    failover(platform.session(), "dr")
    assert platform.routed_to() == {"dr"}


def test_a_flip_that_was_cut_off_is_not_taken_for_made(failed_over: Platform) -> None:
    failed_over.file("edge").set({"live": "prod"})
    failed_over.engine.up("edge", None)
    failed_over.file("edge").set({"live": "dr"})
    failover(failed_over.session(), "dr")
    assert failed_over.routed_to() == {"dr"}


def test_killed_between_activation_and_flip_it_goes_on(platform: Platform) -> None:
    platform.lose()
    platform.engine.failing["edge"] = OpsError("killed")
    with pytest.raises(OpsError):
        failover(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()
    platform.engine.ups.clear()
    failover(platform.session(), "dr")
    assert platform.engine.ups == ["edge", "dr"]
    assert platform.routed_to() == {"dr"}
    assert platform.history() == ["waiver", "failover"]


def test_the_rows_that_visitors_had_and_have_not_are_counted(
    platform: Platform, written: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without those that were written afterwards: the last one before was 9."""
    rows = {CANARY_PATH: 100, f"{CANARY_PATH}?up_to=9": 93}
    visit = platform.visit

    def count(host: str, path: str) -> Any:
        platform.world.canary_rows = rows.get(path, 0)
        return visit(host, path)

    monkeypatch.setattr(visitor, "visit", count)
    failover(platform.session(), "dr")
    assert written[0]["rpo_rows"] == 7


def test_the_primary_is_not_failed_over_to(failed_over: Platform) -> None:
    with pytest.raises(OpsError, match="ops dr failback --to prod"):
        failover(failed_over.session(), "prod")


def test_a_dry_run_of_a_failover_lists_the_steps_that_it_then_takes(platform: Platform) -> None:
    planned = failover(platform.session(dry_run=True), "dr").timeline.entries
    assert platform.engine.ups == []
    taken = failover(platform.session(), "dr").timeline.entries
    assert [entry.name for entry in planned] == [entry.name for entry in taken]


def test_a_report_that_cannot_be_written_is_a_note_of_a_failover_that_is_over(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "write", full)
    failover(platform.session(), "dr")
    assert platform.session().ledger.get(UNDER_WAY) is None
    assert platform.history()[-1] == "failover"
    assert "No space left on device" in capsys.readouterr().out


def test_objects_of_a_bucket_too_large_to_be_read_are_said_to_be_or_later() -> None:
    asked: dict[str, Any] = {"canary": None, "lag": facts.Lag(), "queued_messages": None}
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    for complete, ending in ((True, "+00:00"), (False, "+00:00 or later")):
        newest = facts.NewestObject(newest=moment, complete=complete)
        assert DataLossEstimate(**asked, newest_object=newest).lines()[2].endswith(ending)


@pytest.mark.parametrize("given_up", [False, True])
def test_a_flip_that_cloudflare_keeps_waiting_names_the_command_of_its_operation_and_no_other(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, given_up: bool
) -> None:
    """`ops dr flip --to prod` would lead visitors back to the region that was lost."""
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    platform.lose()
    platform.engine.failing["edge"] = TooLongError("`pulumi up` did not end")
    with pytest.raises(TooLongError) as failed:
        failover(platform.session(waive_fence="gone"), "dr")
    if given_up:
        with pytest.raises(TooLongError) as failed:
            abort(platform.session(waive_fence="gone"), "dr")
    platform.world.killed.add("edge")
    found = status.status()
    ways = f"continue it with `ops dr {'abort' if given_up else 'failover'} --to dr`"
    assert ways in found.under_way
    assert failed.value.message.count(ways) == 1
    for told in (failed.value.message, *found.deviations):
        assert not re.search("ops dr flip|ops recover", told)


def test_credentials_that_have_ended_are_no_reason_to_activate_all_of_a_stack(platform: Platform) -> None:
    platform.engine.failing["dr"] = UpError(f"stack dr: {LOG_IN_AGAIN}")
    with pytest.raises(UpError, match=LOG_IN_AGAIN):
        failover(platform.session(), "dr")
    assert platform.engine.ups == ["dr"]


def test_the_rto_ends_with_the_first_answer_also_where_a_kill_came_after_that(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, written: list[Record]
) -> None:
    def kill_process(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(promotion, "complete", kill_process)
        with pytest.raises(KeyboardInterrupt):
            failover(platform.session(), "dr")
    ledger = platform.session().ledger
    record = ledger.get(UNDER_WAY) or {}
    served = datetime.fromisoformat(record["started"]) + timedelta(seconds=5)
    ledger.put(UNDER_WAY, {**record, "served_at": served.isoformat()})
    failover(platform.session(), "dr")
    assert written[0]["rto_seconds"] == 5.0
