"""Makes a stack's state match reality after an engine was killed."""

from typing import Any

from ops.core import facts
from ops.core.engine import Engine
from ops.core.objects import objects
from ops.core.pair import RegionStack
from ops.core.recovery import STATE_FOLDER, recover
from ops.core.recovery.locks import locks, removable
from ops.core.recovery.recovery import Recovery
from ops.core.session import Session
from ops.core.stack_files import project_name
from ops.core.steps import Step, Timeline
from ops.errors import OpsError

DATABASE_TYPE = "aws:rds/instance:Instance"
READ_BACK = Step(
    name="read back the promoted database",
    does="Records a promotion that RDS has already made in the state of {stack}, so that it is not sent again.",
    unless="the state agrees with RDS",
)


def left_behind(engine: Engine, stack: str) -> bool:
    """Whether a killed engine left its lock or a pending operation; a running engine counts too."""
    return Recovery(stack, Timeline(), engine, objects(STATE_FOLDER)).needed()


def in_use(stack: str) -> str:
    """A message about an engine that holds the stack and runs, or may run on another machine, and what to do; else
    empty."""
    try:
        removable(locks(objects(STATE_FOLDER), project_name(), stack), stack, take=False)
    except OpsError as error:
        return error.message
    return ""


def engine_of(engine: Engine, stack: str) -> str:
    """A message about a running or killed engine, or about an unreadable state, which is for `ops recover` too."""
    try:
        if not left_behind(engine, stack):
            return ""
    except OpsError as error:
        return f"{error.message.splitlines()[0]}: `ops recover {stack}`"
    return in_use(stack) or f"an engine was killed: `ops recover {stack}`"


def settle(session: Session, timeline: Timeline, stack: str) -> None:
    """Recover the stack if necessary, within the session's time limit; not in a dry run.

    Raises OpsError BUSY if its engine runs.
    """
    if not session.options.dry_run and left_behind(session.engine, stack):
        # Searches only for what was interrupted or lost: the engine's own `up` comes next.
        recover(stack, timeline, session.engine, quick=True)
        for known in session.pair.all:
            known.forget()


def settle_promotion(session: Session, timeline: Timeline, target: RegionStack) -> None:
    """Record a completed promotion in the state: otherwise the engine would request it again."""
    if session.options.dry_run:
        return
    if behind := unknown_promotions(session, target):
        with timeline.step(READ_BACK, stack=target.stack) as step:
            session.engine.refresh(target.stack, step.progress, behind)


def unknown_promotions(session: Session, target: RegionStack) -> list[str]:
    """The URN of a database that is a replica in the stack's state, but no longer in RDS."""
    found = facts.database(target)
    if found is None or found.is_replica:
        return []
    return [
        resource["urn"]
        for resource in databases(session, target.stack)
        if resource["outputs"].get("identifier") == found.identifier and resource["outputs"].get("replicateSourceDb")
    ]


def databases(session: Session, stack: str) -> list[dict[str, Any]]:
    """The stack's databases in its state, including former generations."""
    resources = session.engine.export(stack)["deployment"].get("resources") or []
    return [resource for resource in resources if resource["type"] == DATABASE_TYPE and resource.get("outputs")]
