"""Failover: the standby is activated and visitors are led to it, with one timeline and one report."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ops.core import report
from ops.core.session import LOCK, Desk, Operation
from ops.core.steps import say
from ops.dr.activate import activate, is_active, settle_active
from ops.dr.flip import flip
from ops.dr.quote import canary
from ops.errors import Exit, OpsError


def failover(desk: Desk, to: str) -> Operation:
    """`ops dr failover --to`: activate and flip; safe to run again at any point. The operation, as it was done."""
    target, other = desk.pair[to], desk.pair[desk.pair.other_than(to)]
    with desk.ledger.hold(LOCK, desk.options.take_over):
        desk.pair.read(desk.pair.stacks)
        operation = desk.begin("failover", other.stack, to)
        settle_active(desk, operation, target)
        if operation.decided_at is None and is_active(desk, target) and desk.pair.live == to:
            say(f"{to} is active and visitors are led to it already")
            return operation
        if target.role == "primary" and not target.following:
            raise OpsError(
                f"{to} is the primary: it is not failed over to, but back to: `ops dr failback --to {to}`", Exit.REFUSED
            )
        with desk.loading_edge():
            if is_active(desk, target):
                with operation.timeline.step(f"activate {to}") as step:
                    step.skip("already active")
            else:
                activate(desk, operation, {"activated": True, "fenced": False})
            flip_or_say(desk, operation)
        close(desk, operation)
        return operation


def flip_or_say(desk: Desk, operation: Operation) -> None:
    """Flip; in a dry run the gates of a region that is not active yet cannot be asked."""
    if desk.options.dry_run:
        with operation.timeline.step(f"flip to {operation.target}"):
            return
    flip(desk, operation.timeline, operation.target)


def close(desk: Desk, operation: Operation) -> None:
    """Write the report and move the operation to the history; prints RTO and RPO."""
    if desk.options.dry_run:
        return
    record = measured(desk, operation)
    folder = desk.options.report or report.default_folder()
    files = report.write(folder, record)
    desk.finish(operation, record)
    for what, value in record["measured"].items():
        say(f"          {what}: {value}")
    say(f"          report: {files[0]}")
    say(f"          {record['notes'][0]}")


def measured(desk: Desk, operation: Operation) -> dict[str, Any]:
    """The operation as the report takes it, with what it took and what it lost.

    RTO counts from the command's start to the visitor's answer. RPO is the lag of the replica when the decision was
    taken, and the canary rows that visitors had then and have not now; None for what nobody knows.
    """
    ended = datetime.now(UTC)
    quote = operation.quote or {}
    rto = (ended - operation.started).total_seconds()
    rpo = quote.get("lag_seconds")
    rows = lost_rows(quote.get("canary"), canary(desk.pair))
    record = operation.to_json()
    shown = {"RTO, seconds": round(rto, 1), "RPO, seconds": rpo, "RPO, canary rows": rows}
    return {
        **record,
        "rto_seconds": round(rto, 3),
        "rpo_seconds": rpo,
        "rpo_rows": rows,
        "calls_to_lost_region": None,
        "measured": {what: "unknown" if value is None else value for what, value in shown.items()},
        "budget": _budget(desk, operation.target),
        "outcome": "done",
        "notes": [f"Commit the stack files of {', '.join([*desk.pair.stacks, desk.pair.edge])}: they say what is now."],
    }


def lost_rows(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> int | None:
    """Canary rows that were there and are not; None where one side is unknown."""
    if not before or not after:
        return None
    return max(0, int(before.get("rows") or 0) - int(after.get("rows") or 0))


def _budget(desk: Desk, stack: str) -> dict[str, Any]:
    file = desk.pair[stack].file
    return {
        "RTO, seconds": int(file.get("recovery.rto_minutes")) * 60,
        "RPO, seconds": int(file.get("recovery.rpo_minutes")) * 60,
    }
