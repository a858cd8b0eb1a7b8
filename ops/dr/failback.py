"""Failback: the former primary, rebuilt as a replica, takes over again, and the other region becomes its standby."""

from functools import partial
from typing import Any

from ops.core.aws import reachable
from ops.core.facts import side_by_side
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Operation, Session
from ops.core.steps import SERVING, Plan, Step, named, say
from ops.dr import activate as activation
from ops.dr import failover, fence, flip, promotion
from ops.dr import rebuild as rebuilding
from ops.errors import Exit, OpsError, refused

PRIMARY: dict[str, Any] = {"role": "primary", "activated": False, "fenced": False}
PREVIEW = Step(
    name="preview every stack",
    does="Shows that another `pulumi up` of any stack changes nothing.",
)
STEPS = (
    *(activation.CHECK, *rebuilding.STEPS, *activation.DECIDE),
    *named((fence.EMPTY,), stack="{other}"),
    *(*activation.ACT, *flip.STEPS, RECOVER, promotion.REST),
    *named(rebuilding.STEPS, stack="{other}", other="{stack}"),
    PREVIEW,
)
PLAN = Plan(steps=named(STEPS, stack="TO", other="OTHER"), exits=SERVING)


def failback(session: Session, to: str) -> Operation:
    """`ops dr failback --to`: safe to run again at any point. Returns the completed operation."""
    target, other = session.pair[to], session.pair[session.pair.other_than(to)]
    with session.operate("failback", to, PLAN) as operation:
        begun = operation.decided_at is not None
        follows = other.following and not other.undone
        if not begun and session.pair.is_routed_to(to) and follows and activation.is_active(session, target):
            say(f"{to} is the primary and live already, and {other.stack} follows it")
            return operation
        if not begun:
            _ready(session, target)
            _rebuilt(session, operation, target, other)
        with session.loading_edge():
            if session.options.dry_run and not (begun or target.following):
                operation.timeline.foresee(activation.FORESEEN, stack=to, other=other.stack)
            elif not activation.is_active(session, target):
                activation.activate(session, operation, PRIMARY)
            failover.flip_after_activation(session, operation.timeline, to)
        rest = named((rebuilding.FOLLOW, rebuilding.CATCH_UP), stack=other.stack, other=to)
        session.served(operation, *named((promotion.REST,), stack=to), *rest)
        missing = promotion.complete(session, operation.timeline, target)
        if not reachable(other.region):
            silent = f"{other.region} does not answer: run the same command once it does"
            promotion.require_all(f"{to} serves", missing, silent)
        # Its database, which was fenced before, is kept too.
        rebuilding.rebuild(session, operation.timeline, other)
        failover.close(session, operation)
        # Last, because another person's unapplied change must not keep the failback unfinished.
        _converged(session, operation, missing)
        return operation


def _ready(session: Session, target: RegionStack) -> None:
    """Raise OpsError (REFUSED) with everything that prevents a failback."""
    problems = []
    other = session.pair[session.pair.other_than(target.stack)]
    if session.pair.live == target.stack:
        problems.append(
            f"{target.stack} is live already: `ops dr rebuild {other.stack}` makes {other.stack} its standby"
        )
    elif target.following and not reachable(other.region):
        problems.append(f"{other.region} does not answer: `ops dr failover --to {target.stack}` does without it")
    if not reachable(target.region):
        problems.append(f"{target.region} does not answer")
    if problems:
        raise refused(problems)


def _rebuilt(session: Session, operation: Operation, target: RegionStack, other: RegionStack) -> None:
    """Ensure that the target follows the live region, if necessary with --rebuild. Otherwise raises OpsError
    (REFUSED)."""
    if not session.options.rebuild:
        if target.following:
            return
        raise OpsError(
            f"the data of {target.stack} has diverged: its database is not a replica of the live one; run "
            f"`ops dr rebuild {target.stack}` first, or give --rebuild",
            Exit.REFUSED,
        )
    if not target.following:
        # A rebuild takes hours, so problems that would refuse the activation are checked before it.
        activation.check(session, operation, target, other, promotes=False)
        rebuilding.agree(session, target)
    rebuilding.rebuild(session, operation.timeline, target)


def _converged(session: Session, operation: Operation, missing: str) -> None:
    """Check that another `pulumi up` of any stack would change nothing. Raises OpsError with the changes and their
    reason."""
    if session.options.dry_run:
        operation.timeline.foresee((PREVIEW,))
        return
    with operation.timeline.step(PREVIEW) as step:
        stacks = [stack.stack for stack in session.pair.all]
        found = side_by_side({stack: partial(session.engine.preview_changes, stack) for stack in stacks})
        step.detail = f"{sum(sum(changes.values()) for changes in found.values())} changes"
    problems = [
        f"`pulumi up --stack {stack}` would still change: {changes}" for stack, changes in found.items() if changes
    ]
    promotion.require_all(f"{operation.target} is the primary again, and live", missing, *problems)
