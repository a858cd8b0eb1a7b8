"""`ops secrets rotate`: the steps for each kind of secret, and how a rotation continues."""

from datetime import UTC, datetime
from functools import partial

from hosts.roles import WORKERS
from ops.core import facts
from ops.core.actions import Action, check, run
from ops.core.recovery.steps import RECOVER
from ops.core.session import UNDER_WAY, Session
from ops.core.settle import settle
from ops.core.steps import CHANGING, Plan, Step, StepRun, Timeline, named, say
from ops.errors import Exit, OpsError
from ops.secrets import accounts, configured
from ops.secrets.hosts import in_service, read_again
from ops.secrets.rotation import DATABASE, USED_BY, Place, Rotation, key, new
from ops.secrets.value import Value

CHECK = Step(
    name="check what the rotation needs",
    does="Checks that no other operation is in progress, unless it has promoted STACK and `database` is rotated, and "
    "that a region answers, takes writes and has hosts. Lists every problem.",
    asks=True,
)
RECORD = Step(
    name="record the rotation",
    does="Records in the ledger that it started. From here on, a killed command can be run again to continue.",
    unless="the rotation is being continued",
)
HOSTS = Step(
    name="have hosts read the secret",
    does="Reloads the unit `askproai-secrets` on the hosts that use it, one after the other, by Systems Manager, then "
    "restarts the services that use secrets, and stops at a host where that fails.",
    unless="they have read it",
)
FINISH = Step(name="record the end", does="Records in the history who rotated what, and when.")
PLAN = Plan(
    steps=(
        *named((RECOVER,), stack="STACK"),
        CHECK,
        RECORD,
        *(accounts.WRITE, accounts.MAKE, accounts.SWITCH),
        *(configured.SET, configured.ACCEPT),
        *named((configured.UP,), stack="STACK"),
        *named((configured.UP,), stack="OTHER"),
        HOSTS,
        *(configured.END, accounts.LOCK),
        FINISH,
    ),
    exits=CHANGING,
)


def rotate(session: Session, name: str, *, generate: bool = False) -> Timeline:
    """Rotate a secret, or continue. Returns what was done.

    Raises OpsError: USAGE for an unknown name, REFUSED with every problem at once, BUSY during another change, FAILED
    with the resulting situation.
    """
    if name not in USED_BY:
        raise OpsError(f"{name} is not rotated by this command; want {', '.join(sorted(USED_BY))}", Exit.USAGE)
    if name == DATABASE and generate:
        raise OpsError("the passwords of accounts are always made; leave out --generate", Exit.USAGE)
    dry_run = session.options.dry_run
    value = None if name == DATABASE else Value(name, generate=generate)
    with session.lock():
        known = Rotation.known(session.ledger, key(name), dry_run=dry_run)
        rotation = known or new(name, dry_run=dry_run)
        with rotation.timeline.refusing_only_before_changes():
            _rotate(session, rotation, value, goes_on=known is not None)
        return rotation.timeline


def _rotate(session: Session, rotation: Rotation, value: Value | None, *, goes_on: bool) -> None:
    if goes_on:
        say(f"going on with the rotation of {rotation.name} of {rotation.started:%Y-%m-%d %H:%M:%S} UTC")
    session.read()
    place = Place.of(session, rotation)
    rotation.serve_from(place.live.stack)
    if goes_on and value:
        for stack in place.stacks:
            settle(session, rotation.timeline, stack.stack)
    if goes_on:
        session.keep(rotation)
    before = configured.before_hosts(place, value) if value else accounts.before_hosts(place)
    after = configured.after_hosts(place) if value else accounts.after_hosts(place)
    steps = [_record(place, goes_on=goes_on), *before, _hosts(place), *after, _finish(place)]
    check(steps, rotation.timeline, CHECK, partial(_forbidding, place))
    if not goes_on:
        session.confirm(f"Rotate {rotation.name} in {place}?")
        if value and not session.options.dry_run:
            # Read and validated before anything is recorded.
            value.new()
    run(steps, rotation.timeline)


def _record(place: Place, *, goes_on: bool) -> Action:
    rotation = place.rotation

    def do(_: StepRun) -> str:
        if rotation.name != DATABASE:
            both = place.session.pair.stacks
            rotation.former = {stack: configured.digest(stack, rotation.name) for stack in both}
        place.session.keep(rotation)
        return ""

    started = f"started {rotation.started:%Y-%m-%d %H:%M:%S} UTC"
    return Action(step=RECORD, do=do, done=lambda: started if goes_on else "")


def _forbidding(place: Place) -> list[str]:
    live, begun = place.live, place.session.ledger.get(UNDER_WAY) or {}
    # What leads to the region that serves has promoted it, and may wait for hosts that cannot log in. Any other secret
    # needs an `up`, which would apply what the operation has declared, or has still to give up.
    waits = place.rotation.name == DATABASE and begun.get("to") == live.stack
    served = waits and live in place.stacks and live.writes and facts.is_writer(live)
    found = [] if served else place.session.under_way()
    if live not in place.stacks:
        found.append(f"{live.region}, which is live, does not answer: `ops dr status`")
    elif not live.writes:
        found.append(f"{live.stack} is live but takes no writes: `ops dr status`")
    return found


def _hosts(place: Place) -> Action:
    roles = USED_BY[place.rotation.name]

    def do(place: Place, _: StepRun) -> str:
        read = {stack.stack: read_again(stack, roles) for stack in place.stacks}
        return ", ".join(f"{count} of {stack}" for stack, count in read.items())

    def needs() -> list[str]:
        unasked = place.rotation.name != DATABASE or place.live not in place.stacks
        if unasked or in_service(place.live, WORKERS):
            return []
        return [f"{place.live.stack} has no worker in service, from which the database could be reached"]

    return place.once(HOSTS, "hosts", do, needs, skip="" if roles else "no host has it")


def _finish(place: Place) -> Action:
    def do(_: StepRun) -> str:
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        stacks = [stack.stack for stack in place.stacks]
        told = {"name": place.rotation.name, "stacks": stacks, "ended": ended}
        place.session.finish(place.rotation, "secret-rotation", told)
        return ""

    return Action(step=FINISH, do=do)
