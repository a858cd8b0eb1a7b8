"""Failback: its refusals, its continuation after a kill, and its end in normal operation."""

from typing import Any

import pytest
from fake_platform import Platform
from typer.main import get_command

from ops.core.session import UNDER_WAY
from ops.dr import rebuild
from ops.dr.abort import abort
from ops.dr.commands import app
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.errors import Exit, OpsError

PROD, DR = "askproai-prod-database", "askproai-dr-database"
Record = dict[str, Any]


def test_a_failback_is_refused_while_data_has_diverged(failed_over: Platform) -> None:
    with pytest.raises(OpsError, match="ops dr rebuild prod") as refused:
        failback(failed_over.session(), "prod")
    assert refused.value.exit_code is Exit.REFUSED
    assert failed_over.engine.ups == []


def test_a_failback_is_refused_while_the_old_region_does_not_answer(failed_over: Platform) -> None:
    failed_over.lose()
    with pytest.raises(OpsError, match="does not answer"):
        failback(failed_over.session(rebuild=True), "prod")
    assert failed_over.engine.ups == []


def test_a_failback_ends_in_normal_operation_with_both_former_databases_kept(
    failed_over: Platform, written: list[Record]
) -> None:
    failback(failed_over.session(rebuild=True), "prod")
    assert failed_over.routed_to() == {"prod"}
    normal = {"activated": False, "fenced": False, "database.generation": 2, "database.retained_generations": [1]}
    assert failed_over.declared("prod") == {"role": "primary", **normal}
    assert failed_over.declared("dr") == {"role": "standby", **normal}
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
        assert (failed_over.declared(stack)["role"], failed_over.declared(stack)["database.generation"]) == (role, 2)


def test_a_failback_lets_the_jobs_be_done_first(failed_over: Platform) -> None:
    """By then no web host adds jobs, and remaining ones prevent the move."""
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


def test_a_standby_whose_rebuild_stopped_is_not_said_to_follow(failed_over: Platform) -> None:
    failback(failed_over.session(rebuild=True), "prod")
    made = failed_over.engine.made("dr")
    failed_over.engine.restore("dr", made | {"database_generation": 1, "role": "standby", "activated": True})
    with pytest.raises(OpsError, match="`ops dr rebuild dr` makes dr its standby"):
        failback(failed_over.session(), "prod")


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


def failed_back_in_part(platform: Platform) -> None:
    """dr, which serves, is fenced, and prod is not promoted yet."""
    rebuild.rebuild_standby(platform.session(), "prod")
    platform.engine.failing["prod"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failback(platform.session(), "prod")
    platform.engine.failing.clear()


def test_the_region_that_serves_is_lost_during_a_failback(failed_over: Platform) -> None:
    """A failover is refused then, and nothing can be opened again: the failback itself goes on without a fence."""
    failed_back_in_part(failed_over)
    failed_over.lose("dr")
    with pytest.raises(OpsError, match="or `ops dr failback --to prod`"):
        abort(failed_over.session())
    with pytest.raises(OpsError, match="prod takes no writes: `ops dr failback --to prod`"):
        abort(failed_over.session(), "prod")
    with pytest.raises(OpsError, match="give --waive-fence"):
        failback(failed_over.session(), "prod")
    with pytest.raises(OpsError, match=r"prod serves\n.* does not answer: run the same command once it does") as left:
        failback(failed_over.session(waive_fence="gone"), "prod")
    assert left.value.exit_code is Exit.INCOMPLETE
    assert failed_over.routed_to() == {"prod"}
    failed_over.world.lost.clear()
    failback(failed_over.session(), "prod")
    assert failed_over.declared("dr")["role"] == "standby"
    assert failed_over.session().ledger.get(UNDER_WAY) is None


def test_a_failback_can_waive_the_fence_on_the_command_line() -> None:
    commands: Any = get_command(app)
    assert "--waive-fence" in {name for option in commands.commands["failback"].params for name in option.opts}


def test_a_failback_is_not_begun_without_the_region_that_serves_but_a_failover_is(failed_over: Platform) -> None:
    rebuild.rebuild_standby(failed_over.session(), "prod")
    failed_over.lose("dr")
    with pytest.raises(OpsError, match="eu-west-1 does not answer: `ops dr failover --to prod` does without it") as no:
        failback(failed_over.session(waive_fence="gone"), "prod")
    assert no.value.exit_code is Exit.REFUSED
    failover(failed_over.session(waive_fence="gone"), "prod")
    assert failed_over.routed_to() == {"prod"}
