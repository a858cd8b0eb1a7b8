"""`ops deploy rollback`: moves all traffic and the workers back to the former release, whose hosts still run."""

import time
from dataclasses import replace

from ops.core.actions import Action, check, remind, run, setting
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Session
from ops.core.settle import settle
from ops.core.steps import CHANGING, Plan, Step, Timeline, named, say
from ops.deploy import fleets
from ops.deploy.database import snapshot_name
from ops.deploy.deployment import Deployment, key
from ops.deploy.notify import notify
from ops.deploy.steps import stop, workers
from ops.errors import Exit, OpsError

CHECK = Step(
    name="check the way back",
    does="Checks that the former release's hosts exist and are healthy.",
    asks=True,
)
BACK = Step(
    name="route all traffic back",
    does="Runs `pulumi up` with the weight 100 for the former release.",
    unless="it has all traffic",
)
WORKERS = Step(
    name="move the workers back",
    does="Runs `pulumi up` with the former release for the workers, and waits until their instances run it.",
    unless="they run it",
)
STOP = Step(
    name="stop the colour of the release",
    does="Runs `pulumi up` with the size 0 for the release that is rolled back.",
    unless="it has stopped",
)
CLOSE = Step(name="end the deployment", does="Moves the deployment in progress to the history. Notifies Slack.")
STEPS = (CHECK, BACK, WORKERS, STOP, CLOSE)
PLAN = Plan(steps=named((RECOVER, *STEPS), stack="STACK", other="OTHER"), exits=CHANGING)


def rollback(session: Session) -> Timeline:
    """Roll the live region's deployment back. Returns what was done. Raises OpsError (REFUSED) if there is none."""
    live = session.pair[session.pair.live]
    with session.hold() as timeline:
        deployment = Deployment.known(session.ledger, key(live.stack))
        if deployment is None:
            raise OpsError(
                f"no deployment of {live.stack} can be rolled back: deploy the previous release with `ops deploy "
                "start`",
                Exit.REFUSED,
            )
        settle(session, timeline, live.stack)
        session.read()
        session.confirm(f"Roll back {deployment.version} on {live.stack}?")
        way_back(session, live, deployment, timeline)
    return timeline


def way_back(session: Session, live: RegionStack, deployment: Deployment, timeline: Timeline) -> None:
    """Traffic first, then workers, then the hosts of the version. The caller holds the lock."""
    started = time.monotonic()
    actions = [
        _back(session, live, deployment, started),
        workers(session, live, WORKERS, deployment.former_workers),
        stop(session, live, STOP, deployment.color),
        _close(session, deployment, started),
    ]
    check(actions, timeline, CHECK)
    run(actions, timeline)
    remind(session, live)
    if deployment.migrated and not session.options.dry_run:
        name = snapshot_name(live, deployment)
        say(f"          the database keeps the changes of the migrations; snapshot {name} was taken before them")


def _back(session: Session, live: RegionStack, deployment: Deployment, started: float) -> Action:
    former = deployment.former

    def runs() -> str:
        return f"{former} has all traffic" if fleets.web(live)[former].weight == 100 else ""

    def needs() -> list[str]:
        there, required = len(fleets.web(live)[former].healthy), live.settings.web.required_instances
        lacking = f"{former} has {there} healthy hosts, {required} are required (web.required_instances)"
        lacking += '; --emergency "REASON" rolls back anyway'
        return [] if session.options.emergency or there >= required else [lacking]

    weights = {f"web.{former}.weight": 100, f"web.{deployment.color}.weight": 0}
    action = setting(session, live, BACK, weights, runs, needs)
    return replace(action, do=lambda step: f"{action.do(step)}; {time.monotonic() - started:.0f} s after the command")


def _close(session: Session, deployment: Deployment, started: float) -> Action:
    def do(_: object) -> str:
        seconds = time.monotonic() - started
        session.finish(deployment, "rollback", {**deployment.to_json(), "seconds": round(seconds, 1)})
        notify(session, deployment, "rolled back", seconds)
        return f"after {seconds:.0f} s"

    return Action(step=CLOSE, do=do)
