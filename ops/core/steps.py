"""The declared steps of a command, and the timeline of completed ones, with one line on the screen for each."""

import hashlib
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

from rich.console import Console

from ops.errors import Exit, OpsError, one_line

Outcome = Literal["done", "skipped", "failed", "would"]

NAME_WIDTH = 46
LOG_WIDTH = 120
"""The width of a table in a file."""
CLEAR = "\r\033[K"
"""Makes a terminal overwrite its last line (ECMA-48, "erase in line")."""
TERMINAL_SECONDS = 1.0
LOG_SECONDS = 60.0
"""Our choice: how often a running step reports its progress, at a terminal and in a log."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step that a command declares. `{stack}` and `{other}` stand for stacks in each of the texts.

    The screen shows `name`, `does` describes the step in a sentence, and `unless` says when it is skipped or omitted. A
    step that only `asks` changes nothing, so a dry run does it too.
    """

    name: str
    does: str
    unless: str = ""
    asks: bool = False


def named(steps: Iterable[Step], **values: str) -> tuple[Step, ...]:
    """The steps with `{stack}` and `{other}` replaced."""
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
    """A command's steps in order, and its exit codes. Its runbook prints both."""

    steps: tuple[Step, ...]
    exits: tuple[Exit, ...]

    @property
    def version(self) -> str:
        """A copy with other steps."""
        return hashlib.sha256("\n".join(f"{step.name}: {step.does}" for step in self.steps).encode()).hexdigest()[:8]


CHANGING = (Exit.OK, Exit.FAILED, Exit.USAGE, Exit.REFUSED, Exit.BUSY, Exit.INTERRUPTED)
"""The exit codes of a command that changes something under a lock."""
SERVING = (*CHANGING, Exit.INCOMPLETE)
"""Those of a command after which visitors are served, even if something that serves nobody is missing."""


@cache
def console() -> Console:
    """The screen. It follows a redirected stdout."""
    return Console(highlight=False, markup=False, soft_wrap=True, stderr=False)


def show_table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table."""
    # Loaded here: a flip shows none.
    from rich.table import Table

    table = Table(*head, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    screen = console()
    if not screen.is_terminal:
        screen.width = LOG_WIDTH
    screen.print(table)


def say(text: str) -> None:
    """Print a line, unbuffered, because somebody may follow a log. At a terminal it replaces a step's progress."""
    print(f"{CLEAR if sys.stdout.isatty() else ''}{text}", flush=True)


def ago(moment: datetime) -> str:
    """A time relative to now, for people: 3 h ago."""
    seconds = int((datetime.now(UTC) - moment).total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def confirm(question: str) -> None:
    """Ask the operator to confirm. Raises OpsError: USAGE without a terminal, REFUSED for a no."""
    if not sys.stdin.isatty():
        raise OpsError(f"{question} There is no terminal to answer at: give --yes", Exit.USAGE)
    if input(f"{question} Type yes to continue: ").strip().lower() != "yes":
        raise OpsError("not confirmed, nothing was changed", Exit.REFUSED)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A completed step. `started` is in UTC, `seconds` is its duration."""

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
    """A running step; `detail` is the end of its line.

    `doing` is what it currently waits for, and `until` the end of that wait.
    """

    dry_run: bool
    name: str = ""
    detail: str = ""
    skipped: bool = False
    doing: str = ""
    until: datetime | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __str__(self) -> str:
        until = f", until {self.until:%H:%M:%S}" if self.until else ""
        return f"{self.name}, since {self.started:%H:%M:%S}{until} UTC{f': {self.doing}' if self.doing else ''}"

    def skip(self, why: str) -> None:
        """There was nothing to do."""
        self.skipped, self.detail = True, why

    def progress(self, line: str) -> None:
        """The current activity of the step."""
        self.doing = line.strip()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Report the step's progress while the body runs: every second at a terminal, every minute in a log."""
        over = threading.Event()
        terminal = sys.stdout.isatty()

        def run() -> None:
            while not over.wait(TERMINAL_SECONDS if terminal else LOG_SECONDS):
                line = f"          {self}"
                if terminal:
                    line = CLEAR + line[: shutil.get_terminal_size().columns - 1]
                print(line, end="" if terminal else "\n", flush=True)

        teller = threading.Thread(target=run, daemon=True, name="progress")
        _under_way.append(self)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()
            _under_way.remove(self)


_under_way: list[StepRun] = []


def waits(what: str, seconds: float | None = None) -> None:
    """Make the running step report what it waits for, and for how many seconds at most, if limited."""
    if _under_way:
        _under_way[-1].doing = what
        _under_way[-1].until = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)


@dataclass(kw_only=True)
class Timeline:
    """The steps of an operation so far. `keep` gets the timeline after each step, to store it."""

    dry_run: bool = False
    entries: list[Entry] = field(default_factory=list)
    keep: Callable[["Timeline"], None] | None = None

    @contextmanager
    def step(self, declared: Step, **values: object) -> Iterator[StepRun]:
        """Measure the body. In a dry run the body runs too, and checks `step.dry_run` before it changes anything."""
        step = StepRun(dry_run=self.dry_run, name=declared.name.format(**values))
        before = time.monotonic()
        outcome: Outcome = "failed"
        try:
            with step.told():
                yield step
            outcome = "skipped" if step.skipped else "would" if self.dry_run and not declared.asks else "done"
        except BaseException as error:
            step.detail = step.detail or str(error).splitlines()[0] if str(error) else type(error).__name__
            raise
        finally:
            self._add(
                Entry(
                    name=step.name,
                    started=step.started,
                    seconds=round(time.monotonic() - before, 3),
                    outcome=outcome,
                    detail=step.detail,
                    asks=declared.asks,
                )
            )

    def foresee(self, declared: Iterable[Step], **values: object) -> None:
        """The steps whose findings a dry run cannot know yet."""
        for step in declared:
            with self.step(replace(step, asks=False), **values):
                assert self.dry_run

    @property
    def changed(self) -> bool:
        """Whether a step was attempted that changes something."""
        return any(entry.outcome in ("done", "failed") and not entry.asks for entry in self.entries)

    @contextmanager
    def refusing_only_before_changes(self) -> Iterator[None]:
        """Ensure that exit code REFUSED means that nothing was changed: after a change, a refusal is a failure."""
        try:
            yield
        except OpsError as error:
            if error.exit_code is Exit.REFUSED and self.changed:
                raise OpsError(f"{error.message}\nthe steps above that are done stay done", Exit.FAILED) from None
            raise

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        say(entry.line())
        try:
            if self.keep:
                self.keep(self)
        except Exception as error:
            # The step's own error says more.
            if entry.outcome != "failed":
                raise
            say(f"          not remembered: {one_line(error)}")

    def to_json(self) -> list[dict[str, Any]]:
        """The entries for JSON, with times in ISO 8601."""
        return [{**vars(entry), "started": entry.started.isoformat()} for entry in self.entries]

    @classmethod
    def from_json(cls, entries: list[dict[str, Any]], *, dry_run: bool = False) -> "Timeline":
        """The timeline that `to_json` wrote."""
        known: list[Entry] = []
        for entry in entries:
            values: dict[str, Any] = {**entry, "started": datetime.fromisoformat(entry["started"])}
            known.append(Entry(**values))
        return cls(dry_run=dry_run, entries=known)
