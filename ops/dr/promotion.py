"""Promotes a region: first only what serves visitors, the rest once they are served."""

from collections.abc import Sequence
from typing import Any

from contract import HEALTH_PATH, origin
from hosts.roles import APPLICATION_ROLES
from ops.core import facts, hosts, visitor
from ops.core.apply import apply, apply_later
from ops.core.aws import LOG_IN_AGAIN, errors
from ops.core.engine_errors import UpError
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Session
from ops.core.settle import READ_BACK, settle, settle_promotion
from ops.core.steps import Step, StepRun, Timeline, named, say
from ops.dr import fence
from ops.errors import Exit, OpsError, one_line

ANSWER_SECONDS = 1200.0
"""Our choice: instances boot and install their software; AWS: an Auto Scaling group starts them together."""
DATABASE_SECONDS = 3600.0
SERVES = (
    *("**aws:rds/instance:Instance::*", "**aws:elasticache/**", "**aws:ec2/**"),
    *(f"**aws:autoscaling/*:*::{role.name}-*" for role in APPLICATION_ROLES),
)
"""What an activation changes among the resources that serve visitors. `*` stands for a part of a URN, `**` for several
(Pulumi, `--target`)."""

ACTIVATE = Step(
    name="activate {stack}",
    does="Runs `pulumi up` with the settings of a writer for the database, cache, network and hosts only, and waits "
    "until the database takes writes. If that fails, runs it for all of {stack}.",
    unless="{stack} is active already",
)
ANSWER = Step(name="wait until {stack} answers", does="Requests the health check at its origin until it answers 200.")
REST = Step(
    name="create the rest of {stack}",
    does="Runs `pulumi up` for all of {stack}: alarms, backups, and changes that were never applied. Failures are "
    "listed at the end.",
)
PROMOTION = (RECOVER, READ_BACK, ACTIVATE)
AFTERWARDS = (RECOVER, REST, *named((RECOVER, fence.DECLARE), stack="{other}"))


def promote(
    session: Session,
    timeline: Timeline,
    target: RegionStack,
    declared: dict[str, Any],
    *,
    fenced: bool = False,
    targets: Sequence[str] = (),
) -> None:
    """Write the stack file and run the engine; a promotion that RDS has already made is not requested again.

    `fenced`: whether a fence of the target must be opened. `targets`: what is deployed first, and alone if possible.
    """
    settle(session, timeline, target.stack)
    settle_promotion(session, timeline, target)
    with timeline.step(ACTIVATE, stack=target.stack) as step:
        try:
            step.detail = _make(session, target, declared, step, fenced=fenced, targets=targets)
        except OpsError as error:
            error.message += f"\n{_holds(target)}: run the same command again, or `ops dr abort`"
            raise
        if not step.dry_run:
            facts.wait(
                f"the database of {target.stack} takes writes",
                lambda: facts.database(target),
                lambda found: found is not None and found.takes_writes,
                seconds=DATABASE_SECONDS,
            )


def _make(
    session: Session,
    target: RegionStack,
    declared: dict[str, Any],
    step: StepRun,
    *,
    fenced: bool,
    targets: Sequence[str],
) -> str:
    """Deploy the targets; if they cannot be deployed alone, the whole stack."""
    try:
        return apply(session, target, declared, step, fenced=fenced, targets=targets)
    except UpError as error:
        if not targets or LOG_IN_AGAIN in error.message:
            raise
        # They may need a resource that does not exist yet, such as a queue that was never applied.
        say(f"          retrying with the whole stack: {error.message.splitlines()[0]}")
    return apply(session, target, declared, step)


def _holds(target: RegionStack) -> str:
    """Whether a failed activation has nevertheless promoted the database."""
    try:
        found = facts.database(target)
    except errors() as error:
        return f"it is not known whether the database of {target.stack} was promoted: {one_line(error)}"
    if found is None:
        return f"{target.stack} has no database {target.output('database_identifier')}"
    if found.is_replica:
        return f"{found.identifier} is {found.status} and still a replica: nothing was promoted"
    return str(found)


def complete(session: Session, timeline: Timeline, target: RegionStack) -> str:
    """Deploy what no visitor waits for. Returns a message about a failure, with the command to repeat it."""
    failed = apply_later(session, timeline, target, REST, {})
    return f"{failed}\nrun `pulumi up --stack {target.stack}` to create what is missing" if failed else ""


def answers(session: Session, timeline: Timeline, target: RegionStack) -> None:
    """Wait until the region answers at its origin. If hosts do not start, AWS's reason is reported immediately."""
    told: set[str] = set()

    def problem() -> str:
        status = visitor.visit(origin(target.stack, session.pair.domain), HEALTH_PATH).status
        if status == 200:
            return ""
        why = hosts.failed_launches(target, hosts.all_groups(target, *APPLICATION_ROLES))
        if why and not told:
            told.add(why)
            say(f"          no instance starts in {why}; Auto Scaling tries again, for up to {ANSWER_SECONDS:.0f} s")
        return f"{status}, {why}" if why else str(status)

    with timeline.step(ANSWER, stack=target.stack) as step:
        if not step.dry_run:
            facts.wait(f"{target.stack} answers at its origin", problem, lambda last: not last, seconds=ANSWER_SECONDS)


def require_all(done: str, *missing: str) -> None:
    """Raise OpsError (INCOMPLETE) with what is `done`, if something is missing that no visitor needs."""
    if lines := [line for line in missing if line]:
        raise OpsError("\n".join([done, *lines]), Exit.INCOMPLETE)
