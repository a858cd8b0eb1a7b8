"""Failover: the standby is activated and visitors are led to it, with one timeline and one report."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ops.core import report
from ops.core.session import LOCK, Operation, Session
from ops.core.steps import say
from ops.dr.activate import activate, is_active
from ops.dr.data_loss import canary
from ops.dr.flip import flip
from ops.errors import Exit, OpsError


def failover(session: Session, to: str) -> Operation:
    """`ops dr failover --to`: activate and flip; safe to run again at any point. The operation, as it was done."""
    target, other = session.pair[to], session.pair[session.pair.other_than(to)]
    with session.ledger.hold(LOCK, session.options.take_over):
        session.pair.read(session.pair.stacks)
        operation = session.begin("failover", other.stack, to)
        if operation.decided_at is None and is_active(session, target) and session.pair.live == to:
            say(f"{to} is active and visitors are led to it already")
            return operation
        if target.role == "primary" and not target.following:
            raise OpsError(
                f"{to} is the primary: it is not failed over to, but back to: `ops dr failback --to {to}`", Exit.REFUSED
            )
        with session.loading_edge():
            if is_active(session, target):
                with operation.timeline.step(f"activate {to}") as step:
                    step.skip("already active")
            else:
                activate(session, operation, {"activated": True, "fenced": False})
            flip_or_say(session, operation)
        close(session, operation)
        return operation


def flip_or_say(session: Session, operation: Operation) -> None:
    """Flip; in a dry run the gates of a region that is not active yet cannot be asked."""
    if session.options.dry_run:
        with operation.timeline.step(f"flip to {operation.target}"):
            return
    flip(session, operation.timeline, operation.target)


def close(session: Session, operation: Operation) -> None:
    """Write the report and move the operation to the history; prints RTO and RPO."""
    if session.options.dry_run:
        return
    record = measured(session, operation)
    folder = session.options.report or report.default_folder()
    files = report.write(folder, record)
    session.finish(operation, record)
    for what, value in record["measured"].items():
        say(f"          {what}: {value}")
    say(f"          report: {files[0]}")
    say(f"          {record['notes'][0]}")


def measured(session: Session, operation: Operation) -> dict[str, Any]:
    """The operation as the report takes it, with what it took and what it lost.

    RTO counts from the command's start to the visitor's answer. RPO is the lag of the replica when the decision was
    taken, and the canary rows that visitors had then and have not now; None for what nobody knows.
    """
    ended = datetime.now(UTC)
    quote = operation.quote or {}
    rto = (ended - operation.started).total_seconds()
    rpo = quote.get("lag_seconds")
    rows = lost_rows(quote.get("canary"), canary(session.pair))
    record = operation.to_json()
    shown = {"RTO, seconds": round(rto, 1), "RPO, seconds": rpo, "RPO, canary rows": rows}
    return {
        **record,
        "rto_seconds": round(rto, 3),
        "rpo_seconds": rpo,
        "rpo_rows": rows,
        "calls_to_lost_region": None,
        "measured": {what: "unknown" if value is None else value for what, value in shown.items()},
        "budget": _budget(session, operation.target),
        "outcome": "done",
        "notes": [
            f"Commit the stack files of {', '.join([*session.pair.stacks, session.pair.edge])}: they say what is now."
        ],
    }


def lost_rows(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> int | None:
    """Canary rows that were there and are not; None where one side is unknown."""
    if not before or not after:
        return None
    return max(0, int(before.get("rows") or 0) - int(after.get("rows") or 0))


def _budget(session: Session, stack: str) -> dict[str, Any]:
    file = session.pair[stack].file
    return {
        "RTO, seconds": int(file.get("recovery.rto_minutes")) * 60,
        "RPO, seconds": int(file.get("recovery.rpo_minutes")) * 60,
    }
