"""The drill's tables: measured values, expected times of the real clouds, and promises of the declaration."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.core.report import span
from ops.drill.measured_loss import Loss, Outage
from ops.objectives.expected import Expected, Phase
from ops.objectives.objectives import Objective

Rows = list[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The drill's measurements. `flip_seconds` is the flip with its gates, and `late_seconds` how far AWS's clock was
    ahead of this machine's at the decision, which is added to the outage.

    Values of the failback are None if the drill did not include it; `ending_rows` are the rows that hosts wrote there
    while they were terminating, and `ending_loss` the missing ones.
    """

    outage: Outage
    loss: Loss
    calls: dict[str, int]
    lost_region: str
    late_seconds: float = 0.0
    flip_seconds: float | None = None
    back: Outage | None = None
    back_loss: Loss | None = None
    ending_rows: int = 0
    ending_loss: Loss | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A measured value and its maximum; `within` is None if there is no limit."""

    what: str
    value: str
    limit: str = ""
    within: bool | None = None


def measured_rows(measured: Measured, rto_minutes: float, rpo_minutes: float) -> list[Row]:
    """The measured values, and whether each is within its budget."""
    loss, calls = measured.loss, sum(measured.calls.values())
    services = f" ({', '.join(sorted(measured.calls))})" if calls else ""
    down = measured.outage.seconds + measured.late_seconds
    rows = [
        _timed("RTO: first row refused to first row served elsewhere", down, rto_minutes * 60),
        _timed("RPO: age of the newest row that survived", loss.seconds, rpo_minutes * 60),
        Row(what="acknowledged rows lost", value=str(loss.rows)),
        *([_timed("flip with its gates", measured.flip_seconds)] if measured.flip_seconds else []),
        _none(f"calls to {measured.lost_region} after the decision", calls, services),
    ]
    if measured.back_loss is not None:
        rows.append(_timed("nobody served while failing back", measured.back.seconds if measured.back else 0.0))
        rows.append(_none("rows lost while failing back", measured.back_loss.rows))
    if measured.ending_loss is not None:
        lost, of = measured.ending_loss.rows, f" of {measured.ending_rows}"
        rows.append(_none("rows lost of hosts that were ending", lost, of))
    return rows


def _timed(what: str, seconds: float, most: float | None = None) -> Row:
    if most is None:
        return Row(what=what, value=span(seconds))
    return Row(what=what, value=span(seconds), limit=span(most), within=seconds <= most)


def _none(what: str, count: int, more: str = "") -> Row:
    """A value that must be zero."""
    return Row(what=what, value=f"{count}{more}", limit="0", within=count == 0)


def expected_rows(tables: Sequence[Expected]) -> Rows:
    """The steps of all postures; each posture's column has a star where a step is on its critical path."""
    rows: Rows = [("step", "minutes", *(table.posture for table in tables), "how far to trust it, and the source")]
    for step in max((table.steps for table in tables), key=len):
        places = [_place(table, step) for table in tables]
        source = f"{step.source.basis}: {step.source.title}"
        rows.append((step.name, f"{step.least:g} to {step.most:g}", *places, source))
    rows.append(("total of the path with the stars", "", *(f"{table.most:.1f}" for table in tables), ""))
    rows.append(("at most", "", *(f"{table.limit:g}" for table in tables), ""))
    return rows


def source_rows(tables: Sequence[Expected]) -> Rows:
    """What each step waits for, and its source."""
    steps = {step.name: step for table in tables for step in table.steps}
    rows = [
        (step.name, ", ".join(step.after), step.source.says, f"{step.source.title}: {step.source.url}")
        for step in steps.values()
    ]
    return [("step", "waits for", "the source says", "source"), *rows]


def objective_rows(objectives: Sequence[Objective]) -> Rows:
    """The promises of the declaration, by kind of data and scenario."""
    rows: Rows = [("scenario", "what", "data lost, min", "time lost, min", "kept", "because")]
    for row in objectives:
        kept = "yes" if row.within else f"no: {row.change}"
        rows.append((row.scenario, row.what, _minutes(row.rpo_minutes), _minutes(row.rto_minutes), kept, row.formula))
    return rows


def over(rows: Sequence[Row], objectives: Sequence[Objective]) -> list[str]:
    """The values over their budget, one per line."""
    broken = [f"{row.what}: {row.value}, at most {row.limit}" for row in rows if row.within is False]
    return broken + [f"{row.what}, {row.scenario}: {row.formula}; {row.change}" for row in objectives if not row.within]


def flat(rows: Sequence[Row]) -> Rows:
    """Measured rows as a table."""
    verdicts = {True: "within", False: "OVER", None: ""}
    return [("measured", "is", "at most", ""), *((r.what, r.value, r.limit, verdicts[r.within]) for r in rows)]


def _place(table: Expected, step: Phase) -> str:
    if step.name in table.path:
        return "*"
    return "parallel" if step.name in {step.name for step in table.steps} else ""


def _minutes(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
