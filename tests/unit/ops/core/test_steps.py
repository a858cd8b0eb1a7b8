"""The timeline: one line per step, with its time and result."""

import re
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from typing_extensions import override

from ops.core import facts, steps
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
    assert re.search(r" \d+\.\d s  3 updated$", first)
    assert re.search(r" \d+\.\d s  skipped: already fenced$", second)
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


def test_what_a_step_failed_with_is_not_hidden_by_a_disk_that_is_full(capsys: pytest.CaptureFixture[str]) -> None:
    def keep(_: Timeline) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OpsError, match="still a replica"), Timeline(keep=keep).step(PROMOTE):
        raise OpsError("nothing was promoted: still a replica")
    assert "not remembered: [Errno 28] No space left on device" in capsys.readouterr().out
    with pytest.raises(OSError, match="No space"), Timeline(keep=keep).step(PROMOTE):
        pass


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


UNDER_WAY = re.compile(
    r"          fence prod, since (?P<since>[\d:]{8}), until (?P<until>[\d:]{8}) UTC: hosts are running: 3"
)


def seconds(clock: str) -> int:
    hours, minutes, rest = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + rest


class Teller(threading.Event):
    """The end of a step, and in between the moments at which what it does is told: when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.due, self.waits = threading.Semaphore(0), threading.Semaphore(0)

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self.waits.release()
        self.due.acquire()
        return self.is_set()

    @override
    def set(self) -> None:
        super().set()
        self.due.release()

    def tell(self) -> None:
        """Have it told once; it is, when this returns."""
        self.waits.acquire()
        self.due.release()
        self.waits.acquire()
        self.waits.release()


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has the step under way told. Who waits for something has it told too."""
    tellers: list[Teller] = []

    def made() -> Teller:
        tellers.append(Teller())
        return tellers[-1]

    def tell(*_: object) -> None:
        tellers[-1].tell()

    monkeypatch.setattr(steps, "threading", SimpleNamespace(Event=made, Thread=threading.Thread))

    monkeypatch.setattr(facts, "time", SimpleNamespace(sleep=tell, monotonic=time.monotonic))
    return tell


def wait_for_hosts() -> None:
    """A fence that waits for an hour at most, and sees the last host end after a moment."""
    answers = iter([3, 0])
    with Timeline().step(FENCE, stack="prod"):
        facts.wait("hosts are running", lambda: next(answers), lambda count: count == 0, seconds=3600)


@pytest.mark.usefixtures("tell")
def test_a_log_shows_what_a_step_waits_for_since_when_and_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    wait_for_hosts()
    told, _end = capsys.readouterr().out.splitlines()
    found = UNDER_WAY.fullmatch(told)
    assert found
    assert 3600 <= (seconds(found["until"]) - seconds(found["since"])) % 86400 < 3660


@pytest.mark.usefixtures("tell")
def test_at_a_terminal_it_is_told_in_one_line_that_the_next_takes_the_place_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    wait_for_hosts()
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    told, end = shown.split(steps.CLEAR)[1:]
    assert UNDER_WAY.fullmatch(told)
    assert "fence prod" in end


def test_what_was_waited_for_is_told_no_more(capsys: pytest.CaptureFixture[str], tell: Callable[[], None]) -> None:
    with Timeline().step(FENCE, stack="prod") as step:
        facts.wait("hosts are running", lambda: 0, lambda count: count == 0, seconds=3600)
        step.progress("updating")
        tell()
    first, _end = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"          fence prod, since [\d:]{8} UTC: updating", first)
