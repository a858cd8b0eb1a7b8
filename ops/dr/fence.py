"""Keeps the old writer from writing: it is fenced where it answers, or its fence is waived with a reason."""

from datetime import UTC, datetime

from ops.core import facts
from ops.core.pair import RegionStack
from ops.core.session import Desk, Operation
from ops.core.stack_files import StackFile
from ops.dr.settle import settle
from ops.errors import Exit, OpsError

DRAIN_SECONDS = 300.0


def require(desk: Desk, operation: Operation, *, answers: bool) -> None:
    """Raise OpsError (REFUSED) unless the old writer can be fenced, or its fence is waived."""
    if not answers and not desk.options.waive_fence:
        raise OpsError(
            f"the region of {operation.source} does not answer, so it cannot be fenced: once you know that nobody "
            f'writes there, give --waive-fence "REASON"; it is signed and kept',
            Exit.REFUSED,
        )


def waive(desk: Desk, operation: Operation, region: str) -> None:
    """Sign that the old writer is not fenced; `region` says whether it answered."""
    record = {"reason": desk.options.waive_fence, "stack": operation.source, "region": region}
    operation.waiver = desk.sign("waiver", record)


def fence(desk: Desk, operation: Operation, stack: RegionStack) -> None:
    """Close a region to writers, unless that was waived: no call goes there then."""
    with operation.timeline.step(f"fence {stack.stack}") as step:
        if operation.waiver:
            step.skip(f"waived: {operation.waiver['reason']}")
        elif stack.following:
            step.skip("it follows, and takes no writes")
        elif stack.fenced and stack.outputs.get("fenced") is True:
            step.skip("already fenced")
        elif step.dry_run:
            step.detail = f"set fenced: true and run `pulumi up --stack {stack.stack}`"
        else:
            settle(desk, operation.timeline, stack.stack)
            StackFile.of(stack.stack).set({"fenced": True})
            changes = desk.engine.up(stack.stack, step.progress)
            stack.forget()
            step.detail = told(changes)


def drain(operation: Operation, standby: RegionStack) -> None:
    """Wait until the standby has what was written before the fence; without a fence there is no end to wait for."""
    with operation.timeline.step(f"wait for {standby.stack} to have the last writes") as step:
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


def told(changes: dict[str, int]) -> str:
    """An engine's summary in words: `3 created, 190 same`."""
    words = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced", "same": "unchanged"}
    return ", ".join(f"{count} {words.get(operation, operation)}" for operation, count in changes.items() if count)
