"""Snapshots of a database that outlive changes to it."""

from ops.core import busy, facts
from ops.core.aws import client, if_present, rows
from ops.core.pair import RegionStack
from ops.errors import OpsError

SNAPSHOT_SECONDS = 7200.0
"""Our choice, for 500 GiB: AWS gives no figure."""
MISSING, FAILED = "missing", "failed"
KEPT = "-kept-"
"""Between a former database's identifier and the number of its snapshot."""


def status(stack: RegionStack, name: str) -> str:
    """The status of a snapshot in RDS; `missing` if there is none."""
    rds = client("rds", stack.region)
    answer = if_present(lambda: rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"])
    return str(answer[0]["Status"]) if answer else MISSING


def kept(stack: RegionStack, database: str) -> str:
    """The status of the newest snapshot that a rebuild took of a database; `missing` if there is none."""
    asked = {"DBInstanceIdentifier": database, "SnapshotType": "manual"}
    found = {
        int(number): str(row["Status"])
        for row in rows(client("rds", stack.region), "describe_db_snapshots", **asked)
        if (number := row["DBSnapshotIdentifier"].removeprefix(f"{database}{KEPT}")).isdecimal()
    }
    return found[max(found)] if found else MISSING


def take(stack: RegionStack, name: str) -> None:
    """Take a snapshot of the stack's database, or wait for the one that a killed command started.

    First waits while the database is being backed up or changed.

    Raises OpsError if it fails, or is not complete in time.
    """
    if status(stack, name) == MISSING:
        database = str(stack.output("database_identifier"))
        asked = {"DBSnapshotIdentifier": name, "DBInstanceIdentifier": database}
        busy.patiently(stack, database, lambda: client("rds", stack.region).create_db_snapshot(**asked))
    ended = facts.wait(
        f"snapshot {name}",
        lambda: status(stack, name),
        lambda found: found in ("available", FAILED),
        seconds=SNAPSHOT_SECONDS,
    )
    if ended == FAILED:
        raise OpsError(f"snapshot {name} failed: delete it in RDS, then run the same command again")
