"""Removes a former database that a rebuild has kept: by its generation, and only while its snapshot is there."""

from ops.core import facts
from ops.core.aws import client
from ops.core.session import LOCK, Desk
from ops.core.steps import Timeline, say
from ops.dr.fence import told
from ops.dr.rebuild import snapshot_name, snapshot_status
from ops.dr.settle import databases, settle
from ops.errors import Exit, OpsError, refused

INSTANCE = "database-instance"


def run(desk: Desk, stack: str, generation: int) -> None:
    """`ops dr drop`: delete one former database. Its snapshot stays, and RDS takes a last one of its own."""
    target = desk.pair[stack]
    timeline = Timeline(dry_run=desk.options.dry_run)
    with desk.ledger.hold(LOCK, desk.options.take_over):
        if not desk.options.dry_run:
            settle(desk, timeline, stack)
        desk.pair.read([stack])
        name = logical_name(generation)
        urns = {row["urn"]: row for row in databases(desk, stack) if row["urn"].endswith(f"::{name}")}
        declared = generation in target.kept_generations
        if not declared and not urns:
            say(f"{stack} keeps no generation {generation}; it keeps: {target.kept_generations or 'none'}")
            return
        if generation == target.generation:
            raise OpsError(f"generation {generation} of {stack} is in use", Exit.REFUSED)
        identifiers = [str(row["outputs"]["identifier"]) for row in urns.values()]
        problems = [
            f"snapshot {snapshot_name(identifier)} is {status}: without it the data would be lost"
            for identifier in identifiers
            if (status := snapshot_status(target, snapshot_name(identifier))) != "available"
        ]
        if problems:
            raise refused(problems)
        desk.confirm(f"Delete {', '.join(identifiers)} for good? Its snapshot stays.")
        with timeline.step(f"let go of generation {generation} of {stack}") as step:
            step.detail = ", ".join(identifiers)
            if not step.dry_run:
                for urn, row in urns.items():
                    desk.engine.unprotect(stack, urn)
                    identifier = str(row["outputs"]["identifier"])
                    if facts.database(target, identifier):
                        client("rds", target.region).modify_db_instance(
                            DBInstanceIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True
                        )
        with timeline.step(f"delete it with `pulumi up --stack {stack}`") as step:
            if not step.dry_run:
                kept = [number for number in target.kept_generations if number != generation]
                target.file.set({"database.kept_generations": kept})
                step.detail = told(desk.engine.up(stack, step.progress))
        desk.sign("drop", {"stack": stack, "generation": generation, "databases": identifiers})


def logical_name(generation: int) -> str:
    """The engine's name for a generation of the database."""
    return INSTANCE if generation == 1 else f"{INSTANCE}-{generation}"
