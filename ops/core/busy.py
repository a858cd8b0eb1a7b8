"""Waits while RDS backs up or changes a database: RDS then refuses its snapshot, change, promotion or deletion."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from ops.core import facts
from ops.core.aws import errors
from ops.core.interruption import TooLongError
from ops.core.pair import RegionStack
from ops.core.session import Session
from ops.core.settle import databases, unknown_promotions
from ops.core.steps import StepRun, say
from ops.errors import OpsError

T = TypeVar("T")

BUSY = "InvalidDBInstanceState"
"""The error code of RDS's refusal, with or without `Fault` at its end."""
BUSY_SECONDS = 3600.0
"""Our choice: a backup copies what changed since the previous one; AWS gives no figure."""
PAUSE_SECONDS = 5.0
PASSING = {*facts.WRITABLE, "creating", "maintenance", "rebooting", "renaming", "starting", "upgrading"}
"""Transient statuses, after which the instance can be changed (AWS, "Viewing instance status")."""


def patiently(stack: RegionStack, identifier: str, ask: Callable[[], T]) -> T:
    """The answer of a call about a database, which is retried while RDS refuses it because of the database's state.

    Raises OpsError for a state that is not transient, and TooLongError for one that lasts too long.
    """
    return _repeated(ask, lambda deadline: _wait(stack, identifier, deadline))


def up(session: Session, stack: RegionStack, step: StepRun, targets: Sequence[str] = ()) -> dict[str, int]:
    """`Engine.up` of a region's stack, retried if a database was not ready for a change."""

    def settled(deadline: float) -> None:
        for resource in databases(session, stack.stack):
            _wait(stack, str(resource["outputs"]["identifier"]), deadline)
        # RDS refuses a promotion that it has already made with the same code, if its first answer was lost.
        if promoted := unknown_promotions(session, stack):
            session.engine.refresh(stack.stack, step.progress, promoted)

    return _repeated(lambda: session.engine.up(stack.stack, step.progress, targets), settled)


def _repeated(ask: Callable[[], T], settled: Callable[[float], None]) -> T:
    """Retry until no database is busy; both the engine's error and boto3's contain RDS's code.

    `settled` waits in between, until the given time of the monotonic clock.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return ask()
        except (*errors(), OpsError) as error:
            if BUSY not in str(error):
                raise
        settled(deadline)


def _wait(stack: RegionStack, identifier: str, deadline: float) -> None:
    """Wait until a database can be changed, or no longer exists; at least briefly, because RDS may report it too
    early."""
    if time.monotonic() > deadline:
        raise TooLongError(f"database {identifier}: RDS has refused this for {BUSY_SECONDS:.0f} s ({BUSY})")
    told = False

    def status() -> str:
        nonlocal told
        found = facts.database(stack, identifier)
        if found is None or found.status in facts.USABLE:
            return ""
        if not told:
            say(f"          {identifier} is {found.status}: waiting up to {BUSY_SECONDS:.0f} s")
            told = True
        return found.status

    time.sleep(PAUSE_SECONDS)
    left = max(0.0, deadline - time.monotonic())
    last = facts.wait(
        f"database {identifier}", status, lambda now: now not in PASSING, seconds=left, pause=PAUSE_SECONDS
    )
    if last:
        raise OpsError(
            f"database {identifier} is {last}, and RDS accepts no changes in that state: get it back to available in "
            "RDS, then run the same command again"
        )
