"""Failback: the former primary, rebuilt as a replica, takes over again, and the other region becomes its standby."""

from functools import partial
from typing import Any

from ops.core.aws import reachable
from ops.core.facts import side_by_side
from ops.core.pair import RegionStack
from ops.core.session import LOCK, Operation, Session
from ops.core.steps import say
from ops.dr import rebuild as rebuilding
from ops.dr.activate import activate, is_active
from ops.dr.failover import close, flip_or_say
from ops.errors import OpsError, refused

PRIMARY: dict[str, Any] = {"role": "primary", "activated": False, "fenced": False}


def failback(session: Session, to: str) -> Operation:
    """`ops dr failback --to`: safe to run again at any point. The operation, as it was done."""
    target, other = session.pair[to], session.pair[session.pair.other_than(to)]
    with session.ledger.hold(LOCK, session.options.take_over):
        session.pair.read(session.pair.stacks)
        operation = session.begin("failback", other.stack, to)
        if operation.decided_at is None and session.pair.live == to and is_active(session, target) and other.following:
            say(f"{to} is the primary and live already, and {other.stack} follows it")
            return operation
        if operation.decided_at is None:
            _ready(session, target)
            _rebuilt(session, operation, target)
        with session.loading_edge():
            if not is_active(session, target):
                activate(session, operation, PRIMARY)
            flip_or_say(session, operation)
        # Its database, fenced before, is kept as well.
        rebuilding.rebuild(session, operation.timeline, other)
        _converged(session, operation)
        close(session, operation)
        return operation


def _ready(session: Session, target: RegionStack) -> None:
    """Raise OpsError (REFUSED) with all that forbids a failback."""
    problems = []
    if session.pair.live == target.stack:
        other = session.pair.other_than(target.stack)
        problems.append(f"{target.stack} is live already: `ops dr rebuild {other}` makes {other} follow it")
    if not reachable(target.region):
        problems.append(f"{target.region} does not answer")
    if problems:
        raise refused(problems)


def _rebuilt(session: Session, operation: Operation, target: RegionStack) -> None:
    """The target follows the live region, or is made to with --rebuild. Raises OpsError (REFUSED) without."""
    if target.following:
        if session.options.rebuild:
            rebuilding.rebuild(session, operation.timeline, target)
        return
    if not session.options.rebuild:
        raise rebuilding.refuse_diverged(target)
    rebuilding.ready(session, target)
    session.confirm(f"Fence {target.stack}, and replace its database by a replica? The former one is kept.")
    rebuilding.rebuild(session, operation.timeline, target)


def _converged(session: Session, operation: Operation) -> None:
    """Another `pulumi up` of any stack would change nothing. Raises OpsError with what it would change."""
    if session.options.dry_run:
        return
    stacks = [*session.pair.stacks, session.pair.edge]
    with operation.timeline.step("preview of every stack") as step:
        found = side_by_side({stack: partial(session.engine.preview_changes, stack) for stack in stacks})
        step.detail = f"{sum(sum(changes.values()) for changes in found.values())} changes"
    problems = [
        f"`pulumi up --stack {stack}` would still change: {changes}" for stack, changes in found.items() if changes
    ]
    if problems:
        raise OpsError("\n".join(problems))
