"""The timeline of an operation: each step is one line on the screen with its time, and one entry in the report."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from rich.console import Console

Outcome = Literal["done", "skipped", "failed", "would"]

NAME_WIDTH = 46
SHOWN_WHILE_RUNNING = 60


def console() -> Console:
    """The screen. Made anew for each use, so that it follows a redirected stdout."""
    return Console(highlight=False, markup=False, soft_wrap=True, stderr=False)


def say(text: str) -> None:
    """A line that is no step; at once, for who follows a log."""
    console().print(text)
    sys.stdout.flush()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A step that is over. `started` is in UTC, `seconds` what it took."""

    name: str
    started: datetime
    seconds: float
    outcome: Outcome
    detail: str = ""

    def line(self) -> str:
        """The step as the screen shows it."""
        name = f"would {self.name}" if self.outcome == "would" else self.name
        tail = ": ".join(part for part in (_told(self.outcome), self.detail) if part)
        return f"{self.started:%H:%M:%S}  {name:<{NAME_WIDTH}} {self.seconds:>7.1f} s  {tail}".rstrip()


def _told(outcome: Outcome) -> str:
    return "" if outcome in ("done", "would") else outcome


@dataclass(kw_only=True)
class Step:
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
    def step(self, name: str, *, asks: bool = False) -> Iterator[Step]:
        """Time the body. In a dry run the body still runs and checks `step.dry_run` before it changes anything.

        A step that only `asks` is done in a dry run too.
        """
        step = Step(dry_run=self.dry_run)
        started, before = datetime.now(UTC), time.monotonic()
        outcome: Outcome = "failed"
        try:
            yield step
            outcome = "skipped" if step.skipped else "would" if self.dry_run and not asks else "done"
        except BaseException as error:
            step.detail = step.detail or str(error).splitlines()[0] if str(error) else type(error).__name__
            raise
        finally:
            self._add(
                Entry(
                    name=name,
                    started=started,
                    seconds=round(time.monotonic() - before, 3),
                    outcome=outcome,
                    detail=step.detail,
                )
            )

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if sys.stdout.isatty():
            print("\r\033[K", end="")
        say(entry.line())
        if self.keep:
            self.keep(self)

    def to_json(self) -> list[dict[str, Any]]:
        """The entries as JSON takes them, times in ISO 8601."""
        return [{**asdict(entry), "started": entry.started.isoformat()} for entry in self.entries]

    @classmethod
    def from_json(cls, entries: list[dict[str, Any]], *, dry_run: bool = False) -> "Timeline":
        """The timeline that `to_json` wrote."""
        known = []
        for entry in entries:
            values: dict[str, Any] = {**entry, "started": datetime.fromisoformat(entry["started"])}
            known.append(Entry(**values))
        return cls(dry_run=dry_run, entries=known)
