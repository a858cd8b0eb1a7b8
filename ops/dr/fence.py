"""Prevents writes in the old region: it is fenced if it answers, or its fence is waived with a reason."""

from datetime import datetime

from hosts.roles import APPLICATION_ROLES, WEB, HostRole
from ops.core import facts, hosts
from ops.core.apply import apply_later
from ops.core.aws import client
from ops.core.interruption import TooLongError
from ops.core.pair import RegionStack
from ops.core.session import Operation, Session
from ops.core.steps import Step, Timeline
from ops.errors import Exit, OpsError

DRAIN_SECONDS = 300.0
CLOSE_SECONDS = 60.0
"""Our choice: if a service of the region hangs, a waiver is offered after a minute."""
HOSTS_SECONDS = 900.0
"""Our choice: a worker finishes its job first."""

QUEUES_SECONDS = 1200.0
"""Our choice: SQS delays a message by at most 15 minutes (SQS API, SendMessage, DelaySeconds)."""

SILENT = "does not answer"
"""A waiver's status for a region that did not answer; it is no longer valid once that region answers."""

EMPTY = Step(
    name="let the queues of {stack} run empty",
    does="Sets the web hosts of {stack} to 0 by direct calls, and waits up to 20 minutes until the workers have "
    "finished every job. `--force` with a reason leaves the remaining jobs behind.",
    unless="{stack} is fenced already",
)
FENCE = Step(
    name="fence {stack}",
    does="Closes the network ACL of {stack}'s data tier and sets the groups of its hosts to 0, by direct calls to AWS "
    "within a minute. Then waits up to 15 minutes until no host is running.",
    unless="it is fenced already, it follows, or its fence is waived",
)
DRAIN = Step(
    name="wait for {stack} to receive the last writes",
    does="Waits until, after the fence, no client was connected to the fenced database for a whole minute, and then "
    "until RDS reports no replica lag.",
    unless="the fence is waived, or the replica is promoted already",
)
DECLARE = Step(
    name="declare the fence of {stack}",
    does="Runs `pulumi up` with `fenced: true`, so that the stack records the fence; visitors are served by then.",
    unless="the stack knows of it, it follows, or its fence is waived",
)


def problem(session: Session, stack: str, silent: str) -> str:
    """Why a writer can neither be fenced nor left unfenced, and which option to give; else empty.

    `silent` is what does not answer there.
    """
    if silent and not session.options.waive_fence:
        return (
            f"{silent} does not answer, so {stack} cannot be fenced: once you are sure that nothing writes there, "
            'give --waive-fence "REASON"; it is recorded with your name'
        )
    if not silent and session.options.waive_fence and not session.options.waive_answering:
        return (
            f"the region of {stack} answers, so it will be fenced: omit --waive-fence; if fencing it fails, give "
            "--waive-fence twice, and anything written there from then on is lost"
        )
    return ""


def require(session: Session, operation: Operation, *, answers: bool) -> None:
    """Raise OpsError (REFUSED) unless the old writer can be fenced, or its fence is waived."""
    if found := problem(session, operation.source, "" if answers else session.pair[operation.source].region):
        raise OpsError(found, Exit.REFUSED)


def waive(session: Session, operation: Operation, *, answers: bool) -> None:
    """Record that the old writer is not fenced, and whether its region answered."""
    region = "answers" if answers else SILENT
    waiver = {"reason": session.options.waive_fence, "stack": operation.source, "region": region}
    operation.waiver = session.record("waiver", waiver)


def empty_queues(session: Session, timeline: Timeline, stack: RegionStack) -> None:
    """In a planned move, let a region finish its jobs first, because its queues exist only there.

    Raises OpsError with the number of remaining jobs, unless they are left behind for a reason.
    """
    with timeline.step(EMPTY, stack=stack.stack) as step:
        if stack.is_fenced:
            step.skip("already fenced")
            return
        if step.dry_run:
            return
        session.ledger.require_hold()
        stack.declare({"fenced": True})
        _end(stack, WEB)
        try:
            facts.wait("jobs are left", lambda: facts.queued(stack), lambda jobs: jobs == 0, seconds=QUEUES_SECONDS)
            step.detail = "no job is left"
        except TooLongError as error:
            if not session.options.force:
                raise OpsError(
                    f'{stack.stack}: {error.message}. Run the same command again to keep waiting; --force "REASON" '
                    f"leaves them behind, and `ops dr abort` opens {stack.stack} again"
                ) from None
            left = {"stack": stack.stack, "reason": session.options.force, "left": error.message}
            session.record("jobs-left-behind", left)
            step.detail = error.message


def _end(stack: RegionStack, *roles: HostRole) -> list[str]:
    """Terminate the hosts of these roles. Returns their groups."""
    groups = hosts.all_groups(stack, *roles)
    scaling = client("autoscaling", stack.region)
    for name in groups:
        scaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=0, MaxSize=0, DesiredCapacity=0)
    return groups


def fence(session: Session, timeline: Timeline, stack: RegionStack, waived: str | None = None) -> None:
    """Close a region to writers, unless that was waived for a reason: then no call goes there.

    The file records it first, the stack with `declare` or another `up`.
    """
    with timeline.step(FENCE, stack=stack.stack) as step:
        if waived:
            step.skip(f"waived: {waived}")
        elif stack.following:
            step.skip("it follows, and takes no writes")
        elif stack.is_fenced:
            step.skip("already fenced")
        elif step.dry_run:
            step.detail = "close its data tier and end its hosts"
        else:
            session.ledger.require_hold()
            stack.declare({"fenced": True})
            step.detail = _close(stack)


def _close(stack: RegionStack) -> str:
    """Close a region, and wait until its hosts have been terminated; AWS errors are retried."""
    groups: list[str] = []

    def cut_off() -> bool:
        for entry in facts.ways_in(stack):
            client("ec2", stack.region).delete_network_acl_entry(
                NetworkAclId=stack.output("data_tier_acl_id"), RuleNumber=entry["RuleNumber"], Egress=entry["Egress"]
            )
        groups[:] = _end(stack, *APPLICATION_ROLES)
        return True

    try:
        stack.closed = facts.wait("AWS does not close it", cut_off, bool, seconds=CLOSE_SECONDS)
        facts.wait("hosts are running", lambda: hosts.running(stack, groups), lambda n: n == 0, seconds=HOSTS_SECONDS)
    except TooLongError as error:
        raise TooLongError(
            f"{stack.stack} is not fenced: {error.message}. Run the same command to try again; --waive-fence twice "
            f"continues without a fence, and anything written in {stack.stack} from then on is lost"
        ) from None
    return "its data tier is closed, and no host is running"


def declare(session: Session, timeline: Timeline, stack: RegionStack, waived: str | None = None) -> str:
    """Apply the fence to the stack. Returns a message about a failure, because visitors are already served
    elsewhere."""
    if waived or stack.following or stack.outputs.get("fenced"):
        return ""
    failed = apply_later(session, timeline, stack, DECLARE, {"fenced": True}, fenced=True)
    return f"{failed}\n{undeclared(stack)}" if failed else ""


def undeclared(stack: RegionStack) -> str:
    """A message that a fence was made but not applied to its stack, and the command for it."""
    return f"{stack.stack} is fenced, but its stack does not say so: `pulumi up --refresh --stack {stack.stack}`"


def drain(operation: Operation, standby: RegionStack, source: RegionStack) -> None:
    """Wait until the standby has everything that was written before the fence; without a fence there is no such
    point."""
    with operation.timeline.step(DRAIN, stack=standby.stack) as step:
        if operation.waiver:
            step.skip("not fenced")
            return
        if step.dry_run:
            return
        found = facts.database(standby)
        if found is None or not found.is_replica:
            step.skip("already promoted")
            return
        fenced_at = facts.now(standby.region)
        quiet: datetime | None = None
        lag = facts.Lag()

        def left() -> str:
            # Only 0 is sufficient (AWS: "the replica has caught up"): a lag of some seconds may be growing.
            nonlocal lag, quiet
            quiet = quiet or facts.quiet_since(source, fenced_at)
            lag = facts.lag(standby, since=quiet or fenced_at)
            return "" if quiet is not None and lag.seconds == 0 else _undrained(standby, source, quiet, lag)

        try:
            facts.wait("the last writes", left, lambda found: not found, seconds=DRAIN_SECONDS)
            step.detail = "no client and no lag after the fence"
        except TooLongError:
            accepted = operation.accepted_lag["accepted_seconds"] if operation.accepted_lag else 0
            behind = facts.LAG_WINDOW.total_seconds() if quiet is None or lag.seconds is None else lag.seconds
            if behind > accepted:
                raise OpsError(
                    f"{_undrained(standby, source, quiet, lag)}, {DRAIN_SECONDS:.0f} s after the fence: run the same "
                    f"command again to keep waiting, or accept the loss with --accept-lag {behind:.0f}"
                ) from None
            step.detail = f"no longer waiting: a loss of {accepted} s is accepted"


def _undrained(standby: RegionStack, source: RegionStack, quiet: datetime | None, lag: facts.Lag) -> str:
    if quiet is None:
        return f"CloudWatch shows no minute without client connections to the database of {source.stack}"
    shown = f"is {lag.seconds:.0f} s behind" if lag.measured else "has no ReplicaLag"
    return f"the replica of {standby.stack} {shown}"
