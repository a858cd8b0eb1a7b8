"""Refusals before messages of a queue are moved, and the dry run of a move."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_platform import Platform, platform_in

from ops.dr import queues
from ops.dr.failover import failover
from ops.errors import Exit, OpsError


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """dr serves, and prod is back with its messages."""
    made = platform_in(tmp_path, monkeypatch)
    failover(made.session(waive_fence="gone", waive_answering=True), "dr")
    made.world.fleets["prod-workers"]["ended"] = True
    made.world.messages |= {"prod": ["one"], "prod-dead": ["two"], "dr": []}
    return made


def test_a_message_is_sent_on_only_from_where_none_is_worked_on_to_where_some_are(platform: Platform) -> None:
    def workers_run(p: Platform) -> object:
        del p.world.fleets["prod-workers"]["ended"]
        return queues.move(p.session(), "prod", "dr")

    cases: dict[str, Callable[[Platform], object]] = {
        "prod has these messages already": lambda p: queues.move(p.session(), "prod", "prod"),
        "prod has no queue slow; want one of default": lambda p: queues.redrive(p.session(), "prod", "slow"),
        "workers are running in prod and process its jobs: if dr serves instead, `ops dr rebuild prod`": workers_run,
        "prod takes no writes, so no workers are running there": lambda p: (
            p.file("prod").set({"fenced": True}),
            queues.redrive(p.session(), "prod", "default"),
        ),
    }
    before = {url: [*there] for url, there in platform.world.messages.items()}
    for message, case in cases.items():
        with pytest.raises(OpsError) as refused:
            case(platform)
        assert refused.value.exit_code in (Exit.USAGE, Exit.REFUSED), message
        assert message in refused.value.message
    assert platform.world.messages == before


def test_a_dry_run_says_what_it_would_send_and_sends_nothing(platform: Platform) -> None:
    timeline = queues.move(platform.session(dry_run=True), "prod", "dr")
    assert [(entry.outcome, entry.detail) for entry in timeline.entries] == [("would", "1 of default and 1 dead")]
    assert platform.world.messages == {"prod": ["one"], "prod-dead": ["two"], "dr": []}


def test_the_table_has_every_queue_and_a_region_that_does_not_answer(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.lose()
    queues.show(platform.session(), ["prod", "dr"])
    shown = capsys.readouterr().out
    assert "prod: eu-central-1 does not answer" in shown
    assert [line.split("│")[1].strip() for line in shown.splitlines() if "default" in line] == ["default"]
