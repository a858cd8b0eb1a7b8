"""The comment of a pull request: what is dangerous first, and cut at the forge's limit without losing that."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from ops.errors import Exit
from ops.preview.changes import Change
from ops.preview.cost import Cost
from ops.preview.danger import Danger
from ops.preview.previews import NEW
from ops.preview.report import Effect, Report

MARKER = "<!-- askproai-preview -->"
"""By this line a workflow finds the one comment that it updates."""
LIMIT = 65_536
"""GitHub's limit of a comment, in characters."""
VALUE = 160
"""Characters of a value that are shown; the JSON has all of it."""
NAMES = 8
CUT = "\n_More does not fit into a comment: the JSON has all of it._\n"
OUTCOMES = {
    Exit.OK: "Nothing dangerous, no violation.",
    Exit.DANGEROUS: "**Dangerous changes: read the first table.**",
    Exit.VIOLATION: "**A mandatory policy is broken.**",
    Exit.FAILED: "**A preview failed: what is here may not be all.**",
}


def comment(report: Report, limit: int = LIMIT) -> str:
    """The comment as Markdown, at most `limit` characters."""
    head = f"{MARKER}\n# Preview\n\n{OUTCOMES[report.exit]}\n"
    # All of the dangers, else without their details, else counted: never none of them.
    shorter: tuple[Callable[[list[Danger]], str], ...] = (_dangers, _named, _counted)
    text = next((found for form in shorter if len(found := head + form(report.dangers)) <= limit - len(CUT)), head)
    for section in filter(None, _sections(report)):
        if len(text) + len(section) + len(CUT) > limit:
            return text + _that_fits(section, limit - len(text) - len(CUT)) + CUT
        text += section
    return text


def _sections(report: Report) -> Iterable[str]:
    yield _failures(report)
    yield _counts(report)
    yield _policies(report)
    yield _recovery(report.recovery)
    yield _costs(report.costs)
    yield _one_sided(report)
    yield _dependents(report)
    for stack, drawn in report.pictures.items():
        yield f"\n## What changes in {cell(stack)}\n\n```mermaid\n{drawn}\n```\n"
    yield _changes(report.changes)


def _dangers(dangers: list[Danger]) -> str:
    if not dangers:
        return "\n## Dangerous\n\nNothing: no data lost, no downtime, no access widened, no protection removed.\n"
    rows = [(each.kind.value, each.stack, f"{code(each.name)} {_kind(each.type)}", _sourced(each)) for each in dangers]
    return "\n## Dangerous\n\n" + table([("what", "stack", "resource", "why"), *rows], raw=(2, 3))


def _named(dangers: list[Danger]) -> str:
    rows = Counter((each.kind.value, each.stack, each.name) for each in dangers)
    lines = [(kind, stack, code(name), str(count)) for (kind, stack, name), count in rows.items()]
    return "\n## Dangerous\n\n" + table([("what", "stack", "resource", "reasons"), *lines], raw=(2,))


def _counted(dangers: list[Danger]) -> str:
    rows = Counter((each.kind.value, each.stack) for each in dangers)
    lines = [(kind, stack, str(count)) for (kind, stack), count in rows.items()]
    return "\n## Dangerous\n\n" + table([("what", "stack", "changes"), *lines])


def _sourced(danger: Danger) -> str:
    said = cell(danger.what)
    return f"{said} ([source]({danger.source}))" if danger.source else said


def _failures(report: Report) -> str:
    parts = [f"\n## The preview of {cell(stack)} failed\n\n{fenced(why)}\n" for stack, why in report.failures.items()]
    return "".join(parts)


def _counts(report: Report) -> str:
    operations = ("create", "update", "replace", "delete", "same")
    rows = [(stack, *(str(counts.get(each, 0)) for each in operations)) for stack, counts in report.counts.items()]
    return "\n## Resources\n\n" + table([("stack", *operations), *rows])


def _policies(report: Report) -> str:
    new = [each for each in report.violations if each.known == NEW]
    known = [each for each in report.violations if each.known != NEW]
    text = "\n## Policies\n\n"
    if new:
        rows = [(each.level, each.stack, code(each.rule), cell(each.message)) for each in new]
        text += table([("level", "stack", "new violation of", "says"), *rows], raw=(2, 3))
    elif report.failures:
        text += "Not known: the engine did not come to the end, so not every rule was asked.\n"
    else:
        text += "No new violation.\n"
    if known:
        rows = [(each.known, each.level, each.stack, code(each.rule), code(each.name)) for each in known]
        listed = table([("known because", "level", "stack", "rule", "resource"), *rows], raw=(3, 4))
        text += _folded(f"{len(known)} known: covered by an exception, or broken by the recorded state too", listed)
    return text


def _recovery(effects: list[Effect] | None) -> str:
    text = "\n## Predicted recovery\n\n"
    if effects is None:
        return text + "Not known: the settings before this change are not at hand.\n"
    if not effects:
        return text + "RTO and RPO stay as they are.\n"
    rows = [
        (
            f"{each.what}, {each.scenario}",
            f"{_minutes(each.rto_before)} to {_minutes(each.rto)}",
            f"{_minutes(each.rpo_before)} to {_minutes(each.rpo)}",
            "yes" if each.within else "NO",
        )
        for each in effects
    ]
    return text + table([("", "RTO", "RPO", "within the objectives"), *rows])


def _costs(costs: list[Cost]) -> str:
    text = "\n## Monthly cost\n\n"
    if not costs:
        return text + "No resource changes that is charged by the hour, the month or its use.\n"
    priced = [each.delta for each in costs if each.delta is not None]
    unpriced = len(costs) - len(priced)
    total = f"{sum(priced, Decimal(0)):+} US dollars a month at list prices" if priced else "Not known"
    without = f"; without a price: {unpriced}" if unpriced else ""
    rows = [
        (each.stack, f"{code(each.name)} {_kind(each.type)}", _usd(each.before), _usd(each.after), cell(each.why))
        for each in costs
    ]
    listed = table([("stack", "resource", "before", "after", "because"), *rows], raw=(1, 2, 3, 4))
    return f"{text}{total}{without}.\n\n{listed}"


def _usd(amount: str | None) -> str:
    return "no price" if amount is None else amount


def _one_sided(report: Report) -> str:
    text = "\n## In one stack of the pair alone\n\n"
    if not report.compared:
        return text + "Not compared: this is not a preview of both.\n"
    if not report.one_sided:
        return text + "Nothing: both change alike.\n"
    rows = [
        (each.stack, f"{code(each.name)} {_kind(each.type)}", code(each.path), f"in {each.other} it {each.there}")
        for each in report.one_sided
    ]
    return text + table([("stack", "resource", "property", ""), *rows], raw=(1, 2))


def _dependents(report: Report) -> str:
    if not report.dependents:
        return ""
    rows = [(each.stack, code(each.name), _some(each.direct), str(each.all)) for each in report.dependents]
    return "\n## Dependents of what changes\n\n" + table(
        [("stack", "resource", "made from it", "also through others"), *rows], raw=(1, 2)
    )


def _changes(changes: list[Change]) -> str:
    if not changes:
        return ""
    rows: list[Sequence[str]] = []
    for each in changes:
        told = [(code(one.path), shown(one.old), shown(one.new)) for one in each.differences] or [("", "", "")]
        rows += [(each.stack, each.operation, code(each.name), *one) for one in told]
    listed = table([("stack", "", "resource", "property", "before", "after"), *rows], raw=(2, 3, 4, 5))
    return "\n## Properties\n\n" + _folded(f"{len(changes)} resources change", listed)


def table(rows: Sequence[Sequence[str]], raw: Sequence[int] = ()) -> str:
    """A table; columns in `raw` are Markdown already."""
    lines = [
        "| " + " | ".join(part if place in raw else cell(part) for place, part in enumerate(row)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Text in a cell, so that nothing of it is Markdown, HTML, a mention or a reference."""
    flat = " ".join(str(text).split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    flat = re.sub(r"([\\`*_{}\[\]()#|~!])", r"\\\1", flat)
    return flat.replace("@", "&#64;").replace("://", "&#58;//")


def code(text: str) -> str:
    """A name as code. A backtick would end it, and a table's bar its cell."""
    flat = " ".join(str(text).split()).replace("`", "'").replace("|", "\\|")
    return f"`{flat}`" if flat else ""


def fenced(text: str) -> str:
    """Text as it is, in a fence that nothing in it ends."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}\n{text}\n{fence}"


def shown(value: Any) -> str:
    """A value of a property."""
    if value is None:
        return "not set"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return cell(text if len(text) <= VALUE else f"{text[:VALUE]}...")


def _that_fits(section: str, room: int) -> str:
    """The lines of a section that fit, with its fold closed; none of a picture, which must be whole."""
    end = "\n</details>\n"
    if "```" in section:
        return ""
    kept: list[str] = []
    used = 0
    for line in section.splitlines(keepends=True):
        if used + len(line) + len(end) > room:
            break
        kept.append(line)
        used += len(line)
    text = "".join(kept)
    return text + (end if text.count("<details>") > text.count("</details>") else "")


def _folded(title: str, text: str) -> str:
    return f"\n<details><summary>{title}</summary>\n\n{text}\n</details>\n"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return ", ".join(code(name) for name in names[:NAMES]) + more


def _kind(token: str) -> str:
    return cell(token.rpartition(":")[2])


def _minutes(value: float | None) -> str:
    return "-" if value is None else f"{value:g} min"
