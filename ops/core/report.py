"""The report of an operation: JSON for programs, Markdown for people, with a picture of its timeline in Mermaid."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ops.core.markdown import page, section, table
from ops.core.stack_files import project_folder
from ops.core.steps import say
from ops.errors import one_line

FOLDER = "reports"

Operation = Mapping[str, Any]
"""What `write` takes. Needed: `operation` (failover, failback, drill, ...) and `timeline` (`Timeline.to_json()`).

Optional, omitted or None if not applicable: `from` and `to` (stacks), `outcome`, `by`,
`decided_at`, `marks` (a list of `name` and `at`), `outages` (a list of `from` and `to`), `measured` and `budget`
(values by the same names), `tables` (rows by title, the first row being the heads), `notes` (lines), and the decisions
`data_loss`, `waiver` and `accepted_lag` (values by name). Times are ISO 8601.
"""
BARS = {"done": "active, ", "failed": "crit, "}
"""Mermaid's colours for a step's outcome (its "Gantt diagrams"): blue, red."""
DECISIONS = {"data_loss": "Estimated data loss", "waiver": "Fence waived", "accepted_lag": "Lag accepted"}


def write_or_say(folder: Path | None, operation: Operation) -> None:
    """Write the report, by default in the stack files' folder, and say where. A failure is only a note: the work is
    done."""
    try:
        say(f"          report: {write(folder or project_folder() / FOLDER, operation)[0]}")
    except Exception as error:
        say(f"          there is no report: {type(error).__name__}: {one_line(error)}")


def write(folder: Path, operation: Operation) -> list[Path]:
    """Write an operation's report; the files, the Markdown first."""
    folder.mkdir(parents=True, exist_ok=True)
    markdown, data = (folder / f"{_name(operation)}.{ending}" for ending in ("md", "json"))
    data.write_text(json.dumps(operation, indent=2, default=str) + "\n")
    markdown.write_text(as_markdown(operation))
    return [markdown, data]


def title(operation: Operation) -> str:
    """The report's heading: the operation, its stacks, and the time."""
    ways = [operation[key] for key in ("from", "to") if operation.get(key)]
    between = f" {' to '.join(ways)}" if ways else ""
    started = _started(operation)
    when = f", {started:%Y-%m-%d %H:%M} UTC" if started else ""
    return f"{str(operation['operation']).capitalize()}{between}{when}"


def as_markdown(operation: Operation) -> str:
    """The report as a page."""
    facts = [(key, operation[key]) for key in ("outcome", "by") if operation.get(key)]
    budget = operation.get("budget") or {}
    measured = [(what, value, budget.get(what, "")) for what, value in (operation.get("measured") or {}).items()]
    moments = [(_time(mark["at"]), mark["name"]) for mark in _marks(operation)]
    decisions = {heading: operation.get(key) or {} for key, heading in DECISIONS.items()}
    tables = operation.get("tables") or {}
    notes = "\n".join(f"- {note}" for note in operation.get("notes") or ())
    return page(
        [
            f"# {title(operation)}",
            table(("", ""), facts) if facts else "",
            section("Measured", ("", "measured", "at most"), measured),
            picture(operation),
            "## Steps",
            table(("began (UTC)", "step", "took", "outcome", ""), map(_step, operation["timeline"])),
            section("Moments", ("at (UTC)", "what"), moments),
            *(section(heading, ("", ""), [*values.items()]) for heading, values in decisions.items()),
            *(section(heading, rows[0], rows[1:]) for heading, rows in tables.items()),
            f"## Notes\n\n{notes}" if notes else "",
        ]
    )


def picture(operation: Operation) -> str:
    """The timeline as a Gantt chart: outages, milestones, and a bar for each step; empty without steps."""
    if not operation["timeline"]:
        return ""
    outages, steps = operation.get("outages") or [], operation["timeline"]
    sections = {
        "Nobody is served": [_bar(span(_seconds(each)), "crit, ", each["from"], _seconds(each)) for each in outages],
        "Moments": [_bar(mark["name"], "milestone, ", mark["at"], 0.0) for mark in _marks(operation)],
        "Steps": [_bar(_told(each), BARS.get(each["outcome"], ""), each["started"], each["seconds"]) for each in steps],
    }
    chart = ["gantt", "dateFormat YYYY-MM-DDTHH:mm:ss.SSS", "axisFormat %H:%M:%S", "todayMarker off"]
    chart += [line for name, bars in sections.items() if bars for line in (f"section {name}", *bars)]
    return "\n".join(["```mermaid", *chart, "```"])


def _bar(text: str, tags: str, began: str, seconds: float) -> str:
    """A line of the chart. A colon would end its text, and a time with a zone would be shown in the viewer's."""
    at = datetime.fromisoformat(began).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text.replace(':', ',')} :{tags}{at}, {seconds * 1000:.0f}ms"


def _told(step: Mapping[str, Any]) -> str:
    outcome = "" if step["outcome"] == "done" else f", {step['outcome']}"
    return f"{step['name']} {span(step['seconds'])}{outcome}"


def _seconds(outage: Mapping[str, str]) -> float:
    began, ended = (datetime.fromisoformat(outage[key]) for key in ("from", "to"))
    return (ended - began).total_seconds()


def _name(operation: Operation) -> str:
    started = _started(operation)
    return f"{operation['operation']}-{started:%Y%m%d-%H%M%S}" if started else str(operation["operation"])


def _marks(operation: Operation) -> list[dict[str, str]]:
    """The milestones in order, including the decision if there was one."""
    decided = operation.get("decided_at")
    marks = [*([{"name": "decision", "at": decided}] if decided else []), *(operation.get("marks") or [])]
    return sorted(marks, key=lambda mark: datetime.fromisoformat(mark["at"]))


def _started(operation: Operation) -> datetime | None:
    times = [datetime.fromisoformat(step["started"]) for step in operation["timeline"]]
    return min(times) if times else None


def _step(step: Mapping[str, Any]) -> tuple[str, ...]:
    return _time(step["started"]), step["name"], span(step["seconds"]), step["outcome"], step.get("detail", "")


def _time(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%H:%M:%S}"


def span(seconds: float) -> str:
    """A duration for people: 4.2 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"
