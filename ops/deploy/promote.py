"""`ops deploy promote`: keeps a version: the standby gets it, and the former release's hosts stop."""

from dataclasses import replace

from ops.core.actions import Action, check, remind, run, setting
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Session
from ops.core.settle import settle
from ops.core.steps import CHANGING, Plan, Step, Timeline, named
from ops.deploy import archive, fleets
from ops.deploy.deployment import Deployment, colors, key
from ops.deploy.steps import stop
from ops.errors import Exit, OpsError

CHECK = Step(
    name="check what the promotion needs",
    does="Checks that the bucket of {other} has the release, with the same checksum.",
    asks=True,
)
STANDBY = Step(
    name="give {other} the release",
    does="Runs `pulumi up` of {other} with the release for its web hosts and workers, so that a failover starts it.",
    unless="{other} has it, or does not follow",
)
SHRINK = Step(
    name="stop the former colour",
    does="Runs `pulumi up` with the size 0 for the former release. From here on, the only way back is another "
    "deployment.",
    unless="it has stopped",
)
CLOSE = Step(name="end the deployment", does="Moves the deployment in progress to the history.")
STEPS = (CHECK, STANDBY, SHRINK, CLOSE)
PLAN = Plan(steps=named((RECOVER, *STEPS), stack="STACK", other="OTHER"), exits=CHANGING)


def promote(session: Session) -> Timeline:
    """Promote the live region's deployment. Without one, the standby gets the serving release. Returns what was done.

    Raises OpsError (REFUSED) before the version serves, and in its rollback window except in an emergency.
    """
    live = session.pair[session.pair.live]
    with session.hold() as timeline:
        deployment = Deployment.known(session.ledger, key(live.stack))
        if deployment:
            refuse_early(session, live, deployment)
        settle(session, timeline, live.stack)
        session.read()
        promotion(session, live, deployment, timeline)
    return timeline


def promotion(session: Session, live: RegionStack, deployment: Deployment | None, timeline: Timeline) -> None:
    """Check, confirm, and promote. The caller holds the lock."""
    version = deployment.version if deployment else serving(live)
    if not version:
        raise OpsError(f"{live.stack} serves no release: there is nothing to promote", Exit.REFUSED)
    other = session.pair[session.pair.other_than(live.stack)]
    asked, given = named((CHECK, STANDBY), other=other.stack)
    actions = [_standby(session, live, other, version, given)]
    if deployment:
        actions += [stop(session, live, SHRINK, deployment.former), _close(session, deployment)]
    check(actions, timeline, asked, session.under_way)
    if deployment:
        if deployment.open_window(live):
            session.record("early-promotion", {"version": version, "reason": session.options.emergency})
        session.confirm(f"Keep {version} on {live.stack}, and stop the hosts of {deployment.former}?")
    run(actions, timeline)
    remind(session, live, other)


def serving(stack: RegionStack) -> str:
    """The release of the colour with all traffic, from the stack file; empty if there is none."""
    found = colors(stack)
    return str(stack.file.get(f"web.{found[1]}.release", "")) if found else ""


def refuse_early(session: Session, live: RegionStack, deployment: Deployment) -> None:
    """Raise OpsError (REFUSED) before the version serves, and in its rollback window except in an emergency."""
    if deployment.served is None:
        version, started = deployment.version, f"{deployment.started:%Y-%m-%d %H:%M} UTC"
        raise OpsError(
            f"the deployment of {version}, started {started}, is not finished: `ops deploy start {version}` continues "
            "it, `ops deploy rollback` rolls it back",
            Exit.REFUSED,
        )
    end = deployment.open_window(live)
    if end and not session.options.emergency:
        raise OpsError(
            f"the rollback window of {deployment.version} ends at {end:%Y-%m-%d %H:%M} UTC; --emergency REASON ends it "
            "now",
            Exit.REFUSED,
        )


def _standby(session: Session, live: RegionStack, other: RegionStack, version: str, step: Step) -> Action:
    color = (colors(other) or ("", "blue"))[1]

    def runs() -> str:
        found = {fleets.web(other)[color].release, fleets.workers(other).release}
        return f"{other.stack} has {version}" if found == {version} else ""

    def needs() -> list[str]:
        problem = archive.problem(other, version)
        if not problem and archive.checksum(other, version) != archive.checksum(live, version):
            problem = f"release {version} in {other.region} is not the same as in {live.region}: the checksums differ"
        return [problem] if problem else []

    action = setting(
        session, other, step, {f"web.{color}.release": version, "workers.release": version}, runs, needs=needs
    )
    unasked = "" if other.following else f"{other.stack} is not a standby: `ops dr rebuild {other.stack}`"
    return replace(action, done=lambda: unasked or action.done())


def _close(session: Session, deployment: Deployment) -> Action:
    def do(_: object) -> str:
        session.finish(deployment, "deploy")
        return deployment.version

    return Action(step=CLOSE, do=do)
