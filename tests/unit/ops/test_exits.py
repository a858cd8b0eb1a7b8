"""How commands end: each declared exit code of `ops dr` is provoked, and a refusal after a change is a failure."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_platform import Platform, platform_in
from fake_releases import end_window, publish

from ops import runbooks
from ops.core.engine_errors import LockedError, UpError
from ops.core.session import LOCK
from ops.deploy.promote import promote
from ops.deploy.rollback import rollback
from ops.deploy.start import start
from ops.dr import activate, drop, flip, rebuild
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.errors import Exit, OpsError
from ops.secrets.rotate import rotate

VERSION = "1.2.3"
Run = Callable[[Platform], object]

RUNS: dict[str, Run] = {
    "ops deploy promote": lambda p: promote(p.session()),
    "ops deploy rollback": lambda p: rollback(p.session()),
    "ops deploy start": lambda p: start(p.session(), VERSION),
    "ops dr activate": lambda p: activate.activate_region(p.session(), "dr"),
    "ops dr drop": lambda p: drop.drop_database(p.session(), "prod", 1),
    "ops dr failback": lambda p: failback(p.session(rebuild=True), "prod"),
    "ops dr failover": lambda p: failover(p.session(), "dr"),
    "ops dr flip": lambda p: flip.flip_to(p.session(force="test"), "dr"),
    "ops dr rebuild": lambda p: rebuild.rebuild_standby(p.session(), "prod"),
    "ops secrets rotate": lambda p: rotate(p.session(), "app_key", generate=True),
}
"""Commands that change something, each with what it is given."""


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    return platform_in(tmp_path, monkeypatch)


def prepared(platform: Platform, command: str) -> None:
    """The world in which the command has something to do."""
    publish(platform, VERSION, "prod", "dr")
    if command in ("ops deploy promote", "ops deploy rollback"):
        start(platform.session(), VERSION)
    if command == "ops deploy promote":
        end_window(platform)
    if command in ("ops dr drop", "ops dr failback", "ops dr rebuild"):
        failover(platform.session(waive_fence="gone", waive_answering=True), "dr")
    if command == "ops dr flip":
        activate.activate_region(platform.session(), "dr")
    if command == "ops dr drop":
        rebuild.rebuild_standby(platform.session(), "prod")


def end(run: Callable[[], object]) -> Exit:
    try:
        run()
    except OpsError as error:
        return error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.OK


def refuse(platform: Platform, command: str) -> None:
    """Have a check say no."""
    platform.world.key_state, platform.world.certificate = "Disabled", "EXPIRED"
    platform.world.snapshots.clear()
    platform.world.objects.clear()
    platform.world.unhealthy.add("prod-blue")
    if command == "ops dr rebuild":
        platform.file("edge").set({"live": "prod"})
    if command == "ops secrets rotate":
        platform.lose()
    if command == "ops dr failback":
        platform.lose()


def fail_in_part(platform: Platform, command: str) -> Exit:
    """Run an activation in which something fails that no visitor needs. Returns its exit code."""
    target = "prod" if command == "ops dr failback" else "dr"
    if target == "prod":
        rebuild.rebuild_standby(platform.session(), target)
    platform.engine.failing[target] = UpError("an alarm could not be made")
    platform.engine.failing_in_part.add(target)
    return end(lambda: failback(platform.session(), target) if target == "prod" else RUNS[command](platform))


def provoke(platform: Platform, command: str, code: Exit, monkeypatch: pytest.MonkeyPatch) -> Exit:
    """Run a command so that it must end with a code. Returns its exit code."""
    errors: dict[Exit, BaseException] = {
        Exit.FAILED: OpsError("the engine failed"),
        Exit.BUSY: LockedError("locked by ann@laptop"),
        Exit.INTERRUPTED: KeyboardInterrupt(),
    }
    if code in errors:

        def fails(stack: str, say: object, *targets: object) -> dict[str, int]:
            raise errors[code]

        monkeypatch.setattr(platform.engine, "up", fails)
    if code is Exit.INCOMPLETE:
        return fail_in_part(platform, command)
    if code is Exit.REFUSED:
        refuse(platform, command)
        if command == "ops dr flip":
            return end(lambda: flip.flip_to(platform.session(), "dr"))
    if code is Exit.USAGE:
        monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
        return end(lambda: platform.session(yes=False).confirm("Go on?"))
    return end(lambda: RUNS[command](platform))


@pytest.mark.parametrize("command", RUNS)
def test_each_declared_exit_code_can_be_provoked(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in runbooks.PLANS[command].exits:
        folder = tmp_path / code.name
        folder.mkdir()
        with monkeypatch.context() as patched:
            platform = platform_in(folder, patched)
            prepared(platform, command)
            assert provoke(platform, command, code, patched) is code, f"{command}: {code.name}"


@pytest.mark.parametrize("command", RUNS)
def test_a_refused_command_has_changed_nothing(command: str, platform: Platform) -> None:
    prepared(platform, command)
    refuse(platform, command)
    platform.engine.ups.clear()
    before, records = len(platform.world.changes()), platform.history()
    run = RUNS[command] if command != "ops dr flip" else lambda p: flip.flip_to(p.session(), "dr")
    with pytest.raises(OpsError) as refused:
        run(platform)
    assert refused.value.exit_code is Exit.REFUSED
    assert (platform.engine.ups, len(platform.world.changes()), platform.history()) == ([], before, records)


def test_a_gate_that_is_closed_after_the_promotion_is_a_failure_and_no_refusal(platform: Platform) -> None:
    platform.world.in_service = 0
    with pytest.raises(OpsError, match="gate of dr closed") as failed:
        failover(platform.session(), "dr")
    assert failed.value.exit_code is Exit.FAILED
    assert "stay done" in failed.value.message


def test_a_second_operator_is_busy(platform: Platform) -> None:
    prepared(platform, "ops deploy start")
    with platform.session().ledger.hold(LOCK):
        assert {end(lambda run=run: run(platform)) for run in RUNS.values()} == {Exit.BUSY}
