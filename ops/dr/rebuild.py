"""Makes a region with its own data a standby again: a new generation of its database replicates the live one."""

from ops.core import facts, snapshots
from ops.core.apply import apply
from ops.core.aws import reachable
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Session
from ops.core.settle import settle
from ops.core.steps import CHANGING, Plan, Step, Timeline, named
from ops.dr import fence
from ops.errors import refused

REPLICA_SECONDS = 21_600.0
"""Our choice: a cross-region replica copies 500 GiB; AWS gives no figure."""

SNAPSHOT = Step(
    name="snapshot the database of {stack}",
    does="Takes a snapshot of the diverged database, and waits until it is available.",
    unless="{stack} follows already",
)
FOLLOW = Step(
    name="make {stack} follow {other}",
    does="Runs `pulumi up` with a new generation of the database, which is a replica. The former one is kept.",
)
CATCH_UP = Step(
    name="wait for the replica of {stack}",
    does="Waits until the replica is available and its lag is within `recovery.max_replica_lag_seconds`.",
)
STEPS = (RECOVER, fence.FENCE, SNAPSHOT, FOLLOW, CATCH_UP)
PLAN = Plan(steps=named(STEPS, stack="STACK", other="OTHER"), exits=CHANGING)


def rebuild_standby(session: Session, stack: str) -> Timeline:
    """`ops dr rebuild`: for a region that was lost and answers again. Its former database is kept. Returns what was
    done."""
    target = session.pair[stack]
    with session.hold() as timeline:
        session.read()
        if unfinished := session.under_way():
            # It may be about to promote the database that would be replaced.
            raise refused(unfinished)
        if not target.following:
            # An `up` would first delete resources around a protected one, and then fail.
            target.unapplied("rebuild")
            agree(session, target)
        rebuild(session, timeline, target)
        session.record("rebuild", {"stack": stack, "timeline": timeline.to_json()})
    return timeline


def agree(session: Session, target: RegionStack) -> None:
    """Ask the operator to confirm. Raises OpsError (REFUSED) with everything that prevents a rebuild."""
    live = session.pair[session.pair.live]
    problems = []
    if live.stack == target.stack:
        problems.append(f"{target.stack} is live: visitors would lose it; flip or fail over first")
    elif not live.writes:
        problems.append(f"{live.stack} is live but takes no writes: there is nothing to replicate yet")
    elif not reachable(live.region):
        problems.append(f"{live.region}, which is live, does not answer: there is nothing to replicate")
    if not reachable(target.region):
        problems.append(f"{target.region} does not answer: rebuild {target.stack} once it does")
    if problems:
        raise refused(problems)
    session.confirm(
        f"Fence {target.stack}, and replace its database with a replica of {live.stack}'s? The former one is kept."
    )


def rebuild(session: Session, timeline: Timeline, target: RegionStack) -> None:
    """Fence, snapshot, and follow; each step detects what was already done. The caller holds the lock."""
    settle(session, timeline, target.stack)
    if not target.following:
        fence.fence(session, timeline, target)
        snapshot(timeline, target)
    follow(session, timeline, target)
    catch_up(timeline, target)


def snapshot_name(database: str, topology: int) -> str:
    """The snapshot of a database after its last fence.

    The fence raised `topology`, which distinguishes it from a snapshot of an earlier rebuild, before the region was
    opened again.
    """
    return f"{database}{snapshots.KEPT}{topology}"


def snapshot(timeline: Timeline, target: RegionStack) -> None:
    """Take a snapshot of the diverged database, and wait until it is complete."""
    name = snapshot_name(str(target.output("database_identifier")), target.settings.topology)
    with timeline.step(SNAPSHOT, stack=target.stack) as step:
        step.detail = name
        if not step.dry_run:
            snapshots.take(target, name)


def follow(session: Session, timeline: Timeline, target: RegionStack) -> None:
    """Declare the region a standby with a new generation of its database, and run the engine."""
    declared: dict[str, object] = {} if target.following else following(target)
    with timeline.step(FOLLOW, stack=target.stack, other=target.follows) as step:
        step.detail = apply(session, target, declared, step, fenced=bool(declared))


def following(target: RegionStack) -> dict[str, object]:
    """The settings of a standby whose former database is kept; written atomically."""
    database = target.settings.database
    return {
        "role": "standby",
        "activated": False,
        "fenced": False,
        "database.generation": database.generation + 1,
        "database.retained_generations": [*database.retained_generations, database.generation],
    }


def catch_up(timeline: Timeline, target: RegionStack) -> None:
    """Wait until the new replica is available and its lag is within the limit."""
    limit = int(target.file.get("recovery.max_replica_lag_seconds"))
    with timeline.step(CATCH_UP, stack=target.stack) as step:
        if step.dry_run:
            return

        def state() -> str:
            found = facts.database(target)
            if found is None or found.status not in facts.USABLE:
                return f"the replica is {found.status if found else 'missing'}"
            lag = facts.lag(target)
            if not lag.is_known or lag.seconds is None:
                return "no recent value for its lag"
            step.detail = f"{lag.seconds:.0f} s behind"
            return "" if lag.seconds <= limit else f"{lag.seconds:.0f} s behind, but only {limit} s are allowed"

        facts.wait(f"the replica of {target.stack}", state, lambda problem: not problem, seconds=REPLICA_SECONDS)
