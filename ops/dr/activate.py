"""Makes a standby a region of its own: its replica promoted, its tiers at full size. Safe to run again at any point."""

from datetime import UTC, datetime
from typing import Any

from ops.core import facts, visitor
from ops.core.aws import reachable
from ops.core.pair import RegionStack
from ops.core.session import LOCK, Desk, Operation
from ops.core.stack_files import StackFile
from ops.core.steps import say
from ops.dr import fence
from ops.dr.preflight import Preflight
from ops.dr.quote import quote
from ops.dr.settle import left_behind, settle, settle_promotion
from ops.errors import Exit, OpsError, refused

HEALTH = "/api/health"
ANSWER_SECONDS = 1200.0
"""Ours: instances boot and install themselves; AWS: an Auto Scaling group starts them in one go."""
DATABASE_SECONDS = 3600.0


def run(desk: Desk, stack: str) -> None:
    """`ops dr activate`: activate one stack, and no more: visitors stay where they are."""
    target = desk.pair[stack]
    other = desk.pair[desk.pair.other_than(stack)]
    with desk.ledger.hold(LOCK, desk.options.take_over):
        desk.pair.read(desk.pair.stacks)
        operation = desk.begin("activate", other.stack, stack)
        settle_active(desk, operation, target)
        if is_active(desk, target):
            say(f"{stack} is already active")
        elif target.fenced and not target.following:
            unfence(desk, operation, target, other)
        else:
            activate(desk, operation, {"activated": True, "fenced": False})
        if operation.decided_at:
            desk.finish(operation)


def unfence(desk: Desk, operation: Operation, target: RegionStack, other: RegionStack) -> None:
    """Open a writer that was fenced for nothing. Raises OpsError (REFUSED) while the other writes."""
    if other.writes:
        raise OpsError(
            f"{other.stack} takes writes, so {target.stack} must not: `ops dr rebuild {target.stack}` makes it follow",
            Exit.REFUSED,
        )
    desk.confirm(f"Let {target.stack} take writes again?")
    promote(desk, operation, target, {"fenced": False})
    desk.sign("unfence", {"stack": target.stack})


def settle_active(desk: Desk, operation: Operation, target: RegionStack) -> None:
    """Recover what an engine left of a region that is declared active: there is nothing to decide any more."""
    if target.writes and not desk.options.dry_run:
        settle(desk, operation.timeline, target.stack)


def is_active(desk: Desk, target: RegionStack) -> bool:
    """Whether a region is active in its file, in its state and in the world; asks, and changes nothing."""
    done = {name: target.outputs.get(name) for name in ("role", "activated", "fenced")}
    if not target.writes or done != {"role": target.role, "activated": target.activated, "fenced": False}:
        return False
    if left_behind(desk.engine, target.stack):
        return False
    return is_writer(target)


def is_writer(target: RegionStack) -> bool:
    """Whether the region's database takes writes, as RDS says."""
    found = facts.database(target)
    return found is not None and not found.is_replica and found.status == "available"


def activate(desk: Desk, operation: Operation, declared: dict[str, Any]) -> None:
    """Check, quote, decide, fence, promote. `declared` are the settings that make the target a writer.

    Raises OpsError (REFUSED) with every problem at once; nothing is changed before the operator has agreed.
    """
    target, other = desk.pair[operation.target], desk.pair[operation.source]
    # Its state may be older than its activation: then there is nothing to decide any more, and nobody to fence.
    done_before = operation.decided_at is None and not target.file.changes(declared) and is_writer(target)
    if not done_before:
        if operation.decided_at is None:
            decide(desk, operation, target, other)
        else:
            amend(desk, operation)
        fence.fence(desk, operation, other)
        fence.drain(operation, target)
    promote(desk, operation, target, declared)
    with operation.timeline.step(f"wait until {target.stack} answers") as step:
        if not step.dry_run:
            answers(desk, target)


def decide(desk: Desk, operation: Operation, target: RegionStack, other: RegionStack) -> None:
    """Everything before the decision: checks, what would be lost, how the old writer is kept out, and the yes."""
    lag = check(desk, operation, target, other)
    with operation.timeline.step(f"ask whether {other.region} answers", asks=True) as step:
        answers_there = not other.following and reachable(other.region)
        step.detail = "it does" if answers_there else "it does not"
    with operation.timeline.step("quote what would be lost", asks=True):
        quoted = quote(desk.pair, target, other, other_answers=answers_there)
    for line in quoted.lines():
        say(f"          {line}")
    fence.require(desk, operation, answers=answers_there)
    desk.confirm(f"Activate {target.stack}, whose database then is no replica any more?")
    if desk.options.waive_fence:
        fence.waive(desk, operation, "answers" if answers_there else "does not answer")
    if desk.options.accept_lag is not None:
        accept_lag(desk, operation, lag)
    operation.quote = quoted.to_json()
    operation.decided_at = datetime.now(UTC)
    with operation.timeline.step("record the decision"):
        desk.save(operation)


def check(desk: Desk, operation: Operation, target: RegionStack, other: RegionStack) -> facts.Lag:
    """The preflight; the lag that it found. Raises OpsError (REFUSED) with all that stands in the way."""
    preflight = Preflight(standby=target, other=other, accepted_lag=desk.options.accept_lag)
    with operation.timeline.step(f"check {target.stack}", asks=True) as step:
        found = preflight.run()
        blocking = [finding.text for finding in found if finding.blocks]
        if blocking:
            step.detail = f"{len(blocking)} problems"
            raise refused(blocking)
        step.detail = f"{len(found)} warnings" if found else "all is there"
    for finding in found:
        say(f"          warning: {finding.text}")
    return preflight.lag


def amend(desk: Desk, operation: Operation) -> None:
    """What the operator allows on the way on from a kill: to leave the fence or the last writes."""
    if desk.options.waive_fence and not operation.waiver:
        fence.waive(desk, operation, "was not asked again")
    if desk.options.accept_lag is not None and not operation.accepted_lag:
        accept_lag(desk, operation, facts.Lag(seconds=None, age_seconds=None))
    desk.save(operation)


def accept_lag(desk: Desk, operation: Operation, lag: facts.Lag) -> None:
    """Sign the seconds that the operator accepts, beside those that were measured."""
    record = {"accepted_seconds": desk.options.accept_lag, "measured_seconds": lag.seconds}
    signed = {"stack": operation.target, **record, "age_seconds": lag.age_seconds}
    operation.accepted_lag = desk.sign("accepted-lag", signed)


def promote(desk: Desk, operation: Operation, target: RegionStack, declared: dict[str, Any]) -> None:
    """Write the stack file and have the engine make it so; a promotion that RDS has had is not sent again."""
    stack = target.stack
    if not desk.options.dry_run:
        settle(desk, operation.timeline, stack)
        settle_promotion(desk, operation.timeline, target)
    with operation.timeline.step(f"activate {stack}") as step:
        if step.dry_run:
            step.detail = f"set {', '.join(f'{key}: {value}' for key, value in declared.items())}"
            return
        StackFile.of(stack).set(declared)
        step.detail = fence.told(desk.engine.up(stack, step.progress))
        target.forget()
        facts.wait(
            f"the database of {stack} is a writer",
            lambda: facts.database(target),
            lambda found: found is not None and not found.is_replica and found.status == "available",
            seconds=DATABASE_SECONDS,
        )


def answers(desk: Desk, target: RegionStack) -> None:
    """Wait until the region's origin is healthy. Raises OpsError when it is not in time."""
    facts.wait(
        f"{target.stack} answers at its origin",
        lambda: visitor.visit(desk.pair.origin(target.stack), HEALTH).status,
        lambda status: status == 200,
        seconds=ANSWER_SECONDS,
    )
