"""`ops dr drill`: runs a drill, and compares measured, expected and promised values with the budget."""

from dataclasses import replace
from typing import Any

from ops.core import report
from ops.core.pair import Pair
from ops.core.session import Session, SessionOptions
from ops.core.stack_files import StackFile
from ops.core.steps import Timeline, say, show_table
from ops.drill import tables
from ops.drill.sandbox_control import SandboxControl
from ops.drill.scenario import REASON, Drill, DrillOptions
from ops.errors import Exit, OpsError
from ops.objectives.expected import LIMIT_MINUTES, Expected, expected
from ops.objectives.objectives import Declaration, Objective, objectives

SETTINGS = (
    "activated",
    "database",
    "follows",
    "health_checks",
    "offsite",
    "posture",
    "recovery",
    "role",
    "storage",
    "web",
    "workers",
)
"""The settings from which the objectives are computed; a stack file may lack some."""
NOTE = (
    "Instances, databases and caches are records of an emulated cloud: what AWS itself takes is in the table of "
    "expected times. Measured here are the commands, the engine, the order of things, the calls, and the rows."
)


def drill(options: DrillOptions) -> None:
    """Run a drill and report its results. Raises OpsError: REFUSED, INCOMPLETE, or that of the failed step."""
    sandbox = SandboxControl.of()
    session = Session.of(SessionOptions())
    pair = session.pair
    require_normal_operation(pair)
    declared = declaration(pair)
    promised = objectives(declared)
    running = Drill(options=options, sandbox=sandbox, pair=pair)
    failed: BaseException | None = None
    try:
        running.run()
    except BaseException as error:
        failed = error
        say(f"the drill ended early: {_next(running)}")
        raise
    finally:
        _conclude(running, declared, promised, failed)
    broken = tables.over(_rows(running, declared), promised)
    if broken:
        raise OpsError("\n".join(broken), Exit.INCOMPLETE)


def _next(running: Drill) -> str:
    """How to continue after a drill that ended early."""
    if running.decided is None:
        return "before the decision, so nothing was changed; fix the problem, and run it again"
    back = f"ops dr failback --to {running.live} --yes --rebuild"
    if running.measured is None:
        return f'to continue: ops dr failover --to {running.standby} --yes --waive-fence "{REASON}", then {back}'
    return f"to continue: {back}"


def require_normal_operation(pair: Pair) -> None:
    """Raise OpsError (REFUSED) unless one region serves and the other follows it."""
    live, other = pair[pair.live], pair[pair.other]
    problems = [
        *([] if live.writes else [f"{live.stack} is live but takes no writes"]),
        *([] if other.following and other.follows == live.stack else [f"{other.stack} does not follow {live.stack}"]),
    ]
    if problems:
        raise OpsError(
            f"a drill starts from normal operation, but {'; '.join(problems)}: `ops dr status` shows what to do",
            Exit.REFUSED,
        )


def declaration(pair: Pair) -> Declaration:
    """What the stack files declare."""
    files = {stack: StackFile.of(stack) for stack in (*pair.stacks, pair.edge.stack)}
    settings = {stack: {key: file.get(key) for key in SETTINGS} for stack, file in files.items()}
    return Declaration.of(settings, pair.live, pair.other, pair.edge.stack)


def expectations(declared: Declaration) -> list[Expected]:
    """The expected times of both postures, as a standby is declared."""
    return [expected(replace(declared.standby, posture=posture)) for posture in LIMIT_MINUTES]


def _rows(running: Drill, declared: Declaration) -> list[tables.Row]:
    if running.measured is None:
        return []
    return tables.measured_rows(running.measured, declared.rto_minutes, declared.rpo_minutes)


def _conclude(running: Drill, declared: Declaration, promised: list[Objective], failed: BaseException | None) -> None:
    """Show the tables and write the report, also of a failed drill."""
    times = expectations(declared)
    rows = _rows(running, declared)
    shown: dict[str, tables.Rows] = {
        "Expected in the real clouds": tables.expected_rows(times),
        "Computed from the declaration": tables.objective_rows(promised),
    }
    if rows:
        _show("Measured in the sandbox", tables.flat(rows))
    for title, content in shown.items():
        _show(title, content)
    shown["Sources of the expected times"] = tables.source_rows(times)
    for table in times:
        say(table.verdict())
    report.write_or_say(running.options.report, _record(running, rows, shown, failed))


def _show(title: str, rows: tables.Rows) -> None:
    show_table(title, rows[0], rows[1:])


def _record(
    running: Drill, rows: list[tables.Row], shown: dict[str, tables.Rows], failed: BaseException | None
) -> dict[str, Any]:
    found = running.measured
    outages = [outage for outage in (found.outage, found.back) if outage] if found else []
    return {
        "operation": "drill",
        "from": running.live,
        "to": running.standby,
        "outcome": f"failed: {failed}" if failed else "done",
        "mode": running.options.mode,
        "lost": running.losses,
        "decided_at": running.decided.isoformat() if running.decided else None,
        "timeline": Timeline(entries=running.entries()).to_json(),
        "marks": running.marks,
        "outages": [{"from": outage.began.isoformat(), "to": outage.ended.isoformat()} for outage in outages],
        "measured": {row.what: row.value for row in rows},
        "budget": {row.what: row.limit for row in rows},
        "tables": shown,
        "notes": [NOTE],
    }
