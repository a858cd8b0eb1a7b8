"""The comment of a pull request: dangers first, and cut at GitHub's limit without losing them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from ops.core.markdown import Markdown, Row, code, page, table
from ops.errors import Exit, one_line
from ops.preview.changes import CREATED, DELETED, REPLACED, SAME, UPDATED, About, Change, said
from ops.preview.cost import Cost
from ops.preview.danger import Danger
from ops.preview.previews import NEW
from ops.preview.report import Effect, Report

MARKER = "<!-- askproai-preview -->"
"""The line by which a workflow finds its comment for an update."""
LIMIT = 65_536
"""GitHub's limit of a comment, in characters."""
VALUE = 160
"""The maximum characters of a value; the JSON has the full value."""
NAMES = 8
COUNTED = (CREATED, UPDATED, REPLACED, DELETED, SAME)
NO_PRICE = "no price"
CUT = "\n_The rest does not fit into a comment; see the JSON report._\n"
OUTCOMES = {
    Exit.OK: "Nothing dangerous, no violation.",
    Exit.DANGEROUS: "**Dangerous changes: read the first table.**",
    Exit.VIOLATION: "**A mandatory policy is violated.**",
    Exit.FAILED: "**A preview failed: this report may be incomplete.**",
}


def comment(report: Report, limit: int = LIMIT) -> str:
    """The comment as Markdown, at most `limit` characters."""
    head = f"{MARKER}\n# Preview\n\n{OUTCOMES[report.exit]}\n"
    forms = (head + form for form in _dangers(report.dangers))
    text = next((form for form in forms if len(form) <= limit - len(CUT)), head)
    for section in _sections(report):
        if len(text) + len(section) + len(CUT) > limit:
            return text + _that_fits(section, limit - len(text) - len(CUT)) + CUT
        text += section
    return text


def _dangers(dangers: list[Danger]) -> Iterator[str]:
    """All dangers, else without details, else only their number, but never omitted."""
    rows = [(each.kind, each.stack, _resource(each), _sourced(each)) for each in dangers]
    none = "Nothing: no data lost, no downtime, no access widened, no protection removed."
    yield _section("Dangerous", _listed(("what", "stack", "resource", "why"), rows, none))
    names = _counted((each.kind, each.stack, code(each.name)) for each in dangers)
    yield _section("Dangerous", _listed(("what", "stack", "resource", "reasons"), names))
    kinds = _counted((each.kind, each.stack) for each in dangers)
    yield _section("Dangerous", _listed(("what", "stack", "changes"), kinds))


def _counted(found: Iterable[tuple[str, ...]]) -> list[Row]:
    return [(*what, count) for what, count in Counter(found).items()]


def _sourced(danger: Danger) -> Markdown:
    said = cell(danger.what)
    return Markdown(f"{said} ([source]({danger.source}))" if danger.source else said)


def _sections(report: Report) -> Iterator[str]:
    for stack, why in report.failures.items():
        yield _section(f"The preview of {cell(stack)} failed", fenced(why))
    counts = [(stack, *(found.get(each, 0) for each in COUNTED)) for stack, found in report.counts.items()]
    yield _section("Resources", _listed(("stack", *COUNTED), counts))
    yield _section("Policies", _new(report), _known(report))
    yield _section("Predicted recovery", _recovery(report.recovery))
    yield _section("Monthly cost", _costs(report.costs))
    yield _section("In one stack of the pair alone", _one_sided(report))
    dependents = [(each.stack, code(each.name), _some(each.direct), each.all) for each in report.dependents]
    head = ("stack", "resource", "made from it", "also through others")
    yield _section("Dependents of what changes", _listed(head, dependents))
    for stack, drawn in report.pictures.items():
        yield _section(f"What changes in {cell(stack)}", f"```mermaid\n{drawn}\n```")
    yield _section("Properties", _changes(report.changes))


def _new(report: Report) -> str:
    rows = [(each.level, each.stack, code(each.rule), each.message) for each in report.violations if each.known == NEW]
    unasked = "Not known: the engine did not come to the end, so not every rule was asked."
    none = unasked if report.failures else "No new violation."
    return _listed(("level", "stack", "new violation of", "says"), rows, none)


def _known(report: Report) -> str:
    found = [each for each in report.violations if each.known != NEW]
    rows = [(each.known, each.level, each.stack, code(each.rule), code(each.name)) for each in found]
    listed = _listed(("known because", "level", "stack", "rule", "resource"), rows)
    return _folded(f"{len(rows)} known: covered by an exception, or broken by the recorded state too", listed)


def _recovery(effects: list[Effect] | None) -> str:
    if effects is None:
        return "Not known: the settings before this change are not at hand."
    rows = [
        (
            f"{each.what}, {each.scenario}",
            f"{_minutes(each.rto_before)} to {_minutes(each.rto)}",
            f"{_minutes(each.rpo_before)} to {_minutes(each.rpo)}",
            "yes" if each.within else "NO",
        )
        for each in effects
    ]
    return _listed(("", "RTO", "RPO", "within the objectives"), rows, "RTO and RPO stay as they are.")


def _costs(costs: list[Cost]) -> str:
    if not costs:
        return "No resource changes that is charged by the hour, the month or its use."
    priced = [each.delta for each in costs if each.delta is not None]
    unpriced = len(costs) - len(priced)
    total = f"{sum(priced, Decimal(0)):+} US dollars a month at list prices" if priced else "Not known"
    without = f"; without a price: {unpriced}" if unpriced else ""
    rows = [(each.stack, _resource(each), each.before or NO_PRICE, each.after or NO_PRICE, each.why) for each in costs]
    return f"{total}{without}.\n\n{_listed(('stack', 'resource', 'before', 'after', 'because'), rows)}"


def _one_sided(report: Report) -> str:
    if not report.pair_compared:
        return "Not compared: this is not a preview of both."
    rows = [
        (each.stack, _resource(each), code(each.path), f"in {each.other} it {each.there}") for each in report.one_sided
    ]
    return _listed(("stack", "resource", "property", ""), rows, "Nothing: both change alike.")


def _changes(changes: list[Change]) -> str:
    rows: list[Row] = []
    for each in changes:
        told = [(code(one.path), shown(one.old), shown(one.new)) for one in each.differences] or [("", "", "")]
        rows += [(each.stack, each.operation, code(each.name), *one) for one in told]
    listed = _listed(("stack", "", "resource", "property", "before", "after"), rows)
    return _folded(f"{len(changes)} resources change", listed)


def _section(heading: str, *parts: str) -> str:
    """A section; empty without parts."""
    return "\n" + page([f"## {heading}", *parts]) if any(parts) else ""


def _listed(head: Row, rows: Sequence[Row], none: str = "") -> str:
    """A table, or a text if there are no rows."""
    return table(head, rows, cell) if rows else none


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>" if text else ""


def _resource(of: About) -> Markdown:
    return Markdown(f"{code(of.name)} {cell(of.type.rpartition(':')[2])}")


def _some(names: Sequence[str]) -> Markdown:
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return Markdown(", ".join(map(code, names[:NAMES])) + more)


def _minutes(value: float | None) -> str:
    return "-" if value is None else f"{value:g} min"


def cell(text: object) -> str:
    """Escaped text for a cell: no Markdown, HTML, mention or reference."""
    flat = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    flat = re.sub(r"([\\`*_{}\[\]()#|~!])", r"\\\1", flat)
    return flat.replace("@", "&#64;").replace("://", "&#58;//")


def fenced(text: str) -> str:
    """Literal text in a code fence that its content cannot close."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}\n{text}\n{fence}"


def shown(value: Any) -> str:
    """The start of a property's value."""
    text = said(value)
    return text if len(text) <= VALUE else f"{text[:VALUE]}..."


def _that_fits(section: str, room: int) -> str:
    """The lines of a section that fit, with its fold closed; no part of a picture, which must be complete."""
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
