"""A state that was torn or lost during a command: the same command continues, and every command can run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_platform import Platform, platform_in

from ops.core import settle
from ops.core.engine_errors import UnreadableStateError
from ops.core.session import Session
from ops.dr import activate, drop, flip, rebuild, status
from ops.dr.failback import failback
from ops.dr.failover import failover

TORN = [pytest.param(None, id="missing"), pytest.param(b"", id="empty"), pytest.param(b'{"version": 3, "c', id="cut")]
PROD_AND_DR = ("prod", "dr")


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    found = platform_in(tmp_path, monkeypatch)

    def nobody(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(status, "Engine", lambda: found.engine)
    monkeypatch.setattr(settle, "locks", nobody)
    return found


@pytest.fixture
def killed(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bytes | None], None]:
    """Kills the engine in the next `up` of a stack, which tears its state."""

    def kill(stack: str, content: bytes | None) -> None:
        up = platform.engine.up

        def torn(given: str, say: object, *targets: object) -> dict[str, int]:
            if given != stack:
                return up(given, say, *targets)
            platform.lose_state(stack, content)
            monkeypatch.setattr(platform.engine, "up", up)
            raise KeyboardInterrupt

        monkeypatch.setattr(platform.engine, "up", torn)

    return kill


@pytest.mark.parametrize("content", TORN)
@pytest.mark.parametrize("stack", ["dr", "edge"])
def test_a_failover_whose_engine_tore_a_state_is_gone_on_with(
    platform: Platform, killed: Callable[[str, bytes | None], None], stack: str, content: bytes | None
) -> None:
    platform.lose()
    killed(stack, content)
    with pytest.raises(KeyboardInterrupt):
        failover(platform.session(waive_fence="gone"), "dr")
    platform.world.calls.clear()
    failover(platform.session(), "dr")
    assert platform.world.recovered == [stack]
    assert (platform.session().pair.live, platform.file("dr").get("activated")) == ("dr", True)
    # Checked again whether it answers, as long as nothing is promoted.
    asked = ["get_caller_identity"] if stack == "dr" else []
    assert platform.world.calls_to(platform.region("prod")) == asked


def test_an_active_region_whose_state_is_lost_is_active_once_that_is_restored(platform: Platform) -> None:
    failover(platform.session(), "dr")
    for run in (activate.activate_region, failover):
        platform.lose_state("dr", b"")
        platform.engine.ups.clear()
        run(platform.session(), "dr")
        assert platform.engine.ups == []
    assert platform.world.recovered == ["dr", "dr"]


def test_an_active_region_whose_backup_is_from_before_that_is_brought_up_and_nothing_is_decided(
    platform: Platform,
) -> None:
    before = platform.engine.made("dr")
    failover(platform.session(), "dr")
    history = platform.history()
    platform.engine.restore("dr", before)
    platform.lose_state("dr", b"")
    platform.engine.ups.clear()
    activate.activate_region(platform.session(), "dr")
    assert (platform.engine.ups, platform.history()) == (["dr"], history)
    assert platform.engine.made("dr")["activated"] is True


def test_a_failover_leaves_the_torn_state_of_the_lost_region_as_it_is(platform: Platform) -> None:
    """Its restoration would need the lost region: its last outputs are enough."""
    platform.lose_state("prod", b"")
    platform.lose()
    failover(platform.session(waive_fence="gone"), "dr")
    assert platform.session().pair.live == "dr"
    assert platform.world.recovered == []
    assert platform.world.calls_to(platform.region("prod")) == ["get_caller_identity"]


@pytest.mark.parametrize("stack", ["prod", "dr", "edge"])
def test_a_failback_whose_engine_tore_a_state_is_gone_on_with(
    platform: Platform, killed: Callable[[str, bytes | None], None], stack: str
) -> None:
    failover(platform.session(), "dr")
    platform.engine.ups.clear()
    platform.world.recovered.clear()
    killed(stack, b"")
    with pytest.raises(KeyboardInterrupt):
        failback(platform.session(rebuild=True), "prod")
    failback(platform.session(rebuild=True), "prod")
    assert platform.world.recovered == [stack]
    assert platform.session().pair.live == "prod"
    assert platform.file("dr").get("role") == "standby"


def test_a_rebuild_and_a_drop_go_on_too(platform: Platform) -> None:
    platform.lose()
    failover(platform.session(waive_fence="gone"), "dr")
    platform.world.lost.clear()
    platform.lose_state("prod", b"")
    rebuild.rebuild_standby(platform.session(), "prod")
    assert platform.world.recovered == ["prod"]
    platform.lose_state("prod", None)
    drop.drop_database(platform.session(), "prod", 1)
    assert platform.world.recovered == ["prod", "prod"]
    assert platform.file("prod").get("database.retained_generations") == []


def test_a_flip_and_an_activation_go_on_too(platform: Platform) -> None:
    platform.lose_state("dr", b"")
    activate.activate_region(platform.session(waive_fence="gone", waive_answering=True), "dr")
    platform.lose_state("edge", None)
    flip.flip_to(platform.session(), "dr")
    assert platform.world.recovered == ["dr", "edge"]
    assert platform.session().pair.live == "dr"


def test_the_fence_of_a_region_whose_state_was_torn_is_made(
    platform: Platform, killed: Callable[[str, bytes | None], None]
) -> None:
    killed("prod", b"")
    with pytest.raises(KeyboardInterrupt):
        activate.activate_region(platform.session(), "dr")
    activate.activate_region(platform.session(), "dr")
    assert platform.world.recovered == ["prod"]
    assert platform.engine.outputs("prod")["fenced"] is True


@pytest.mark.parametrize("stack", ["prod", "dr", "edge"])
def test_a_dry_run_and_status_change_nothing_of_it(
    platform: Platform, stack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.lose_state(stack, b"")
    found = status.status()
    assert f"an engine was killed: `ops recover {stack}`" in found.deviations
    assert [region for region in found.regions if region["database"] == "unknown"] == []
    failover(platform.session(dry_run=True, waive_fence="gone", waive_answering=True), "dr")
    assert f"the state of {stack} cannot be read; its outputs are those of stacks/askproai/{stack}.json.bak" in (
        capsys.readouterr().err
    )
    assert platform.world.recovered == []
    assert platform.engine.ups == []


@pytest.mark.parametrize("run", [activate.activate_region, failover])
def test_a_dry_run_on_an_active_region_whose_state_is_damaged_says_that(
    platform: Platform, run: Callable[[Session, str], object], capsys: pytest.CaptureFixture[str]
) -> None:
    platform.lose_state("prod", b"")
    run(platform.session(dry_run=True), "prod")
    told = capsys.readouterr().out
    assert "recover prod" in told
    assert "prod is declared active; the remaining steps are known once its state is recovered" in told
    assert "replica" not in told
    assert (platform.world.recovered, platform.engine.ups) == ([], [])


def test_a_stack_that_was_never_there_is_not_taken_for_a_lost_one(platform: Platform) -> None:
    platform.engine.unreadable.add("dr")
    with pytest.raises(UnreadableStateError, match="stack dr cannot be read"):
        platform.session().pair.read()
