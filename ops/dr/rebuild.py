"""Makes a region that has its own data a standby again: a new generation of its database replicates the live one."""

from ops.core import facts
from ops.core.aws import client, reachable
from ops.core.pair import RegionStack
from ops.core.session import LOCK, Session
from ops.core.steps import Timeline
from ops.dr.fence import told
from ops.dr.settle import settle
from ops.errors import Exit, OpsError, refused

SNAPSHOT_SECONDS = 7200.0
REPLICA_SECONDS = 7200.0
"""Ours: a snapshot and a cross-region replica copy 500 GiB; AWS gives no figure."""
POLL_SECONDS = 2.0


def run(session: Session, stack: str) -> None:
    """`ops dr rebuild`: for a region that was lost and answers again. Its former database is kept."""
    target = session.pair[stack]
    timeline = Timeline(dry_run=session.options.dry_run)
    with session.ledger.hold(LOCK, session.options.take_over):
        session.pair.read(session.pair.stacks)
        if not target.following:
            ready(session, target)
            session.confirm(
                f"Fence {stack}, and replace its database by a replica of {session.pair.live}'s? The former one is kept."
            )
        before = len(timeline.entries)
        rebuild(session, timeline, target)
        session.sign("rebuild", {"stack": stack, "timeline": timeline.to_json()[before:]})


def ready(session: Session, target: RegionStack) -> None:
    """Raise OpsError (REFUSED) with all that forbids a rebuild."""
    live = session.pair[session.pair.live]
    problems = []
    if live.stack == target.stack:
        problems.append(f"{target.stack} is live: visitors would lose it; flip or fail over first")
    elif not live.writes:
        problems.append(f"{live.stack} is live and takes no writes: there is nothing to replicate yet")
    if not reachable(target.region):
        problems.append(f"{target.region} does not answer: {target.stack} is rebuilt once it does")
    if problems:
        raise refused(problems)


def rebuild(session: Session, timeline: Timeline, target: RegionStack) -> None:
    """Fence, snapshot, and follow; each step sees what was done before. The caller holds the lock."""
    if not target.following:
        settled(session, timeline, target)
        keep_out(session, timeline, target)
        snapshot(timeline, target)
    follow(session, timeline, target)
    caught_up(timeline, target)


def settled(session: Session, timeline: Timeline, target: RegionStack) -> None:
    """Recover what the region's end left behind."""
    if not session.options.dry_run:
        settle(session, timeline, target.stack)


def keep_out(session: Session, timeline: Timeline, target: RegionStack) -> None:
    """Nobody writes there from here on."""
    with timeline.step(f"fence {target.stack}") as step:
        if target.fenced and target.outputs.get("fenced") is True:
            step.skip("already fenced")
        elif step.dry_run:
            step.detail = f"set fenced: true and run `pulumi up --stack {target.stack}`"
        else:
            target.file.set({"fenced": True})
            step.detail = told(session.engine.up(target.stack, step.progress))
            target.forget()


def snapshot_name(database: str) -> str:
    """The snapshot that keeps a former database, whatever happens to its instance."""
    return f"{database}-kept"


def snapshot(timeline: Timeline, target: RegionStack) -> None:
    """Take a snapshot of the diverged database, and wait until it is there."""
    from botocore.exceptions import ClientError

    rds = client("rds", target.region)
    database = str(target.output("database_identifier"))
    name = snapshot_name(database)
    with timeline.step(f"snapshot of {database}") as step:
        step.detail = name
        if step.dry_run:
            return
        try:
            rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=database)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("DBSnapshotAlreadyExists", "DBSnapshotAlreadyExistsFault"):
                raise
        facts.wait(
            f"snapshot {name}",
            lambda: snapshot_status(target, name),
            lambda status: status == "available",
            seconds=SNAPSHOT_SECONDS,
            pause=POLL_SECONDS,
        )


def snapshot_status(target: RegionStack, name: str) -> str:
    """What RDS says of a snapshot; `missing` where there is none."""
    from botocore.exceptions import ClientError

    try:
        (found,) = client("rds", target.region).describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("DBSnapshotNotFound", "DBSnapshotNotFoundFault"):
            return "missing"
        raise
    return str(found["Status"])


def follow(session: Session, timeline: Timeline, target: RegionStack) -> None:
    """Declare the region a standby with a new generation of its database, and have the engine make it."""
    stack = target.stack
    declared: dict[str, object] = {} if target.following else following(target)
    with timeline.step(f"make {stack} follow {target.follows}") as step:
        if step.dry_run:
            step.detail = f"set {', '.join(f'{key}: {value}' for key, value in declared.items())}"
            return
        if not declared:
            settle(session, timeline, stack)
        target.file.set(declared)
        step.detail = told(session.engine.up(stack, step.progress))
        target.forget()


def following(target: RegionStack) -> dict[str, object]:
    """The settings of a standby whose former database is kept; written in one move, so that they hold or do not."""
    return {
        "role": "standby",
        "activated": False,
        "fenced": False,
        "database.generation": target.generation + 1,
        "database.kept_generations": [*target.kept_generations, target.generation],
    }


def caught_up(timeline: Timeline, target: RegionStack) -> None:
    """Wait until the new replica is available and within the limit of its lag."""
    limit = int(target.file.get("recovery.max_replica_lag_seconds"))
    with timeline.step(f"wait for the replica of {target.stack}") as step:
        if step.dry_run:
            return

        def state() -> str:
            found = facts.database(target)
            if found is None or found.status != "available":
                return f"the replica is {found.status if found else 'missing'}"
            lag = facts.lag(target)
            if not lag.is_known or lag.seconds is None:
                return "no fresh figure of its lag"
            return "" if lag.seconds <= limit else f"{lag.seconds:.0f} s behind, {limit} s are allowed"

        facts.wait(f"the replica of {target.stack}", state, lambda problem: not problem, seconds=REPLICA_SECONDS)
        step.detail = f"{facts.lag(target).seconds or 0:.0f} s behind"


def refuse_diverged(target: RegionStack) -> OpsError:
    """Why a region is not failed back to yet."""
    return OpsError(
        f"the data of {target.stack} has diverged: its database is no replica of the live one; run "
        f"`ops dr rebuild {target.stack}` first, or give --rebuild",
        Exit.REFUSED,
    )
