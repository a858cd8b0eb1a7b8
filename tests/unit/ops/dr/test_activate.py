"""Activation: nothing changes before the decision, nothing is done twice, and it continues after a kill at any
point."""

import pytest
from fake_platform import Platform

from ops.core import visitor
from ops.core.session import UNDER_WAY
from ops.core.steps import Timeline
from ops.core.visitor import Answer
from ops.dr import activate, promotion
from ops.errors import Exit, OpsError

REPLICA = "askproai-dr-database"


def test_activation_promotes_the_replica_and_the_file_says_so(platform: Platform) -> None:
    platform.lose()
    activate.activate_region(platform.session(waive_fence="the region is gone"), "dr")
    assert platform.world.databases[platform.region("dr")][REPLICA]["source"] == ""
    assert platform.file("dr").get("activated") is True
    assert platform.engine.ups == ["dr", "dr"]
    assert platform.history() == ["waiver", "activate"]


def test_the_lost_region_is_asked_once_and_never_after_the_decision(platform: Platform) -> None:
    platform.lose()
    activate.activate_region(platform.session(waive_fence="gone"), "dr")
    assert platform.world.calls_to(platform.region("prod")) == ["get_caller_identity"]


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


def test_problems_that_a_promotion_tolerates_are_overridden_with_a_reason(platform: Platform) -> None:
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


def test_while_no_instance_starts_the_wait_says_why_once(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    statuses = [503, 503, 503, 200]

    def starting(*_: object, **__: object) -> Answer:
        return Answer(status=statuses.pop(0), body="")

    platform.lose()
    platform.world.no_capacity = "no capacity"
    monkeypatch.setattr(visitor, "visit", starting)
    session = platform.session()
    promotion.answers(session, Timeline(), session.pair["dr"])
    said = capsys.readouterr().out
    assert (statuses, said.count("no instance starts in dr-blue at")) == ([], 1)


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
