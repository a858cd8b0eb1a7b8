"""How a command changes a stack: settings in its file, then the engine, so that the file always matches what runs."""

from collections.abc import Mapping, Sequence

from ops.core import busy
from ops.core.engine import summary
from ops.core.pair import RegionStack
from ops.core.session import Session
from ops.core.settle import settle
from ops.core.steps import Step, StepRun, Timeline, waits
from ops.errors import OpsError

FENCED = ("**aws:ec2/networkAcl:NetworkAcl::*", "**aws:autoscaling/group:Group::*")
"""The resources that a fence changes by direct calls."""
LATER_SECONDS = 900.0
"""Our choice: if a service of the region hangs, a provider retries for an hour."""


def apply(
    session: Session,
    stack: RegionStack,
    values: Mapping[str, object],
    step: StepRun,
    *,
    fenced: bool = False,
    targets: Sequence[str] = (),
) -> str:
    """Write settings to the stack file and run the engine. Returns what it changed, or in a dry run what it would set.

    After a fence that the stack may not know of (`fenced`), the engine refreshes first: otherwise it would see nothing
    to open. `targets` are URNs or patterns, if nothing else is to be changed.
    """
    if step.dry_run:
        return f"set {shown(values)}"
    session.ledger.require_hold()
    if fenced:
        session.engine.refresh(stack.stack, step.progress, FENCED)
    stack.declare(values)
    try:
        changed = summary(busy.up(session, stack, step, targets))
    finally:
        stack.forget()
    stack.closed = False
    return changed


def apply_later(
    session: Session,
    timeline: Timeline,
    stack: RegionStack,
    declared: Step,
    values: Mapping[str, object],
    *,
    fenced: bool = False,
) -> str:
    """`apply` as a separate step that no visitor waits for. Returns what failed, empty for nothing.

    First repairs what a killed engine left. Everything is ended after `LATER_SECONDS`.
    """
    try:
        with session.engine.at_most(LATER_SECONDS):
            settle(session, timeline, stack.stack)
            with timeline.step(declared, stack=stack.stack) as step:
                waits("the engine", LATER_SECONDS)
                if values or not step.dry_run:
                    step.detail = apply(session, stack, values, step, fenced=fenced)
    except OpsError as error:
        return error.message
    return ""


def shown(values: Mapping[str, object]) -> str:
    """Settings as a dry run shows them."""
    return ", ".join(f"{key}: {value}" for key, value in values.items())
