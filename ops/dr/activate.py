"""Makes a standby a region of its own: its replica promoted, its tiers at full size. Safe to run again at any point."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from contract import HEALTH_PATH, origin
from hosts.roles import APPLICATION_ROLES
from ops.core import facts, hosts, visitor
from ops.core.apply import apply
from ops.core.aws import errors, reachable
from ops.core.engine import UpError
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Operation, Session
from ops.core.settle import READ_BACK, left_behind, settle, settle_promotion
from ops.core.steps import SERVING, Plan, Step, StepRun, Timeline, named, say, waits
from ops.dr import closing, fence
from ops.dr.data_loss import estimate
from ops.dr.preflight import Preflight
from ops.errors import Exit, OpsError, one_line, refused

ANSWER_SECONDS = 1200.0
"""Ours: instances boot and install themselves; AWS: an Auto Scaling group starts them in one go."""
DATABASE_SECONDS = 3600.0
REST_SECONDS = fence.DECLARE_SECONDS
SERVES = (
    *("**aws:rds/instance:Instance::*", "**aws:elasticache/**", "**aws:ec2/**"),
    *(f"**aws:autoscaling/*:*::{role.name}-*" for role in APPLICATION_ROLES),
)
"""What an activation changes of that by which visitors are served. `*` stands for a part of a URN, `**` for several
(Pulumi, `--target`)."""
READY_SECONDS = 600.0
"""Ours: RDS promotes no replica that is being backed up, and AWS gives no figure for how long that takes."""

CHECK = Step(
    name="check {stack}",
    does="Checks credentials, secrets, keys, certificate, images, quotas, the replica, and what else `pulumi up` would "
    "change in {stack}, and names every problem. A replica that is being backed up or changed is waited for, at most "
    "10 minutes.",
    asks=True,
)
ASK = Step(
    name="ask whether the region of {other} answers",
    does="Makes one call to AWS there, of 3 s at most: a writer that answers has to be fenced.",
    asks=True,
)
ESTIMATE = Step(
    name="estimate the data loss",
    does="Shows the replica's lag, the last canary row, the newest replicated object and the messages in queues. Then "
    "the command asks whether to go on.",
    asks=True,
)
RECORD = Step(
    name="record the decision",
    does="Keeps decision, estimate and waivers in the ledger. From here on the same command goes on after a kill.",
)
ACTIVATE = Step(
    name="activate {stack}",
    does="Runs `pulumi up` with the settings of a writer, of database, cache, network and hosts alone, and waits until "
    "the database takes writes. Where that fails, of all that {stack} declares.",
    unless="{stack} is active already",
)
ANSWER = Step(name="wait until {stack} answers", does="Asks the health check at its origin until that is 200.")
REST = Step(
    name="make the rest of {stack}",
    does="Runs `pulumi up` of all that {stack} declares: alarms, backups, and what was never applied. What fails is "
    "named at the end.",
)
FORESEEN = (
    *(CHECK, ASK, ESTIMATE, RECORD),
    *named((fence.EMPTY, closing.CLOSE, fence.FENCE), stack="{other}"),
    *(fence.DRAIN, ACTIVATE, ANSWER),
)
"""The steps of a failback to a region that is no replica yet, without those after a kill."""
PROMOTION = (RECOVER, READ_BACK, ACTIVATE)
DECIDE = (CHECK, ASK, ESTIMATE, RECORD)
ACT = (closing.CLOSE, *named((fence.FENCE,), stack="{other}"), fence.DRAIN, *PROMOTION, ANSWER)
STEPS = (*DECIDE, *ACT)
AFTERWARDS = (RECOVER, REST, *named((RECOVER, fence.DECLARE), stack="{other}"))
PLAN = Plan(steps=named((RECOVER, *STEPS, *AFTERWARDS), stack="STACK", other="OTHER"), exits=SERVING)


def activate_region(session: Session, stack: str) -> Operation:
    """`ops dr activate`: activate one stack, and no more: traffic stays where it is routed. The operation, as done."""
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
            missing = complete(session, operation.timeline, target)
            undeclared = fence.declare(session, operation.timeline, other, operation.waived)
            session.finish(operation, operation.kind)
            require_all(f"{stack} is active", missing, undeclared)
        return operation


def require_all(done: str, *missing: str) -> None:
    """Raise OpsError (INCOMPLETE) with what is `done`, where something is missing that no visitor needs."""
    if lines := [line for line in missing if line]:
        raise OpsError("\n".join([done, *lines]), Exit.INCOMPLETE)


def recover_active(session: Session, operation: Operation, target: RegionStack) -> bool:
    """Recover what an engine left of a region that is declared active: there is nothing to decide any more.

    Whether a dry run ends here: it restores nothing, and only a state that can be read tells what is left to do.
    """
    if not target.writes or not left_behind(session.engine, target.stack):
        return False
    if not session.options.dry_run:
        settle(session, operation.timeline, target.stack)
        return False
    with operation.timeline.step(RECOVER, stack=target.stack):
        say(f"          {target.stack} is declared active; what is left to do is known once its state is recovered")
    return True


def is_active(session: Session, target: RegionStack) -> bool:
    """Whether a region is active in its file, in its state and in the world; asks, and changes nothing."""
    if not target.writes or target.undone:
        return False
    if left_behind(session.engine, target.stack):
        return False
    return is_writer(target)


def is_writer(target: RegionStack) -> bool:
    """Whether the region's database is no replica, as RDS says; whatever is done to it now, it stays a writer."""
    found = facts.database(target)
    return found is not None and not found.is_replica


def activate(session: Session, operation: Operation, declared: dict[str, Any]) -> None:
    """Check, estimate, decide, fence, promote. `declared` are the settings that make the target a writer.

    Raises OpsError (REFUSED) with every problem at once; nothing is changed before the operator has agreed.
    """
    target, other = session.pair[operation.target], session.pair[operation.source]
    # Its state may be older than its activation: then there is nothing left to decide, and nobody to fence.
    done_before = operation.decided_at is None and not target.file.changes(declared) and is_writer(target)
    if not done_before:
        if operation.decided_at is None or (operation.decision_is_old and not is_writer(target)):
            decide(session, operation, target, other)
        else:
            amend(session, operation, other)
        if operation.is_planned and not operation.waived:
            fence.empty_queues(session, operation.timeline, other)
        closing.close(session, operation)
        fence.fence(session, operation.timeline, other, operation.waived)
        fence.drain(operation, target, other)
    promote(session, operation.timeline, target, declared, targets=SERVES)
    answers(session, operation.timeline, target)


def decide(session: Session, operation: Operation, target: RegionStack, other: RegionStack) -> None:
    """Everything before the decision: checks, what would be lost, how the old writer is kept out, and the yes.

    A decision that is old is asked for again, and nothing that was waived or accepted with it still holds.
    """
    if operation.decided_at:
        say(f"          decided {operation.decided_at:%Y-%m-%d %H:%M} UTC, too long ago: it is asked again")
        operation.waiver = operation.accepted_lag = None
    lag, forced = check(session, operation, target, other)
    with operation.timeline.step(ASK, other=other.stack) as step:
        answers = not other.following and reachable(other.region)
        step.detail = "it does" if answers else "it does not"
    with operation.timeline.step(ESTIMATE):
        loss = estimate(session.pair, target, other, other_answers=answers)
    for line in loss.lines():
        say(f"          {line}")
    fence.require(session, operation, answers=answers)
    lost = f" What is written in {other.stack} from now on is lost." if session.options.waive_fence else ""
    session.confirm(f"Activate {target.stack}, and end its database's replication for good?{lost}")
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
    """The preflight; the lag that it found, and what is gone on without for the operator's reason.

    Where nothing is promoted yet, the replica is not asked for.

    Raises OpsError (REFUSED) with all that stands in the way.
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
            hint = ['--force "REASON" goes on all the same; it is recorded with your name'] if not blocking else []
            raise refused([*blocking, *forced, *hint])
        step.detail = f"{len(found)} warnings" if found else "nothing is missing"
    for finding in found:
        say(f"          warning: {finding.text}")
    return preflight.lag if promotes else facts.Lag(), forced


def amend(session: Session, operation: Operation, other: RegionStack) -> None:
    """What the operator allows on the way on from a kill: to leave the fence or the last writes."""
    if session.options.waive_fence and not operation.waiver:
        answers = reachable(other.region)
        fence.require(session, operation, answers=answers)
        fence.waive(session, operation, answers=answers)
    accepted = operation.accepted_lag["accepted_seconds"] if operation.accepted_lag else None
    if session.options.accept_lag not in (None, accepted):
        accept_lag(session, operation, facts.Lag())
    session.save(operation)


def accept_lag(session: Session, operation: Operation, lag: facts.Lag) -> None:
    """Record the seconds that the operator accepts, and those that were measured."""
    accepted = {"accepted_seconds": session.options.accept_lag, "measured_seconds": lag.seconds}
    operation.accepted_lag = session.record(
        "accepted-lag", {"stack": operation.target, **accepted, "age_seconds": lag.age_seconds}
    )


def promote(
    session: Session,
    timeline: Timeline,
    target: RegionStack,
    declared: dict[str, Any],
    *,
    fenced: bool = False,
    targets: Sequence[str] = (),
) -> None:
    """Write the stack file and have the engine make it so; a promotion that RDS has had is not sent again.

    `fenced`: whether a fence of the target is to be opened. `targets`: what is made first, and alone where that does.
    """
    settle(session, timeline, target.stack)
    settle_promotion(session, timeline, target)
    with timeline.step(ACTIVATE, stack=target.stack) as step:
        try:
            step.detail = _make(session, target, declared, step, fenced=fenced, targets=targets)
        except OpsError as error:
            error.message += f"\n{_holds(target)}: run the same command again, or `ops dr abort`"
            raise
        if not step.dry_run:
            facts.wait(
                f"the database of {target.stack} is a writer",
                lambda: facts.database(target),
                lambda found: found is not None and found.takes_writes,
                seconds=DATABASE_SECONDS,
            )


def _make(
    session: Session,
    target: RegionStack,
    declared: dict[str, Any],
    step: StepRun,
    *,
    fenced: bool,
    targets: Sequence[str],
) -> str:
    """Make the targets; where they cannot be made alone, all that the stack declares."""
    try:
        return apply(session, target, declared, step, fenced=fenced, targets=targets)
    except UpError as error:
        if not targets:
            raise
        # They may need what is not there yet: a queue, say, that nobody has applied.
        say(f"          once more, with all that the stack declares: {error.message.splitlines()[0]}")
    return apply(session, target, declared, step)


def _holds(target: RegionStack) -> str:
    """Whether an activation that failed has promoted the database, which is what matters then."""
    try:
        found = facts.database(target)
    except errors() as error:
        return f"whether the database of {target.stack} is promoted is not known: {one_line(error)}"
    if found is None:
        return f"{target.stack} has no database {target.output('database_identifier')}"
    role = "still a replica: nothing was promoted" if found.is_replica else "a writer"
    return f"{found.identifier} is {found.status} and {role}"


def complete(session: Session, timeline: Timeline, target: RegionStack) -> str:
    """Make what no visitor waits for; what failed, in a sentence, and what makes it."""
    try:
        with session.engine.at_most(REST_SECONDS):
            if not session.options.dry_run:
                settle(session, timeline, target.stack)
            with timeline.step(REST, stack=target.stack) as step:
                waits("the engine", REST_SECONDS)
                if not step.dry_run:
                    step.detail = apply(session, target, {}, step)
    except OpsError as error:
        return f"{error.message}\n`pulumi up --stack {target.stack}` makes what is missing"
    return ""


def answers(session: Session, timeline: Timeline, target: RegionStack) -> None:
    """Wait until the region answers at its origin. Why its hosts do not start is said as soon as AWS says it."""
    told: set[str] = set()

    def problem() -> str:
        status = visitor.visit(origin(target.stack, session.pair.domain), HEALTH_PATH).status
        if status == 200:
            return ""
        why = hosts.failed_launches(target, hosts.all_groups(target))
        if why and not told:
            told.add(why)
            say(f"          no instance starts in {why}; Auto Scaling tries again, {ANSWER_SECONDS:.0f} s at most here")
        return f"{status}, {why}" if why else str(status)

    with timeline.step(ANSWER, stack=target.stack) as step:
        if not step.dry_run:
            facts.wait(f"{target.stack} answers at its origin", problem, lambda last: not last, seconds=ANSWER_SECONDS)
