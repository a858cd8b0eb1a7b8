"""Draws an operation: a bar a step, the moments that matter as lines, and the time in which nobody was served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

COLORS = {"done": "#2f6f9f", "skipped": "#b8c4cc", "failed": "#c0392b", "would": "#8fb8d4"}
OUTAGE = "#f6d5d0"
INK = "#333333"
ROW_INCHES = 0.34
MARKS_INCHES = 0.24
NAME_CHARACTERS = 44
SECONDS_ARE_SHORT = 300
CHARACTER_SHARE = 0.0085
"""Of the picture's width, at the size of the marks."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A step: `start` in seconds after the operation began."""

    name: str
    start: float
    seconds: float
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A moment, in seconds after the operation began."""

    name: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What is drawn; `outages` are from when to when nobody was served, as far as that was measured."""

    title: str
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    outages: tuple[tuple[float, float], ...]

    @property
    def end(self) -> float:
        """Seconds that the picture spans."""
        ends = [bar.start + bar.seconds for bar in self.bars] + [mark.at for mark in self.marks]
        return max([1.0, *ends, *(moment for outage in self.outages for moment in outage)])


def picture(
    title: str, steps: Sequence[dict[str, Any]], marks: Sequence[dict[str, str]], outages: Sequence[dict[str, str]]
) -> Picture:
    """From what the report holds, marks in their order; all times in ISO 8601."""
    began = [*(each["started"] for each in steps), *(each["at"] for each in marks), *(each["from"] for each in outages)]
    zero = min(map(datetime.fromisoformat, began))

    def after(moment: str) -> float:
        return (datetime.fromisoformat(moment) - zero).total_seconds()

    return Picture(
        title=title,
        bars=tuple(
            Bar(name=each["name"], start=after(each["started"]), seconds=each["seconds"], outcome=each["outcome"])
            for each in steps
        ),
        marks=tuple(Mark(name=each["name"], at=after(each["at"])) for each in marks),
        outages=tuple((after(each["from"]), after(each["to"])) for each in outages),
    )


def draw(drawn: Picture, files: Sequence[Path]) -> None:
    """Write the picture to each file, in the format that its name asks for."""
    # Most of a second to load, and only a report needs it.
    from matplotlib.figure import Figure

    levels = mark_levels(drawn.marks, drawn.end)
    lines = max(levels, default=-1) + 1
    height = 1.2 + ROW_INCHES * max(len(drawn.bars), 3) + MARKS_INCHES * lines
    figure = Figure(figsize=(12, height), layout="constrained")
    axes: Any = figure.add_subplot()
    _bars(axes, drawn)
    _moments(axes, drawn, levels)
    _frame(axes, drawn)
    axes.set_title(drawn.title, loc="left", fontsize=13, color=INK, pad=10 + 17 * lines)
    for file in files:
        figure.savefig(file, dpi=110)


def mark_levels(marks: Sequence[Mark], end: float) -> list[int]:
    """The line of each mark's label, 0 the lowest: a label that would touch another goes one higher."""
    ends: dict[int, float] = {}
    levels: list[int] = []
    for mark in marks:
        levels.append(next(level for level in count() if ends.get(level, 0) <= mark.at))
        ends[levels[-1]] = mark.at + (len(_label(mark)) + 2) * CHARACTER_SHARE * end
    return levels


def _bars(axes: Any, drawn: Picture) -> None:
    from matplotlib.patheffects import withStroke

    bars = axes.barh(
        range(len(drawn.bars)),
        [max(bar.seconds, drawn.end / 400) for bar in drawn.bars],
        left=[bar.start for bar in drawn.bars],
        height=0.62,
        color=[COLORS.get(bar.outcome, INK) for bar in drawn.bars],
    )
    labels = [span(bar.seconds) + ("" if bar.outcome == "done" else f", {bar.outcome}") for bar in drawn.bars]
    # A mark's line may run through it.
    halo = [withStroke(linewidth=3, foreground="white")]
    axes.bar_label(bars, labels, padding=5, fontsize=9, color=INK, path_effects=halo)


def _moments(axes: Any, drawn: Picture, levels: Sequence[int]) -> None:
    for outage in drawn.outages:
        axes.axvspan(*outage, color=OUTAGE, zorder=0, lw=0)
    for mark, level in zip(drawn.marks, levels, strict=True):
        axes.axvline(mark.at, color=INK, lw=1, ls=(0, (4, 3)), zorder=1)
        axes.annotate(
            _label(mark),
            (mark.at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 5 + 17 * level),
            textcoords="offset points",
            fontsize=9,
            color=INK,
        )


def _frame(axes: Any, drawn: Picture) -> None:
    axes.set_yticks(range(len(drawn.bars)), [_short(bar.name) for bar in drawn.bars], fontsize=10)
    axes.set_ylim(max(len(drawn.bars), 1) - 0.4, -0.6)
    axes.set_xlim(0, drawn.end * 1.04)
    in_minutes = drawn.end > SECONDS_ARE_SHORT
    if in_minutes:
        every = 60 * max(1, round(drawn.end / 60 / 12))
        ticks = range(0, int(drawn.end) + 1, every)
        axes.set_xticks(ticks, [str(tick // 60) for tick in ticks])
    note = "; shaded: nobody is served" if drawn.outages else ""
    axes.set_xlabel(f"{'minutes' if in_minutes else 'seconds'} after the beginning{note}", fontsize=10, color=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0, colors=INK)
    axes.tick_params(axis="x", colors=INK)


def _label(mark: Mark) -> str:
    return f"{mark.name} {span(mark.at)}"


def _short(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}…"


def span(seconds: float) -> str:
    """A duration for people: 4.2 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"
