"""The timeline: a line a step, with its time and what came of it."""

import pytest

from ops.core.steps import Step, Timeline
from ops.errors import Exit, OpsError

PROMOTE, FENCE = Step(name="promote the database", does=""), Step(name="fence {stack}", does="")
ASK = Step(name="ask", does="", asks=True)


def test_each_step_is_one_line_with_its_time_and_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    timeline = Timeline()
    with timeline.step(PROMOTE) as step:
        step.detail = "3 updated"
    with timeline.step(FENCE, stack="prod") as step:
        step.skip("already fenced")
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("0.0 s  3 updated")
    assert second.endswith("0.0 s  skipped: already fenced")
    assert [entry.outcome for entry in timeline.entries] == ["done", "skipped"]


def test_a_step_that_fails_says_why_and_lets_the_error_through(capsys: pytest.CaptureFixture[str]) -> None:
    timeline = Timeline()
    with pytest.raises(ValueError, match="no answer"), timeline.step(ASK):
        raise ValueError("no answer\nat all")
    assert capsys.readouterr().out.rstrip().endswith("failed: no answer")
    assert timeline.entries[0].outcome == "failed"


def test_a_dry_run_says_what_would_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    timeline = Timeline(dry_run=True)
    with timeline.step(PROMOTE) as step:
        assert step.dry_run
    assert "would promote the database" in capsys.readouterr().out


def test_a_timeline_survives_json() -> None:
    timeline = Timeline()
    with timeline.step(ASK):
        pass
    assert Timeline.from_json(timeline.to_json()).entries == timeline.entries


def test_every_step_is_kept_as_it_ends() -> None:
    kept: list[int] = []
    timeline = Timeline(keep=lambda known: kept.append(len(known.entries)))
    for step in (ASK, PROMOTE):
        with timeline.step(step):
            pass
    assert kept == [1, 2]


def test_a_refusal_is_one_only_while_nothing_was_changed() -> None:
    timeline = Timeline()
    codes: list[Exit] = []
    for step in (ASK, PROMOTE):
        with timeline.step(step):
            pass
        with pytest.raises(OpsError) as refused, timeline.refusing_only_before_changes():
            raise OpsError("a gate is closed", Exit.REFUSED)
        codes.append(refused.value.exit_code)
    assert codes == [Exit.REFUSED, Exit.FAILED]


def test_a_dry_run_does_the_steps_that_only_ask(capsys: pytest.CaptureFixture[str]) -> None:
    timeline = Timeline(dry_run=True)
    with timeline.step(ASK):
        pass
    assert (timeline.entries[0].outcome, timeline.changed) == ("done", False)
    assert "would" not in capsys.readouterr().out
