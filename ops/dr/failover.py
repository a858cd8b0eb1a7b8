"""Failover: the standby is activated and traffic is routed to it, with one timeline and one report."""

from collections.abc import Mapping
from typing import Any

from ops.core import report
from ops.core.recovery.steps import RECOVER
from ops.core.session import Operation, Session
from ops.core.steps import SERVING, Plan, Timeline, named, say
from ops.dr import activate as activation
from ops.dr import fence, promotion
from ops.dr import flip as flipping
from ops.dr.data_loss import canary_rows
from ops.errors import Exit, OpsError

GATES_SECONDS = 300.0
"""Our choice, for hosts that have just booted: one lost packet must not end a failover."""
SERVED = (*activation.STEPS, *flipping.STEPS)
"""Until the other region serves."""
STEPS = (*SERVED, *promotion.AFTERWARDS)
PLAN = Plan(steps=named((RECOVER, *STEPS), stack="TO", other="OTHER"), exits=SERVING)


def failover(session: Session, to: str) -> Operation:
    """`ops dr failover --to`: activate and flip; safe to run again at any point. Returns the completed operation."""
    target, other = session.pair[to], session.pair[session.pair.other_than(to)]
    with session.operate("failover", to, PLAN) as operation:
        if activation.recover_active(session, operation, target):
            return operation
        active = activation.is_active(session, target)
        if operation.decided_at is None and active and session.pair.is_routed_to(to):
            say(f"{to} is active and traffic is routed to it already")
            return operation
        if target.settings.role == "primary" and not target.following:
            raise OpsError(f"{to} is the primary: use `ops dr failback --to {to}` instead", Exit.REFUSED)
        with session.loading_edge():
            if active:
                with operation.timeline.step(promotion.ACTIVATE, stack=to) as step:
                    step.skip("already active")
            else:
                activation.activate(session, operation, {"activated": True, "fenced": False})
            flip_after_activation(session, operation.timeline, to)
        missing = undeclared = ""
        rest = named((promotion.REST,), stack=to)
        session.served(operation, *rest, *named(() if operation.waived else (fence.DECLARE,), stack=other.stack))
        if operation.decided_at:
            missing = promotion.complete(session, operation.timeline, target)
            undeclared = fence.declare(session, operation.timeline, other, operation.waived)
        close(session, operation)
        promotion.require_all(f"{to} serves", missing, undeclared)
        return operation


def flip_after_activation(session: Session, timeline: Timeline, to: str) -> None:
    """Flip; in a dry run the gates of a region that is not active yet cannot be checked."""
    if session.options.dry_run:
        timeline.foresee(flipping.foreseen(session, to), stack=to)
    else:
        flipping.flip(session, timeline, to, GATES_SECONDS)


def close(session: Session, operation: Operation) -> None:
    """Move the operation to the history, print RTO and RPO, and write the report last; its failure is only a note."""
    if session.options.dry_run:
        return
    record = measured(session, operation)
    session.finish(operation, operation.kind, record)
    for what, value in record["measured"].items():
        say(f"          {what}: {value}")
    report.write_or_say(session.options.report, record)
    say(f"          {record['notes'][0]}")


def measured(session: Session, operation: Operation) -> dict[str, Any]:
    """The operation for the report, with its duration and data loss.

    RTO counts from the command's start to the first answer for a visitor, even if a kill came after that. RPO is the
    estimate at the decision, and the canary rows that visitors saw then and do not see now; None if unknown.
    """
    estimated = operation.data_loss or {}
    assert operation.served_at
    rto = (operation.served_at - operation.started).total_seconds()
    rpo = estimated.get("missing_seconds")
    before = estimated.get("canary") or {}
    # Not those that visitors have written since then.
    rows = lost_rows(before, canary_rows(session.pair, before.get("last_id")))
    file = session.pair[operation.target].file
    shown = {"RTO, seconds": round(rto, 1), "RPO, seconds": rpo, "RPO, canary rows": rows}
    return {
        **operation.to_json(),
        "rto_seconds": round(rto, 3),
        "rpo_seconds": rpo,
        "rpo_rows": rows,
        "measured": {what: "unknown" if value is None else value for what, value in shown.items()},
        "budget": {
            "RTO, seconds": int(file.get("recovery.rto_minutes")) * 60,
            "RPO, seconds": int(file.get("recovery.rpo_minutes")) * 60,
        },
        "outcome": "done",
        "notes": [
            f"Commit the stack files of {', '.join(stack.stack for stack in session.pair.all)}: they say what runs now."
        ],
    }


def lost_rows(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> int | None:
    """Canary rows that existed and are missing; None if one side is unknown."""
    if not before or not after:
        return None
    return max(0, int(before.get("rows") or 0) - int(after.get("rows") or 0))
