"""Deletes a former database that a rebuild has kept: by its generation, and only if its snapshot exists."""

from typing import Any

from ops.core import busy, facts, snapshots
from ops.core.apply import apply
from ops.core.aws import client
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Session
from ops.core.settle import databases, settle
from ops.core.steps import CHANGING, Plan, Step, Timeline, named, say
from ops.errors import Exit, OpsError, refused

INSTANCE = "database-instance"

UNPROTECT = Step(
    name="unprotect generation {generation} of {stack}",
    does="Removes the protection of the database, in the state and in RDS.",
)
DELETE = Step(
    name="delete generation {generation} of {stack}",
    does="Runs `pulumi up` with a stack file that no longer retains it; RDS takes a final snapshot of its own.",
)
PLAN = Plan(
    steps=named((RECOVER, UNPROTECT, DELETE), stack="STACK", generation="GENERATION"),
    exits=CHANGING,
)


def of_generation(session: Session, stack: str, generation: int) -> dict[str, dict[str, Any]]:
    """The URN of a generation's database in the stack's state; empty if it has none."""
    name = INSTANCE if generation == 1 else f"{INSTANCE}-{generation}"
    return {row["urn"]: row for row in databases(session, stack) if row["urn"].endswith(f"::{name}")}


def drop_database(session: Session, stack: str, generation: int) -> Timeline:
    """`ops dr drop`: delete one former database. Its snapshot stays, and RDS takes a final one. Returns what was
    done."""
    target = session.pair[stack]
    with session.hold() as timeline:
        if unfinished := session.under_way():
            # An `up` of the stack would go on with it, without its checks.
            raise refused(unfinished)
        settle(session, timeline, stack)
        session.read()
        urns = of_generation(session, stack, generation)
        retained = target.settings.database.retained_generations
        if generation not in retained and not urns:
            say(f"{stack} has not kept generation {generation}; it keeps: {retained or 'none'}")
            return timeline
        if generation == target.settings.database.generation:
            raise OpsError(f"generation {generation} of {stack} is in use", Exit.REFUSED)
        identifiers = {urn: str(row["outputs"]["identifier"]) for urn, row in urns.items()}
        problems = [
            f"the snapshot {identifier}{snapshots.KEPT}... is {status}: without it the data would be lost"
            for identifier in identifiers.values()
            if (status := snapshots.kept(target, identifier)) != "available"
        ]
        if problems:
            raise refused(problems)
        session.confirm(f"Permanently delete {', '.join(identifiers.values())}? Its snapshot stays.")
        with timeline.step(UNPROTECT, stack=stack, generation=generation) as step:
            step.detail = ", ".join(identifiers.values())
            for urn, identifier in () if step.dry_run else identifiers.items():
                session.engine.unprotect(stack, urn)
                if facts.database(target, identifier):
                    _unprotect(target, identifier)
        with timeline.step(DELETE, stack=stack, generation=generation) as step:
            kept = [number for number in retained if number != generation]
            step.detail = apply(session, target, {"database.retained_generations": kept}, step)
        session.record("drop", {"stack": stack, "generation": generation, "databases": [*identifiers.values()]})
    return timeline


def _unprotect(target: RegionStack, identifier: str) -> None:
    asked = {"DBInstanceIdentifier": identifier, "DeletionProtection": False, "ApplyImmediately": True}
    busy.patiently(target, identifier, lambda: client("rds", target.region).modify_db_instance(**asked))
