"""Keeps the old writer from writing: it is fenced where it answers, or its fence is waived with a reason."""

from ops.core import facts
from ops.core.apply import apply
from ops.core.interruption import TooLongError
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Operation, Session
from ops.core.settle import settle
from ops.core.steps import Step, StepRun, Timeline
from ops.errors import Exit, OpsError

DRAIN_SECONDS = 300.0
FENCE_SECONDS = 900.0
"""Ours: a provider goes on trying for an hour where a service of the region hangs."""

FENCE = Step(
    name="fence {stack}",
    does="Runs `pulumi up` with `fenced: true`: no hosts, and no way to the data of {stack}.",
    unless="it is fenced already, it follows, or its fence is waived",
)
DRAIN = Step(
    name="wait for {stack} to have the last writes",
    does="Waits until RDS says that the replica has no lag, measured after the fence.",
    unless="the fence is waived, or the replica is promoted already",
)
STEPS = (RECOVER, FENCE)


def require(session: Session, operation: Operation, *, answers: bool) -> None:
    """Raise OpsError (REFUSED) unless the old writer can be fenced, or its fence is waived."""
    if not answers and not session.options.waive_fence:
        raise OpsError(
            f"the region of {operation.source} does not answer, so it cannot be fenced: once you know that nobody "
            f'writes there, give --waive-fence "REASON"; it is recorded with your name',
            Exit.REFUSED,
        )
    if answers and session.options.waive_fence and not session.options.waive_answering:
        raise OpsError(
            f"the region of {operation.source} answers, so it is fenced: leave --waive-fence out; where its fence "
            "fails, give --waive-fence twice, and what is written there from then on is lost",
            Exit.REFUSED,
        )


def waive(session: Session, operation: Operation, *, answers: bool) -> None:
    """Record that the old writer is not fenced, and whether its region answered."""
    region = "answers" if answers else "does not answer"
    waiver = {"reason": session.options.waive_fence, "stack": operation.source, "region": region}
    operation.waiver = session.record("waiver", waiver)


def fence(session: Session, timeline: Timeline, stack: RegionStack, waived: str | None = None) -> None:
    """Close a region to writers, unless that was waived for a reason: no call goes there then."""
    fenced = not (waived or stack.following) and stack.is_fenced
    if not (waived or stack.following or fenced or session.options.dry_run):
        settle(session, timeline, stack.stack)
    with timeline.step(FENCE, stack=stack.stack) as step:
        if waived:
            step.skip(f"waived: {waived}")
        elif stack.following:
            step.skip("it follows, and takes no writes")
        elif fenced:
            step.skip("already fenced")
        elif step.dry_run:
            step.detail = f"set fenced: true and run `pulumi up --stack {stack.stack}`"
        else:
            step.detail = _close(session, stack, step)


def _close(session: Session, stack: RegionStack, step: StepRun) -> str:
    """Run the engine on the region that fails, for so long and no longer; what it changed."""
    try:
        with session.engine.at_most(FENCE_SECONDS):
            return apply(session, stack, {"fenced": True}, step)
    except TooLongError as error:
        raise TooLongError(
            f"{stack.stack} is not fenced: {error.message}. The same command tries again; with --waive-fence twice it "
            f"goes on without, and what is written in {stack.stack} from then on is lost"
        ) from None


def drain(operation: Operation, standby: RegionStack) -> None:
    """Wait until the standby has what was written before the fence; without a fence there is no end to wait for."""
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
        lag = facts.Lag()

        def drained() -> bool:
            # Only 0 will do (AWS: "the replica has caught up"): a lag of some seconds may be a lag that grows.
            nonlocal lag
            lag = facts.lag(standby, since=fenced_at)
            return lag.seconds == 0

        try:
            facts.wait("the replica has the last writes", drained, bool, seconds=DRAIN_SECONDS)
            step.detail = "no lag after the fence"
        except TooLongError:
            accepted = operation.accepted_lag["accepted_seconds"] if operation.accepted_lag else 0
            behind = facts.LAG_WINDOW.total_seconds() if lag.seconds is None else lag.seconds
            if behind > accepted:
                shown = f"is {behind:.0f} s behind" if lag.measured else "has no ReplicaLag"
                raise OpsError(
                    f"the replica of {standby.stack} {shown}, {DRAIN_SECONDS:.0f} s after the fence: run the same "
                    f"command again to wait on, or accept what is missing with --accept-lag {behind:.0f}"
                ) from None
            step.detail = f"not waited for longer: {accepted} s are accepted"
