"""A standby is rebuilt beside its former database, which is dropped by name; the command waits for a busy database."""

import pytest
from fake_platform import Platform

from ops.core import busy
from ops.core.interruption import TooLongError
from ops.core.steps import Timeline
from ops.dr import drop, rebuild
from ops.dr.failback import failback
from ops.errors import Exit, OpsError

PROD, DR = "askproai-prod-database", "askproai-dr-database"


def test_a_rebuild_fences_keeps_a_snapshot_and_the_former_database_and_follows(failed_over: Platform) -> None:
    rebuild.rebuild_standby(failed_over.session(), "prod")
    assert failed_over.engine.ups == ["prod"]
    assert failed_over.declared("prod") == {
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
    """As after a protected queue was removed from the settings."""

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
    assert failed_over.declared("prod")["database.generation"] == 2


def test_a_rebuild_that_was_killed_after_the_snapshot_goes_on(failed_over: Platform) -> None:
    failed_over.world.snapshots[f"{PROD}-kept-2"] = "available"
    failed_over.session().pair["prod"].declare({"fenced": True})
    failed_over.engine.up("prod", None)
    failed_over.engine.ups.clear()
    rebuild.rebuild_standby(failed_over.session(), "prod")
    assert failed_over.engine.ups == ["prod"]
    assert failed_over.declared("prod")["database.retained_generations"] == [1]


def test_the_live_region_is_not_rebuilt(failed_over: Platform) -> None:
    with pytest.raises(OpsError, match="dr is live"):
        rebuild.rebuild_standby(failed_over.session(), "dr")


def test_a_former_database_is_dropped_by_its_generation(failed_over: Platform) -> None:
    rebuild.rebuild_standby(failed_over.session(), "prod")
    drop.drop_database(failed_over.session(), "prod", 1)
    assert failed_over.declared("prod")["database.retained_generations"] == []
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


def test_nothing_is_dropped_while_an_operation_is_under_way(failed_over: Platform) -> None:
    """The `up` that drops it would promote what the operation has declared."""
    rebuild.rebuild_standby(failed_over.session(), "prod")
    failed_over.engine.failing["prod"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failback(failed_over.session(), "prod")
    failed_over.engine.failing.clear()
    with pytest.raises(OpsError, match=r"the failback to prod, started .* is not finished") as refused:
        drop.drop_database(failed_over.session(), "prod", 1)
    assert refused.value.exit_code is Exit.REFUSED
    assert failed_over.world.databases[failed_over.region("prod")]["askproai-prod-database-2"]["source"] != ""


def test_dropping_what_is_not_there_says_so(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    drop.drop_database(platform.session(), "prod", 7)
    assert "prod has not kept generation 7; it keeps: none" in capsys.readouterr().out


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


def test_nothing_is_rebuilt_from_a_region_that_does_not_answer(failed_over: Platform) -> None:
    failed_over.lose("dr")
    for command in (rebuild.rebuild_standby, failback):
        with pytest.raises(OpsError, match="eu-west-1, which is live, does not answer: there is nothing") as refused:
            command(failed_over.session(rebuild=True), "prod")
        assert refused.value.exit_code is Exit.REFUSED
    assert (failed_over.engine.ups, failed_over.world.snapshots) == ([], {})
