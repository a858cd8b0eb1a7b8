"""Resources that no visitor needs may fail: they stop neither activation nor flip, and are named at the end."""

from pathlib import Path

import pytest
from fake_platform import Platform, platform_in

from ops.core.engine_errors import UpError
from ops.core.session import UNDER_WAY
from ops.dr import failover as failing_over
from ops.dr.abort import abort
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.dr.rebuild import rebuild_standby
from ops.errors import Exit, OpsError

ALARM = UpError("stack dr: alarms-queue: operation error CloudWatch: ServiceUnavailable")


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    found = platform_in(tmp_path, monkeypatch)
    found.lose()
    found.engine.failing["dr"] = ALARM
    found.engine.failing_in_part.add("dr")
    return found


def fail_over(platform: Platform) -> None:
    failover(platform.session(waive_fence="gone"), "dr")


def test_visitors_are_served_and_what_is_missing_is_named(platform: Platform) -> None:
    with pytest.raises(OpsError) as incomplete:
        fail_over(platform)
    assert incomplete.value.exit_code is Exit.INCOMPLETE
    assert incomplete.value.message.splitlines() == [
        "dr serves", ALARM.message, "run `pulumi up --stack dr` to create what is missing",
    ]  # fmt: skip
    assert platform.routed_to() == {"dr"}
    assert platform.session().ledger.get(UNDER_WAY) is None


def test_what_no_visitor_needs_keeps_nobody_from_giving_up(platform: Platform) -> None:
    """The database was promoted, but the answer was lost."""
    platform.world.databases[platform.region("dr")]["askproai-dr-database"]["source"] = ""
    with pytest.raises(OpsError) as incomplete:
        abort(platform.session(waive_fence="gone"), "dr")
    assert incomplete.value.exit_code is Exit.INCOMPLETE
    assert "run `pulumi up --stack dr` to create what is missing" in incomplete.value.message
    assert platform.routed_to() == {"dr"}


def test_without_a_promoted_database_no_traffic_is_routed_there(platform: Platform) -> None:
    platform.engine.failing_in_part.clear()
    with pytest.raises(UpError) as failed:
        fail_over(platform)
    assert failed.value.exit_code is Exit.FAILED
    assert platform.routed_to() == {"prod"}


def test_the_gates_judge_what_visitors_need_and_the_same_command_makes_the_rest(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failing_over, "GATES_SECONDS", 0.0)
    platform.world.unhealthy.add("dr-blue")
    with pytest.raises(OpsError, match="gate of dr closed: capacity of web"):
        fail_over(platform)
    assert platform.routed_to() == {"prod"}
    platform.world.unhealthy.clear()
    platform.engine.failing.clear()
    platform.engine.ups.clear()
    fail_over(platform)
    assert platform.engine.ups == ["edge", "dr"]
    assert platform.routed_to() == {"dr"}


def test_a_failback_names_what_is_missing_too(platform: Platform) -> None:
    platform.engine.failing.clear()
    fail_over(platform)
    platform.world.lost.clear()
    rebuild_standby(platform.session(), "prod")
    platform.engine.failing["prod"] = ALARM
    platform.engine.failing_in_part.add("prod")
    with pytest.raises(OpsError, match="prod is the primary again, and live\nstack dr: alarms-queue") as incomplete:
        failback(platform.session(), "prod")
    assert incomplete.value.exit_code is Exit.INCOMPLETE
    assert platform.routed_to() == {"prod"}


def test_a_closed_fence_that_no_stack_knows_of_is_no_failure_either(platform: Platform) -> None:
    platform.world.lost.clear()
    platform.engine.failing.clear()
    platform.engine.failing["prod"] = OpsError("stack prod: the engine failed")
    with pytest.raises(OpsError, match="dr serves\nstack prod: the engine failed\nprod is fenced") as incomplete:
        failover(platform.session(), "dr")
    assert incomplete.value.exit_code is Exit.INCOMPLETE


def test_steps_of_another_version_are_said_to_be(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    platform.engine.failing_in_part.clear()
    for version, told in (("an0ther1", True), (failing_over.PLAN.version, False)):
        with pytest.raises(UpError):
            fail_over(platform)
        ledger = platform.session().ledger
        ledger.put(UNDER_WAY, {**(ledger.get(UNDER_WAY) or {}), "version": version})
        capsys.readouterr()
        with pytest.raises(UpError):
            fail_over(platform)
        assert ("another version of `ops`" in capsys.readouterr().out) is told
