"""Failover and the way back: the order of things, what is refused, and stack files that tell the truth afterwards."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fake_platform import Platform, platform_in

from contract import CANARY_PATH
from ops.core import busy, facts, report, visitor
from ops.core.interruption import TooLongError
from ops.core.session import UNDER_WAY
from ops.core.steps import Timeline
from ops.dr import drop, flip, rebuild
from ops.dr import failover as failing_over
from ops.dr.data_loss import DataLossEstimate
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.errors import Exit, OpsError

PROD, DR = "askproai-prod-database", "askproai-dr-database"
Record = dict[str, Any]


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    return platform_in(tmp_path, monkeypatch)


@pytest.fixture
def written(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """The reports that were written."""
    found: list[Record] = []

    def write(folder: Path, operation: Record) -> list[Path]:
        found.append(operation)
        return [folder / "report.md"]

    monkeypatch.setattr(report, "write", write)
    return found


@pytest.fixture
def failed_over(platform: Platform) -> Platform:
    """prod was lost, dr serves, and prod is back with what it had."""
    platform.world.lost.add(platform.region("prod"))
    failover(platform.session(waive_fence="gone"), "dr")
    platform.world.lost.clear()
    platform.engine.ups.clear()
    return platform


def declared(platform: Platform, stack: str) -> dict[str, Any]:
    file = platform.file(stack)
    keys = ("role", "activated", "fenced", "database.generation", "database.retained_generations")
    return {key: file.get(key) for key in keys}


def test_a_failover_routes_traffic_to_the_standby_and_reports(platform: Platform, written: list[Record]) -> None:
    platform.world.lost.add(platform.region("prod"))
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
    platform.world.lost.add(platform.region("prod"))
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
    """Not those that were written afterwards: the last of before was 9."""
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


def test_a_failback_is_refused_while_data_has_diverged(failed_over: Platform) -> None:
    with pytest.raises(OpsError, match="ops dr rebuild prod") as refused:
        failback(failed_over.session(), "prod")
    assert refused.value.exit_code is Exit.REFUSED
    assert failed_over.engine.ups == []


def test_a_failback_is_refused_while_the_old_region_does_not_answer(failed_over: Platform) -> None:
    failed_over.world.lost.add(failed_over.region("prod"))
    with pytest.raises(OpsError, match="does not answer"):
        failback(failed_over.session(rebuild=True), "prod")
    assert failed_over.engine.ups == []


def test_a_rebuild_fences_keeps_a_snapshot_and_the_former_database_and_follows(failed_over: Platform) -> None:
    rebuild.rebuild_standby(failed_over.session(), "prod")
    assert failed_over.engine.ups == ["prod"]
    assert declared(failed_over, "prod") == {
        "role": "standby",
        "activated": False,
        "fenced": False,
        "database.generation": 2,
        "database.retained_generations": [1],
    }
    assert failed_over.world.snapshots == {f"{PROD}-kept-2": "available"}
    there = failed_over.world.databases[failed_over.region("prod")]
    assert (there[PROD]["source"], there[f"{PROD}-2"]["source"] != "") == ("", True)


def test_a_snapshot_that_failed_is_not_waited_for(failed_over: Platform) -> None:
    failed_over.world.snapshots[f"{PROD}-kept-2"] = "failed"
    with pytest.raises(OpsError, match=f"snapshot {PROD}-kept-2 failed: delete it"):
        rebuild.rebuild_standby(failed_over.session(), "prod")
    assert failed_over.file("prod").get("role") == "primary"


def test_a_snapshot_of_before_the_region_was_opened_again_keeps_nothing(failed_over: Platform) -> None:
    failed_over.world.snapshots[f"{PROD}-kept-1"] = "available"
    rebuild.rebuild_standby(failed_over.session(), "prod")
    assert set(failed_over.world.snapshots) == {f"{PROD}-kept-1", f"{PROD}-kept-2"}
    failed_over.world.snapshots[f"{PROD}-kept-2"] = "failed"
    with pytest.raises(OpsError, match="is failed: without it the data would be lost"):
        drop.drop_database(failed_over.session(), "prod", 1)


def test_a_rebuild_that_would_fail_half_way_is_refused_before_it_begins(
    failed_over: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a protected queue was taken out of the settings."""

    def fails(stack: str) -> dict[str, int]:
        raise OpsError("queues-exports cannot be deleted because it is protected")

    failed_over.world.lost.clear()
    failed_over.engine.ups.clear()
    monkeypatch.setattr(failed_over.engine, "preview_changes", fails)
    with pytest.raises(OpsError, match=r"`pulumi preview --stack prod` fails.*protected") as refused:
        rebuild.rebuild_standby(failed_over.session(), "prod")
    assert refused.value.exit_code is Exit.REFUSED
    assert (failed_over.engine.ups, failed_over.file("prod").get("fenced")) == ([], False)


def test_a_rebuild_again_counts_no_further(failed_over: Platform) -> None:
    rebuild.rebuild_standby(failed_over.session(), "prod")
    rebuild.rebuild_standby(failed_over.session(), "prod")
    assert declared(failed_over, "prod")["database.generation"] == 2


def test_a_rebuild_that_was_killed_after_the_snapshot_goes_on(failed_over: Platform) -> None:
    failed_over.world.snapshots[f"{PROD}-kept-2"] = "available"
    failed_over.session().pair["prod"].declare({"fenced": True})
    failed_over.engine.up("prod", None)
    failed_over.engine.ups.clear()
    rebuild.rebuild_standby(failed_over.session(), "prod")
    assert failed_over.engine.ups == ["prod"]
    assert declared(failed_over, "prod")["database.retained_generations"] == [1]


def test_the_live_region_is_not_rebuilt(failed_over: Platform) -> None:
    with pytest.raises(OpsError, match="dr is live"):
        rebuild.rebuild_standby(failed_over.session(), "dr")


def test_a_failback_ends_in_normal_operation_with_both_former_databases_kept(
    failed_over: Platform, written: list[Record]
) -> None:
    failback(failed_over.session(rebuild=True), "prod")
    assert failed_over.routed_to() == {"prod"}
    normal = {"activated": False, "fenced": False, "database.generation": 2, "database.retained_generations": [1]}
    assert declared(failed_over, "prod") == {"role": "primary", **normal}
    assert declared(failed_over, "dr") == {"role": "standby", **normal}
    assert failed_over.engine.ups == ["prod", "prod", "edge", "prod", "dr"]
    assert set(failed_over.world.snapshots) == {f"{PROD}-kept-2", f"{DR}-kept-3"}
    assert written[-1]["operation"] == "failback"


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_failback_killed_at_any_of_its_changes_goes_on(
    failed_over: Platform, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    up, count = failed_over.engine.up, 0

    def killed(stack: str, say: object, *targets: object) -> dict[str, int]:
        nonlocal count
        count += 1
        if count == at:
            raise KeyboardInterrupt
        return up(stack, say, *targets)

    monkeypatch.setattr(failed_over.engine, "up", killed)
    with pytest.raises(KeyboardInterrupt):
        failback(failed_over.session(rebuild=True), "prod")
    failback(failed_over.session(rebuild=True), "prod")
    assert failed_over.routed_to() == {"prod"}
    for stack, role in (("prod", "primary"), ("dr", "standby")):
        assert (declared(failed_over, stack)["role"], declared(failed_over, stack)["database.generation"]) == (role, 2)


def test_a_failback_lets_the_jobs_be_done_first(failed_over: Platform) -> None:
    """No web host makes more of them by then, and those that are left keep the region from being left."""
    failed_over.world.stuck_jobs = 1
    with pytest.raises(OpsError, match=r"dr: jobs are left: .* was: 1\. .*--force"):
        failback(failed_over.session(rebuild=True), "prod")
    ended = {name for name, fleet in failed_over.world.fleets.items() if fleet["ended"] and name.startswith("dr")}
    assert ended == {"dr-blue", "dr-green"}
    assert len(failed_over.world.ways_in[failed_over.region("dr")]) == 2
    failback(failed_over.session(rebuild=True, force="a job that never ends"), "prod")
    assert (failed_over.routed_to(), failed_over.history()[-2:]) == ({"prod"}, ["jobs-left-behind", "failback"])


def test_a_failback_again_changes_nothing(failed_over: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    failback(failed_over.session(rebuild=True), "prod")
    failed_over.engine.ups.clear()
    failback(failed_over.session(rebuild=True), "prod")
    assert "dr follows it" in capsys.readouterr().out
    assert failed_over.engine.ups == []


def test_a_failback_that_leaves_changes_fails_and_names_the_stack(
    failed_over: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def preview_changes(stack: str) -> dict[str, int]:
        return {"update": 1} if stack == "dr" else {}

    monkeypatch.setattr(failed_over.engine, "preview_changes", preview_changes)
    with pytest.raises(OpsError, match="`pulumi up --stack dr` would still change") as failed:
        failback(failed_over.session(rebuild=True), "prod")
    assert "prod is the primary again, and live" in failed.value.message
    assert failed_over.session().ledger.get(UNDER_WAY) is None
    failover(failed_over.session(), "dr")
    assert failed_over.routed_to() == {"dr"}


def test_a_dry_run_of_a_failover_lists_the_steps_that_it_then_takes(platform: Platform) -> None:
    planned = failover(platform.session(dry_run=True), "dr").timeline.entries
    assert platform.engine.ups == []
    taken = failover(platform.session(), "dr").timeline.entries
    assert [entry.name for entry in planned] == [entry.name for entry in taken]


@pytest.mark.parametrize("rebuilt", [False, True])
def test_a_dry_run_of_a_failback_lists_the_steps_that_it_then_takes(failed_over: Platform, rebuilt: bool) -> None:
    if rebuilt:
        rebuild.rebuild_standby(failed_over.session(), "prod")
        failed_over.engine.ups.clear()
    before = dict(failed_over.world.snapshots)
    planned = failback(failed_over.session(rebuild=True, dry_run=True), "prod").timeline.entries
    assert (failed_over.engine.ups, failed_over.world.snapshots, failed_over.routed_to()) == ([], before, {"dr"})
    taken = failback(failed_over.session(rebuild=True), "prod").timeline.entries
    assert [entry.name for entry in planned] == [entry.name for entry in taken]


def test_a_failback_that_would_be_refused_is_refused_before_the_rebuild(failed_over: Platform) -> None:
    failed_over.world.certificate = "EXPIRED"
    with pytest.raises(OpsError, match="certificate") as refused:
        failback(failed_over.session(rebuild=True), "prod")
    assert refused.value.exit_code is Exit.REFUSED
    assert (failed_over.engine.ups, failed_over.world.snapshots) == ([], {})


def test_a_former_database_is_dropped_by_its_generation(failed_over: Platform) -> None:
    rebuild.rebuild_standby(failed_over.session(), "prod")
    drop.drop_database(failed_over.session(), "prod", 1)
    assert declared(failed_over, "prod")["database.retained_generations"] == []
    assert failed_over.engine.unprotected == ["urn::database-instance"]
    assert PROD not in failed_over.world.databases[failed_over.region("prod")]


def test_a_database_in_use_or_without_a_snapshot_is_not_dropped(failed_over: Platform) -> None:
    rebuild.rebuild_standby(failed_over.session(), "prod")
    with pytest.raises(OpsError, match="generation 2 of prod is in use"):
        drop.drop_database(failed_over.session(), "prod", 2)
    failed_over.world.snapshots.clear()
    with pytest.raises(OpsError, match=f"snapshot {PROD}-kept-... is missing"):
        drop.drop_database(failed_over.session(), "prod", 1)
    assert failed_over.engine.unprotected == []


def test_dropping_what_is_not_there_says_so(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    drop.drop_database(platform.session(), "prod", 7)
    assert "prod has not kept generation 7; it keeps: none" in capsys.readouterr().out


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


def test_a_database_that_is_backed_up_is_waited_for_before_its_snapshot_its_change_and_its_end(
    failed_over: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    failed_over.world.busy_asks = 4
    rebuild.rebuild_standby(failed_over.session(), "prod")
    assert failed_over.world.snapshots == {f"{PROD}-kept-2": "available"}
    failed_over.world.busy_asks = 4
    drop.drop_database(failed_over.session(), "prod", 1)
    assert PROD not in failed_over.world.databases[failed_over.region("prod")]
    assert capsys.readouterr().out.count(f"{PROD} is backing-up: waiting up to 3600 s") == 2


def test_an_engine_that_met_a_backup_goes_on_when_that_has_ended(failed_over: Platform) -> None:
    session = failed_over.session()
    failed_over.world.busy_asks = 4
    rebuild.follow(session, Timeline(), session.pair["prod"])
    assert failed_over.engine.ups == ["prod", "prod"]


@pytest.mark.parametrize("status", ["stopped", "failed", "storage-full"])
def test_what_no_wait_ends_is_said_at_once(failed_over: Platform, status: str) -> None:
    failed_over.world.databases[failed_over.region("prod")][PROD]["status"] = status
    with pytest.raises(OpsError, match=f"{PROD} is {status}, and RDS accepts no changes in that state"):
        rebuild.rebuild_standby(failed_over.session(), "prod")
    assert failed_over.world.snapshots == {}


def test_a_backup_without_an_end_is_waited_for_so_long_and_no_longer(
    failed_over: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busy, "BUSY_SECONDS", -1.0)
    failed_over.world.busy_asks = 1_000_000
    with pytest.raises(TooLongError, match=rf"database {PROD}: RDS has refused this for .* \(InvalidDBInstanceState\)"):
        rebuild.rebuild_standby(failed_over.session(), "prod")
