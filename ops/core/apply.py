"""How a command changes a stack: settings in its file, then the engine, so that the file says what runs."""

from collections.abc import Mapping

from ops.core.engine import summary
from ops.core.pair import RegionStack
from ops.core.session import Session
from ops.core.steps import StepRun


def apply(session: Session, stack: RegionStack, values: Mapping[str, object], step: StepRun) -> str:
    """Write settings into the stack file and have the engine make them so; what it changed."""
    session.ledger.require_hold()
    stack.declare(values)
    changed = summary(session.engine.up(stack.stack, step.progress))
    stack.forget()
    return changed


def shown(values: Mapping[str, object]) -> str:
    """Settings as a dry run shows them."""
    return ", ".join(f"{key}: {value}" for key, value in values.items())
