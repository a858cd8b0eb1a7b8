"""What a command does, as declared steps, and the timeline of those it has done: one line on the screen for each."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

from rich.console import Console

from ops.errors import Exit, OpsError

Outcome = Literal["done", "skipped", "failed", "would"]

NAME_WIDTH = 46
SHOWN_WHILE_RUNNING = 60


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step that a command declares. `{stack}` and `{other}` stand for stacks in each of the texts.

    `name` is what the screen shows, `does` says what happens in a sentence, and `unless` when it is skipped or does
    not come. A step that only `asks` changes nothing, so a dry run does it too.
    """

    name: str
    does: str
    unless: str = ""
    asks: bool = False


def named(steps: Iterable[Step], **values: str) -> tuple[Step, ...]:
    """The steps with words in place of `{stack}` and `{other}`."""
    return tuple(
        replace(
            step,
            name=step.name.format(**values),
            does=step.does.format(**values),
            unless=step.unless.format(**values),
        )
        for step in steps
    )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A command's steps in the order in which they run, and the exit codes it ends with. Its runbook prints both."""

    steps: tuple[Step, ...]
    exits: tuple[Exit, ...]


CHANGING = (Exit.OK, Exit.FAILED, Exit.USAGE, Exit.REFUSED, Exit.BUSY, Exit.INTERRUPTED)
"""The exit codes of a command that changes something under a lock."""


@cache
def console() -> Console:
    """The screen. It follows a redirected stdout."""
    return Console(highlight=False, markup=False, soft_wrap=True, stderr=False)


def say(text: str) -> None:
    """Print a line that is no step, unbuffered: somebody may follow a log."""
    print(text, flush=True)


def confirm(question: str) -> None:
    """Have the operator agree. Raises OpsError: USAGE without a terminal, REFUSED for a no."""
    if not sys.stdin.isatty():
        raise OpsError(f"{question} There is no terminal to answer at: give --yes", Exit.USAGE)
    if input(f"{question} Type yes to go on: ").strip().lower() != "yes":
        raise OpsError("not confirmed, nothing was changed", Exit.REFUSED)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A step that is over. `started` is in UTC, `seconds` what it took."""

    name: str
    started: datetime
    seconds: float
    outcome: Outcome
    detail: str = ""
    asks: bool = False

    def line(self) -> str:
        """The step as the screen shows it."""
        name = f"would {self.name}" if self.outcome == "would" else self.name
        outcome = "" if self.outcome in ("done", "would") else self.outcome
        tail = ": ".join(part for part in (outcome, self.detail) if part)
        return f"{self.started:%H:%M:%S}  {name:<{NAME_WIDTH}} {self.seconds:>7.1f} s  {tail}".rstrip()


@dataclass(kw_only=True)
class StepRun:
    """A step under way; `detail` is what its line ends with."""

    dry_run: bool
    detail: str = ""
    skipped: bool = False

    def skip(self, why: str) -> None:
        """Nothing was to be done."""
        self.skipped, self.detail = True, why

    def progress(self, line: str) -> None:
        """Show what happens inside the step, on a terminal alone: the line goes away with the next."""
        if sys.stdout.isatty():
            print("\r\033[K" + f"          {line.strip()[:SHOWN_WHILE_RUNNING]}", end="", flush=True)


@dataclass(kw_only=True)
class Timeline:
    """The steps of an operation so far. `keep` is handed the timeline after each step, to remember it."""

    dry_run: bool = False
    entries: list[Entry] = field(default_factory=list)
    keep: Callable[["Timeline"], None] | None = None

    @contextmanager
    def step(self, declared: Step, **values: object) -> Iterator[StepRun]:
        """Time the body. In a dry run the body still runs and checks `step.dry_run` before it changes anything."""
        step = StepRun(dry_run=self.dry_run)
        started, before = datetime.now(UTC), time.monotonic()
        outcome: Outcome = "failed"
        try:
            yield step
            outcome = "skipped" if step.skipped else "would" if self.dry_run and not declared.asks else "done"
        except BaseException as error:
            step.detail = step.detail or str(error).splitlines()[0] if str(error) else type(error).__name__
            raise
        finally:
            self._add(
                Entry(
                    name=declared.name.format(**values),
                    started=started,
                    seconds=round(time.monotonic() - before, 3),
                    outcome=outcome,
                    detail=step.detail,
                    asks=declared.asks,
                )
            )

    def foresee(self, declared: Iterable[Step], **values: object) -> None:
        """The steps of which a dry run cannot ask yet what they will find."""
        for step in declared:
            with self.step(replace(step, asks=False), **values):
                assert self.dry_run

    @property
    def changed(self) -> bool:
        """Whether a step was tried that changes something."""
        return any(entry.outcome in ("done", "failed") and not entry.asks for entry in self.entries)

    @contextmanager
    def refusing_only_before_changes(self) -> Iterator[None]:
        """Let exit code REFUSED mean that nothing was changed: after a change, what is refused has failed."""
        try:
            yield
        except OpsError as error:
            if error.exit_code is Exit.REFUSED and self.changed:
                raise OpsError(f"{error.message}\nthe steps above that are done stay done", Exit.FAILED) from None
            raise

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if sys.stdout.isatty():
            print("\r\033[K", end="")
        say(entry.line())
        if self.keep:
            self.keep(self)

    def to_json(self) -> list[dict[str, Any]]:
        """The entries as JSON takes them, times in ISO 8601."""
        return [{**vars(entry), "started": entry.started.isoformat()} for entry in self.entries]

    @classmethod
    def from_json(cls, entries: list[dict[str, Any]], *, dry_run: bool = False) -> "Timeline":
        """The timeline that `to_json` wrote."""
        known: list[Entry] = []
        for entry in entries:
            values: dict[str, Any] = {**entry, "started": datetime.fromisoformat(entry["started"])}
            known.append(Entry(**values))
        return cls(dry_run=dry_run, entries=known)
