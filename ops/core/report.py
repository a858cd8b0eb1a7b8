"""The report of an operation: JSON for programs, Markdown for people, and the picture of its timeline."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ops.core.markdown import page, section, table
from ops.core.stack_files import project_folder
from ops.core.steps import say
from ops.core.timeline_picture import draw, picture, span
from ops.errors import one_line

FOLDER = "reports"

Operation = Mapping[str, Any]
"""What `write` takes. Needed: `operation` (failover, failback, drill, ...) and `timeline` (`Timeline.to_json()`).

Known too, each left out or None where it does not apply: `from` and `to` (stacks), `outcome`, `by`,
`decided_at`, `marks` (a list of `name` and `at`), `outages` (a list of `from` and `to`), `measured` and `budget`
(values by the same names), `tables` (rows by title, the first row being the heads), `notes` (lines), and the decisions
`data_loss`, `waiver` and `accepted_lag` (values by name). Times are ISO 8601.
"""
DECISIONS = {"data_loss": "Estimated data loss", "waiver": "Fence waived", "accepted_lag": "Lag accepted"}


def write_or_say(folder: Path | None, operation: Operation) -> None:
    """Write the report, by default in the stack files' folder, and say where; a failure is a note: all else is done."""
    try:
        say(f"          report: {write(folder or project_folder() / FOLDER, operation)[0]}")
    except Exception as error:
        say(f"          there is no report: {type(error).__name__}: {one_line(error)}")


def write(folder: Path, operation: Operation) -> list[Path]:
    """Write an operation's report; the files, the Markdown first."""
    folder.mkdir(parents=True, exist_ok=True)
    name = _name(operation)
    markdown, data, vector, raster = (folder / f"{name}.{ending}" for ending in ("md", "json", "svg", "png"))
    data.write_text(json.dumps(operation, indent=2, default=str) + "\n")
    markdown.write_text(as_markdown(operation, None))
    if not operation["timeline"]:
        return [markdown, data]
    # Last: drawing takes longest, and fails without harm to what is written.
    shown = picture(title(operation), operation["timeline"], _marks(operation), operation.get("outages") or [])
    draw(shown, [vector, raster])
    markdown.write_text(as_markdown(operation, raster.name))
    return [markdown, data, vector, raster]


def title(operation: Operation) -> str:
    """What was done, between which stacks, and when."""
    ways = [operation[key] for key in ("from", "to") if operation.get(key)]
    between = f" {' to '.join(ways)}" if ways else ""
    started = _started(operation)
    when = f", {started:%Y-%m-%d %H:%M} UTC" if started else ""
    return f"{str(operation['operation']).capitalize()}{between}{when}"


def as_markdown(operation: Operation, pictured: str | None) -> str:
    """The report as a page; `pictured` is the picture's file name in the same folder."""
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
            f"![Timeline]({pictured})" if pictured else "",
            "## Steps",
            table(("began (UTC)", "step", "took", "outcome", ""), map(_step, operation["timeline"])),
            section("Moments", ("at (UTC)", "what"), moments),
            *(section(heading, ("", ""), [*values.items()]) for heading, values in decisions.items()),
            *(section(heading, rows[0], rows[1:]) for heading, rows in tables.items()),
            f"## Notes\n\n{notes}" if notes else "",
        ]
    )


def _name(operation: Operation) -> str:
    started = _started(operation)
    return f"{operation['operation']}-{started:%Y%m%d-%H%M%S}" if started else str(operation["operation"])


def _marks(operation: Operation) -> list[dict[str, str]]:
    """The moments as they came, the decision among them where it was taken."""
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
