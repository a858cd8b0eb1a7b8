"""Draws an operation: a bar a step, the moments that matter as lines, and the time in which nobody was served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
    """From what the report holds; all times in ISO 8601."""
    times = [datetime.fromisoformat(step["started"]) for step in steps]
    moments = [datetime.fromisoformat(mark["at"]) for mark in marks]
    lost = [(datetime.fromisoformat(outage["from"]), datetime.fromisoformat(outage["to"])) for outage in outages]
    zero = min([*times, *moments, *(began for began, _ in lost)])

    def after(moment: datetime) -> float:
        return (moment - zero).total_seconds()

    return Picture(
        title=title,
        bars=tuple(
            Bar(name=step["name"], start=after(time), seconds=step["seconds"], outcome=step["outcome"])
            for step, time in zip(steps, times, strict=True)
        ),
        marks=tuple(
            sorted((Mark(name=m["name"], at=after(t)) for m, t in zip(marks, moments, strict=True)), key=lambda m: m.at)
        ),
        outages=tuple((after(began), after(ended)) for began, ended in lost),
    )


def draw(drawn: Picture, files: Sequence[Path]) -> None:
    """Write the picture to each file, in the format that its name asks for."""
    # Most of a second to load, and only a report needs it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    levels = mark_levels(drawn.marks, drawn.end)
    height = 1.2 + ROW_INCHES * max(len(drawn.bars), 3) + MARKS_INCHES * (max(levels, default=-1) + 1)
    figure = Figure(figsize=(12, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes: Any = figure.add_subplot()
    _bars(axes, drawn)
    _moments(axes, drawn, levels)
    _frame(axes, drawn)
    # Above all levels of marks.
    axes.set_title(drawn.title, loc="left", fontsize=13, color=INK, pad=10 + 17 * (max(levels, default=-1) + 1))
    for file in files:
        figure.savefig(file, dpi=110)


def mark_levels(marks: Sequence[Mark], end: float) -> list[int]:
    """The line of each mark's label, 0 the lowest: a label that would touch another goes one higher."""
    lines: list[list[tuple[float, float]]] = []
    levels: list[int] = []
    for mark in marks:
        width = (len(_label(mark)) + 2) * CHARACTER_SHARE * end
        first, last = (mark.at - width, mark.at) if _is_late(mark, end) else (mark.at, mark.at + width)
        free = (number for number, line in enumerate(lines) if all(last <= f or t <= first for f, t in line))
        level = next(free, len(lines))
        if level == len(lines):
            lines.append([])
        lines[level].append((first, last))
        levels.append(level)
    return levels


def _is_late(mark: Mark, end: float) -> bool:
    """Whether a label right of the mark would leave the picture."""
    return mark.at > 0.7 * end


def _bars(axes: Any, drawn: Picture) -> None:
    from matplotlib.patheffects import withStroke

    least = drawn.end / 400
    for row, bar in enumerate(drawn.bars):
        axes.barh(row, max(bar.seconds, least), left=bar.start, height=0.62, color=COLORS.get(bar.outcome, INK))
        label = span(bar.seconds) if bar.outcome == "done" else f"{span(bar.seconds)}, {bar.outcome}"
        near_end = bar.start + bar.seconds > 0.88 * drawn.end
        middle = bar.start - 0.02 * drawn.end if near_end else bar.start + bar.seconds + 0.02 * drawn.end
        axes.annotate(
            label,
            (bar.start if near_end else bar.start + max(bar.seconds, least), row),
            xytext=(-5 if near_end else 5, 0),
            textcoords="offset points",
            ha="right" if near_end else "left",
            va="center",
            fontsize=9,
            color=INK,
            # A mark's line may run through it.
            path_effects=[withStroke(linewidth=3, foreground=OUTAGE if _is_in(middle, drawn.outages) else "white")],
        )


def _is_in(moment: float, outages: Sequence[tuple[float, float]]) -> bool:
    return any(began <= moment < ended for began, ended in outages)


def _moments(axes: Any, drawn: Picture, levels: Sequence[int]) -> None:
    for outage in drawn.outages:
        axes.axvspan(*outage, color=OUTAGE, zorder=0, lw=0)
    for mark, level in zip(drawn.marks, levels, strict=True):
        axes.axvline(mark.at, color=INK, lw=1, ls=(0, (4, 3)), zorder=1)
        axes.annotate(
            _label(mark),
            (mark.at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-2 if _is_late(mark, drawn.end) else 2, 5 + 17 * level),
            textcoords="offset points",
            ha="right" if _is_late(mark, drawn.end) else "left",
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
