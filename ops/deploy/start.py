"""`ops deploy start`: deploys a version without downtime, from the idle colour to all traffic and the workers."""

import time
from datetime import UTC, datetime
from functools import partial

from ops.core.actions import Action, check, remind, run
from ops.core.pair import RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Session
from ops.core.settle import settle
from ops.core.steps import CHANGING, Plan, Timeline, named, say
from ops.deploy import promote
from ops.deploy.deployment import Deployment, colors, key
from ops.deploy.notify import notify
from ops.deploy.rollback import way_back
from ops.deploy.steps import CHECK, STEPS, ClosedGateError, actions, forbidding
from ops.errors import OpsError

PLAN = Plan(steps=named((RECOVER, STEPS[0], *promote.STEPS, *STEPS[1:]), stack="STACK", other="OTHER"), exits=CHANGING)
"""A previous deployment, whose window is over, is promoted first."""


def start(session: Session, version: str) -> Timeline:
    """Deploy a version to the live region, or continue. Returns what was done.

    Raises OpsError: REFUSED with every problem at once, BUSY during another change, FAILED with the resulting
    situation.
    """
    live = session.pair[session.pair.live]
    dry_run = session.options.dry_run
    with session.lock():
        former = Deployment.known(session.ledger, key(live.stack), dry_run=dry_run)
        deployment = former if former and former.version == version else None
        if deployment and deployment.served:
            say(f"{version} serves since {deployment.served:%Y-%m-%d %H:%M} UTC")
            return deployment.timeline
        timeline = deployment.timeline if deployment else Timeline(dry_run=dry_run)
        with timeline.refusing_only_before_changes():
            if deployment:
                settle(session, timeline, live.stack)
            session.read()
            if former and not deployment:
                promote.refuse_early(session, live, former)
            if not deployment and promote.serving(live) == live.settings.workers.release == version:
                say(f"{version} serves already")
            else:
                _deploy(session, live, deployment or _new(live, version, timeline), former)
        return timeline


def _new(live: RegionStack, version: str, timeline: Timeline) -> Deployment:
    color, former = colors(live) or ("green", "blue")
    return Deployment(
        stack=live.stack,
        version=version,
        color=color,
        former=former,
        former_workers=live.settings.workers.release,
        started=datetime.now(UTC),
        timeline=timeline,
    )


def _deploy(session: Session, live: RegionStack, deployment: Deployment, former: Deployment | None) -> None:
    """Check, confirm and deploy, or continue; the previous deployment is promoted first."""
    goes_on = deployment is former
    emergency = None if deployment.emergency else session.options.emergency
    deployment.emergency = deployment.emergency or emergency
    steps = actions(session, live, deployment, goes_on=goes_on)
    forbids = session.under_way if goes_on else partial(forbidding, session, live)
    check(steps, deployment.timeline, CHECK, forbids)
    if former and not goes_on:
        promote.promotion(session, live, former, deployment.timeline)
    if goes_on:
        session.keep(deployment)
    else:
        session.confirm(f"Deploy {deployment.version} to {live.stack}, on {deployment.color}?")
    if emergency:
        session.record("emergency-deployment", {"version": deployment.version, "reason": emergency})
    _run(session, live, deployment, steps)


def _run(session: Session, live: RegionStack, deployment: Deployment, steps: list[Action]) -> None:
    """Run the steps, and notify Slack of the result. If visitors are not served well, traffic is moved back
    automatically."""
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
    """Roll the version back. Returns the reason and the resulting situation."""
    try:
        way_back(session, live, deployment, deployment.timeline)
    except OpsError as error:
        return OpsError(
            f"{why.message}\nrolling back failed too: {error.message}\nrun `ops deploy rollback` to try again"
        )
    return OpsError(f"{why.message}\nall traffic is back on {deployment.former}")
