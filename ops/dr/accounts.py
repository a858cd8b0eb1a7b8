"""The accounts on the database that a region takes over: what it promotes has those of the region that was left."""

from collections.abc import Iterator
from functools import partial

from hosts.roles import ROLES
from ops.core import facts, host_commands, hosts
from ops.core.aws import answered
from ops.core.pair import RegionStack
from ops.core.secret_values import current_value, make_current, write
from ops.core.session import Operation, Session
from ops.core.steps import Step, say

TAKE = Step(
    name="take over the accounts of {other}",
    does="Copies the accounts on the database that {stack} does not have as they are, because it was left out of a "
    "rotation: from their replicas in the region of {stack}, or if it has none, from {other}. Then has the hosts that "
    "run in {stack} read them. If AWS fails, says so and continues.",
    unless="{stack} has them or is promoted already, or they could only be read in a region whose fence is waived",
)


def take(session: Session, operation: Operation, standby: RegionStack, other: RegionStack) -> None:
    """Have the standby's hosts log in to what is about to be promoted; that it failed is said, and stops nothing."""
    with operation.timeline.step(TAKE, stack=standby.stack, other=other.stack) as step:
        if facts.is_writer(standby):
            # A rotation since the promotion is newer than what the other region has.
            step.skip("already promoted")
            return
        if has_originals(standby) and operation.waived:
            step.skip(f"nothing is read in {other.region}")
            return
        found = answered(lambda: [*_older(standby, other)], lambda why: say(f"          not compared: {why}"))
        if not (found or operation.accounts_unread):
            step.skip("not compared" if found is None else "it has them")
            return
        step.detail = ", ".join(role for role, *_ in found or ()) or "copied before"
        if not step.dry_run:
            session.ledger.require_hold()
            operation.accounts_unread = True
            session.save(operation)
            copy = partial(_copy, operation, standby, found or [])
            answered(copy, lambda why: say(f"          not all of that was done: {why}"))


def has_originals(standby: RegionStack) -> bool:
    """Whether it is the home, whose secrets have replicas in the other region: the other's have none."""
    return standby.file.get("environment") == standby.file.get("offsite.home")


def secret_name(arn: str) -> str:
    """The name in a secret's ARN, which ends in a hyphen and six characters of AWS's own."""
    name = arn.rpartition(":")[2]
    return name[:-7] if arn.startswith("arn:") else name


def _older(standby: RegionStack, other: RegionStack) -> Iterator[tuple[str, str, str]]:
    """The role, version and content of each account that the standby has not got like that."""
    for role, arn in standby.accounts.items():
        theirs = other.accounts.get(role, "")
        place = (other.region, theirs) if has_originals(standby) else (standby.region, secret_name(theirs))
        wanted = current_value(*place) if theirs else None
        if wanted and (current_value(standby.region, arn) or ("", ""))[1] != wanted[1]:
            yield role, *wanted


def _copy(operation: Operation, standby: RegionStack, found: list[tuple[str, str, str]]) -> None:
    for role, version, content in found:
        write(standby.region, standby.accounts[role], version, content)
        make_current(standby.region, standby.accounts[role], version)
    running = hosts.instances(standby, *ROLES)
    # Those that start from here on read them anyway. A worker may need hours for its job: nobody waits for that here.
    seconds = host_commands.read_seconds(standby)
    host_commands.send(standby, running, host_commands.READ_AGAIN, "ops dr: read secrets", seconds)
    operation.accounts_unread = False
