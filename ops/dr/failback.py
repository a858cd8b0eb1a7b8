"""Failback: the former primary, rebuilt as a replica, takes over again, and the other region becomes its standby."""

from functools import partial
from typing import Any

from ops.core.aws import reachable
from ops.core.facts import aside
from ops.core.pair import RegionStack
from ops.core.session import LOCK, Desk, Operation
from ops.core.steps import say
from ops.dr import rebuild as rebuilding
from ops.dr.activate import activate, is_active
from ops.dr.failover import close, flip_or_say
from ops.errors import OpsError, refused

PRIMARY: dict[str, Any] = {"role": "primary", "activated": False, "fenced": False}


def failback(desk: Desk, to: str) -> Operation:
    """`ops dr failback --to`: safe to run again at any point. The operation, as it was done."""
    target, other = desk.pair[to], desk.pair[desk.pair.other_than(to)]
    with desk.ledger.hold(LOCK, desk.options.take_over):
        desk.pair.read(desk.pair.stacks)
        operation = desk.begin("failback", other.stack, to)
        if operation.decided_at is None and desk.pair.live == to and is_active(desk, target) and other.following:
            say(f"{to} is the primary and live already, and {other.stack} follows it")
            return operation
        if operation.decided_at is None:
            _ready(desk, target)
            _rebuilt(desk, operation, target)
        with desk.loading_edge():
            if not is_active(desk, target):
                activate(desk, operation, PRIMARY)
            flip_or_say(desk, operation)
        # Its database, fenced before, is kept as well.
        rebuilding.rebuild(desk, operation.timeline, other)
        _converged(desk, operation)
        close(desk, operation)
        return operation


def _ready(desk: Desk, target: RegionStack) -> None:
    """Raise OpsError (REFUSED) with all that forbids a failback."""
    problems = []
    if desk.pair.live == target.stack:
        other = desk.pair.other_than(target.stack)
        problems.append(f"{target.stack} is live already: `ops dr rebuild {other}` makes {other} follow it")
    if not reachable(target.region):
        problems.append(f"{target.region} does not answer")
    if problems:
        raise refused(problems)


def _rebuilt(desk: Desk, operation: Operation, target: RegionStack) -> None:
    """The target follows the live region, or is made to with --rebuild. Raises OpsError (REFUSED) without."""
    if target.following:
        if desk.options.rebuild:
            rebuilding.rebuild(desk, operation.timeline, target)
        return
    if not desk.options.rebuild:
        raise rebuilding.refuse_diverged(target)
    rebuilding.ready(desk, target)
    desk.confirm(f"Fence {target.stack}, and replace its database by a replica? The former one is kept.")
    rebuilding.rebuild(desk, operation.timeline, target)


def _converged(desk: Desk, operation: Operation) -> None:
    """Another `pulumi up` of any stack would change nothing. Raises OpsError with what it would change."""
    if desk.options.dry_run:
        return
    stacks = [*desk.pair.stacks, desk.pair.edge]
    with operation.timeline.step("preview of every stack") as step:
        found = aside({stack: partial(desk.engine.preview_changes, stack) for stack in stacks})
        step.detail = f"{sum(sum(changes.values()) for changes in found.values())} changes"
    problems = [
        f"`pulumi up --stack {stack}` would still change: {changes}" for stack, changes in found.items() if changes
    ]
    if problems:
        raise OpsError("\n".join(problems))
