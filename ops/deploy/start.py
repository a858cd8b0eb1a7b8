"""`ops deploy start`: a version goes out without downtime, from the idle colour to all traffic and the workers."""

import time
from datetime import UTC, datetime

from ops.core.actions import Action, check, remind, run
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import LOCK, Session
from ops.core.settle import settle
from ops.core.steps import CHANGING, Plan, Timeline, named, say
from ops.deploy import promote
from ops.deploy.deployment import Deployment, colors, key
from ops.deploy.notify import notify
from ops.deploy.rollback import way_back
from ops.deploy.steps import CHECK, STEPS, ClosedGateError, actions
from ops.errors import Exit, OpsError, refused

PLAN = Plan(steps=named((RECOVER, STEPS[0], *promote.STEPS, *STEPS[1:]), stack="STACK", other="OTHER"), exits=CHANGING)
"""A deployment before this one, whose window is over, is promoted first."""


def start(session: Session, version: str) -> Timeline:
    """Deploy a version to the live region, or go on with it. What was done.

    Raises OpsError: REFUSED with every problem at once, BUSY beside another change, FAILED with what holds then.
    """
    live = session.pair[session.pair.live]
    dry_run = session.options.dry_run
    with session.ledger.hold(LOCK, session.options.take_over):
        former = Deployment.known(session.ledger, key(live.stack), dry_run=dry_run)
        deployment = former if former and former.version == version else None
        if deployment and deployment.served:
            say(f"{version} serves since {deployment.served:%Y-%m-%d %H:%M} UTC")
            return deployment.timeline
        timeline = deployment.timeline if deployment else Timeline(dry_run=dry_run)
        with timeline.refusing_only_before_changes():
            if deployment and not dry_run:
                settle(session, timeline, live.stack)
            session.read()
            if deployment:
                _go_on(session, live, deployment)
            else:
                _begin(session, live, _new(session, live, version, timeline), former)
        return timeline


def _refuse_beside(session: Session, live: RegionStack, former: Deployment) -> None:
    """Raise OpsError (REFUSED) unless the deployment before serves and its window is over."""
    if former.served is None:
        raise OpsError(
            f"the deployment of {former.version}, started {former.started:%Y-%m-%d %H:%M} UTC, is not finished: "
            f"`ops deploy start {former.version}` goes on, `ops deploy rollback` goes back",
            Exit.REFUSED,
        )
    promote.refuse_early(session, live, former)


def _new(session: Session, live: RegionStack, version: str, timeline: Timeline) -> Deployment:
    color, former = colors(live) or ("green", "blue")
    return Deployment(
        stack=live.stack,
        version=version,
        color=color,
        former=former,
        former_workers=live.settings.workers.release,
        started=datetime.now(UTC),
        emergency=session.options.emergency,
        timeline=timeline,
    )


def _begin(session: Session, live: RegionStack, deployment: Deployment, former: Deployment | None) -> None:
    """Check, ask, and deploy; the deployment before this one is promoted first."""
    if former:
        _refuse_beside(session, live, former)
    if promote.serving(live) == live.settings.workers.release == deployment.version:
        say(f"{deployment.version} serves already")
        return
    steps = actions(session, live, deployment, goes_on=False)
    check(steps, deployment.timeline, CHECK)
    if former:
        promote.promotion(session, live, former, deployment.timeline)
    session.confirm(f"Deploy {deployment.version} to {live.stack}, on {deployment.color}?")
    _deploy(session, live, deployment, steps)


def _go_on(session: Session, live: RegionStack, deployment: Deployment) -> None:
    """Check what is left to do, and do it."""
    if others := session.under_way():
        raise refused(others)
    if session.options.emergency and not session.options.dry_run and not deployment.emergency:
        deployment.emergency = session.options.emergency
        session.record("emergency-deployment", {"version": deployment.version, "reason": deployment.emergency})
    steps = actions(session, live, deployment, goes_on=True)
    check(steps, deployment.timeline, CHECK)
    session.keep(deployment)
    _deploy(session, live, deployment, steps)


def _deploy(session: Session, live: RegionStack, deployment: Deployment, steps: list[Action]) -> None:
    """Do the steps; tell Slack how it ended. Traffic that is not served well goes back by itself."""
    before = time.monotonic()
    try:
        run(steps, deployment.timeline)
    except Exception as error:
        notify(session, deployment, "failure", time.monotonic() - before)
        if isinstance(error, ClosedGateError):
            raise _gone_back(session, live, deployment, error) from None
        raise
    notify(session, deployment, "success", time.monotonic() - before)
    remind(session, live)


def _gone_back(session: Session, live: RegionStack, deployment: Deployment, why: OpsError) -> OpsError:
    """Take the version back; why, and what holds now."""
    try:
        way_back(session, live, deployment, deployment.timeline)
    except OpsError as error:
        return OpsError(
            f"{why.message}\nthe way back failed too: {error.message}\n`ops deploy rollback` tries it again"
        )
    return OpsError(f"{why.message}\nall traffic goes to {deployment.former} again, as before")
