"""Activates a standby: promotes its replica, and scales its tiers to full size. Safe to run again at any point."""

from datetime import UTC, datetime
from typing import Any

from ops.core import facts
from ops.core.aws import reachable
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Operation, Session
from ops.core.settle import left_behind, settle
from ops.core.steps import SERVING, Plan, Step, named, say
from ops.dr import accounts, closing, fence, promotion
from ops.dr.data_loss import estimate
from ops.dr.preflight import Preflight
from ops.errors import refused

READY_SECONDS = 600.0
"""Our choice: RDS promotes no replica during a backup, and AWS gives no figure for a backup's duration."""

CHECK = Step(
    name="check {stack}",
    does="Checks credentials, secrets, keys, certificate, images, quotas, the replica, and what else `pulumi up` "
    "would change in {stack}, and lists every problem. Waits up to 10 minutes for a replica that is being backed up "
    "or modified.",
    asks=True,
)
ASK = Step(
    name="ask whether the region of {other} answers",
    does="Makes one AWS call there, limited to 3 s: a writer that answers must be fenced.",
    asks=True,
)
ESTIMATE = Step(
    name="estimate the data loss",
    does="Shows the replica's lag, the last canary row, the newest replicated object and the messages in queues. Then "
    "asks for confirmation.",
    asks=True,
)
RECORD = Step(
    name="record the decision",
    does="Records the decision, the estimate and the waivers in the ledger. From here on, a killed command can be run "
    "again to continue.",
)
DECIDE = (CHECK, ASK, ESTIMATE, RECORD)
ACT = (
    *(closing.CLOSE, *named((fence.FENCE,), stack="{other}"), fence.DRAIN),
    *(accounts.TAKE, *promotion.PROMOTION, promotion.ANSWER),
)
STEPS = (*DECIDE, *ACT)
AFTER_A_KILL = (RECOVER, promotion.READ_BACK)
FORESEEN = (*DECIDE, *named((fence.EMPTY,), stack="{other}"), *(step for step in ACT if step not in AFTER_A_KILL))
"""The steps of a failback to a region that is no replica yet."""
PLAN = Plan(steps=named((RECOVER, *STEPS, *promotion.AFTERWARDS), stack="STACK", other="OTHER"), exits=SERVING)


def activate_region(session: Session, stack: str) -> Operation:
    """`ops dr activate`: activate one stack; traffic stays where it is routed. Returns the completed operation."""
    target = session.pair[stack]
    other = session.pair[session.pair.other_than(stack)]
    with session.operate("activate", stack, PLAN) as operation:
        if recover_active(session, operation, target):
            return operation
        if is_active(session, target):
            say(f"{stack} is already active")
        else:
            activate(session, operation, {"activated": True, "fenced": False})
        if operation.decided_at:
            missing = promotion.complete(session, operation.timeline, target)
            undeclared = fence.declare(session, operation.timeline, other, operation.waived)
            session.finish(operation, operation.kind)
            promotion.require_all(f"{stack} is active", missing, undeclared)
        return operation


def recover_active(session: Session, operation: Operation, target: RegionStack) -> bool:
    """Recover what an engine left of a region that is declared active: there is nothing left to decide.

    Returns whether a dry run ends here: it restores nothing, and only a readable state shows what is left to do.
    """
    if not target.writes or not left_behind(session.engine, target.stack):
        return False
    if not session.options.dry_run:
        settle(session, operation.timeline, target.stack)
        return False
    with operation.timeline.step(RECOVER, stack=target.stack):
        say(f"          {target.stack} is declared active; the remaining steps are known once its state is recovered")
    return True


def is_active(session: Session, target: RegionStack) -> bool:
    """Whether a region is active in its file, in its state and in AWS; changes nothing."""
    if not target.writes or target.undone:
        return False
    if left_behind(session.engine, target.stack):
        return False
    return facts.is_writer(target)


def activate(session: Session, operation: Operation, declared: dict[str, Any]) -> None:
    """Check, estimate, decide, fence, promote. `declared` are the settings that make the target a writer.

    Raises OpsError (REFUSED) with every problem at once; nothing is changed before the operator has confirmed.
    """
    target, other = session.pair[operation.target], session.pair[operation.source]
    # Its state may be older than its activation: then there is nothing left to decide or to fence.
    done_before = operation.decided_at is None and not target.file.changes(declared) and facts.is_writer(target)
    if not done_before:
        if operation.decided_at is None or (no_longer := _no_longer_holds(operation, target, other)):
            if operation.decided_at:
                say(f"          decided {operation.decided_at:%Y-%m-%d %H:%M} UTC, {no_longer}: it is asked again")
            decide(session, operation, target, other)
        else:
            amend(session, operation, other)
        if operation.is_planned and not operation.waived:
            fence.empty_queues(session, operation.timeline, other)
        closing.close(session, operation)
        fence.fence(session, operation.timeline, other, operation.waived)
        fence.drain(operation, target, other)
    accounts.take(session, operation, target, other)
    promotion.promote(session, operation.timeline, target, declared, targets=promotion.SERVES)
    promotion.answers(session, operation.timeline, target)


def _no_longer_holds(operation: Operation, target: RegionStack, other: RegionStack) -> str:
    """Why a decision must be confirmed again, empty if it is still valid: after the promotion there is nothing to
    decide."""
    if facts.is_writer(target):
        return ""
    if operation.decision_is_old:
        return "too long ago"
    waived = operation.waiver is not None and operation.waiver["region"] == fence.SILENT
    return f"and {other.region} answers again" if waived and reachable(other.region) else ""


def decide(session: Session, operation: Operation, target: RegionStack, other: RegionStack) -> None:
    """Everything before the decision: checks, data-loss estimate, fence or waiver, and the confirmation.

    Waivers and acceptances of an earlier decision are no longer valid.
    """
    operation.decided_at = operation.waiver = operation.accepted_lag = None
    lag, forced = check(session, operation, target, other)
    with operation.timeline.step(ASK, other=other.stack) as step:
        answers = not other.following and reachable(other.region)
        step.detail = "it does" if answers else "it does not"
    with operation.timeline.step(ESTIMATE):
        loss = estimate(session.pair, target, other, other_answers=answers)
    for line in loss.lines():
        say(f"          {line}")
    fence.require(session, operation, answers=answers)
    lost = f" Anything written in {other.stack} from now on is lost." if session.options.waive_fence else ""
    session.confirm(f"Activate {target.stack}, and permanently end its database's replication?{lost}")
    if forced:
        session.record("forced-checks", {"stack": target.stack, "reason": session.options.force, "failed": forced})
    if session.options.waive_fence:
        fence.waive(session, operation, answers=answers)
    if session.options.accept_lag is not None:
        accept_lag(session, operation, lag)
    operation.data_loss = loss.to_json()
    operation.decided_at = datetime.now(UTC)
    with operation.timeline.step(RECORD):
        session.save(operation)


def check(
    session: Session, operation: Operation, target: RegionStack, other: RegionStack, *, promotes: bool = True
) -> tuple[facts.Lag, list[str]]:
    """The preflight. Returns the lag that it found, and the problems that the operator overrode with a reason.

    If nothing is promoted yet, the replica is not checked.

    Raises OpsError (REFUSED) with all problems.
    """
    patience = 0.0 if session.options.dry_run else READY_SECONDS
    preflight = Preflight(
        standby=target,
        other=other,
        accepted_lag=session.options.accept_lag,
        ready_seconds=patience,
        promotes=promotes,
    )
    with operation.timeline.step(CHECK, stack=target.stack) as step:
        found = preflight.run()
        blocking = [finding.text for finding in found if finding.weight == "blocks"]
        forced = [finding.text for finding in found if finding.weight == "forced"]
        if blocking or (forced and not session.options.force):
            step.detail = f"{len(blocking + forced)} problems"
            hint = ['--force "REASON" continues anyway; it is recorded with your name'] if not blocking else []
            raise refused([*blocking, *forced, *hint])
        step.detail = f"{len(found)} warnings" if found else "nothing is missing"
    for finding in found:
        say(f"          warning: {finding.text}")
    return preflight.lag if promotes else facts.Lag(), forced


def amend(session: Session, operation: Operation, other: RegionStack) -> None:
    """What the operator allows when the command continues after a kill: to skip the fence or the last writes."""
    if not operation.waiver and (session.options.waive_fence or operation.is_planned):
        answers = reachable(other.region)
        fence.require(session, operation, answers=answers)
        if session.options.waive_fence:
            fence.waive(session, operation, answers=answers)
    accepted = operation.accepted_lag["accepted_seconds"] if operation.accepted_lag else None
    if session.options.accept_lag not in (None, accepted):
        accept_lag(session, operation, facts.Lag())
    session.save(operation)


def accept_lag(session: Session, operation: Operation, lag: facts.Lag) -> None:
    """Record the accepted and the measured seconds of lag."""
    accepted = {"accepted_seconds": session.options.accept_lag, "measured_seconds": lag.seconds}
    operation.accepted_lag = session.record(
        "accepted-lag", {"stack": operation.target, **accepted, "age_seconds": lag.age_seconds}
    )
