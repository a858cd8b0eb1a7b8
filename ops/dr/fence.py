"""Keeps the old writer from writing: it is fenced where it answers, or its fence is waived with a reason."""

from datetime import UTC, datetime

from ops.core import facts
from ops.core.engine import summary
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Operation, Session
from ops.core.settle import settle
from ops.core.steps import Step, Timeline
from ops.errors import Exit, OpsError

DRAIN_SECONDS = 300.0

FENCE = Step(
    name="fence {stack}",
    does="Runs `pulumi up` with `fenced: true`: no hosts, and no way to the data of {stack}.",
    unless="it is fenced already, it follows, or its fence is waived",
)
DRAIN = Step(
    name="wait for {stack} to have the last writes",
    does="Waits until the replica has what was written before the fence.",
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


def waive(session: Session, operation: Operation, region: str) -> None:
    """Record that the old writer is not fenced; `region` says whether it answered."""
    waiver = {"reason": session.options.waive_fence, "stack": operation.source, "region": region}
    operation.waiver = session.record("waiver", waiver)


def fence(session: Session, timeline: Timeline, stack: RegionStack, waived: str | None = None) -> None:
    """Close a region to writers, unless that was waived for a reason: no call goes there then."""
    fenced = stack.fenced and stack.outputs.get("fenced") is True
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
            stack.file.set({"fenced": True})
            step.detail = summary(session.engine.up(stack.stack, step.progress))
            stack.forget()


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
        fenced_at = datetime.now(UTC).replace(microsecond=0)

        def drained() -> str:
            # What was written before the fence is there once the lag measured after it has gone by.
            lag = facts.lag(standby, since=fenced_at)
            there = lag.seconds is not None and lag.age_seconds is not None and lag.age_seconds >= lag.seconds
            return f"lag after the fence {lag.seconds:.0f} s" if there else ""

        try:
            step.detail = facts.wait("the replica has the last writes", drained, bool, seconds=DRAIN_SECONDS)
        except OpsError:
            if not operation.accepted_lag:
                raise OpsError(
                    f"the replica of {standby.stack} has not caught up in {DRAIN_SECONDS:.0f} s: run the same command "
                    "again to wait on, or accept what is missing with --accept-lag SECONDS"
                ) from None
            step.detail = f"not waited for longer: {operation.accepted_lag['accepted_seconds']} s are accepted"
