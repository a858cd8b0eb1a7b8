"""The steps of `ops deploy start` with their code: what each needs, when it is done, and what it does."""

from dataclasses import replace
from datetime import UTC, datetime

from ops.core import secret_values, snapshots
from ops.core.actions import Action, no_needs, nothing, setting
from ops.core.pair import RegionStack
from ops.core.session import Session
from ops.core.settle import engine_of
from ops.core.steps import Step, StepRun
from ops.deploy import archive, database, fleets
from ops.deploy.deployment import Deployment, colors
from ops.deploy.health import await_as_many, await_gates, await_healthy, await_workers, closed, workers_run
from ops.deploy.notify import notify
from ops.errors import OpsError

SHARES = (10, 50, 100)
"""Percent of the traffic, one after the other (ours)."""

CHECK = Step(
    name="check what the deployment needs",
    does="Checks that no other operation is in progress, that archive and checksum are in the bucket, that there is a "
    "recent backup, and the region's gates. Lists every problem. `--emergency` skips the backup and the gates.",
    asks=True,
)
RECORD = Step(
    name="record the deployment",
    does="Records version, colours and the former release in the ledger. From here on, a killed command can be run "
    "again to continue. Notifies Slack.",
    unless="the deployment is being continued",
)
GROW = Step(
    name="start the idle colour",
    does="Runs `pulumi up` with the release on the colour without traffic, at the size of the one that serves.",
    unless="the colour runs the release at that size",
)
HEALTHY = Step(
    name="wait for healthy targets",
    does="Waits until the load balancer reports as many healthy instances of the new release as are serving now.",
)
SNAPSHOT = Step(
    name="snapshot the database",
    does="Takes a snapshot before the migrations, and waits until it is available.",
    unless="it is there, or the migrations were done",
)
MIGRATE = Step(
    name="migrate the database",
    does="Runs `php artisan migrate --force` on one host of the new release, by Systems Manager. The former release "
    "still serves, so it must work with the new tables.",
    unless="they were done",
)
SHIFTS = {
    share: Step(
        name=f"route {share} % of the traffic",
        does=f"Runs `pulumi up` with {share} % for the new release, then checks targets and gates. If one fails, all "
        "traffic is routed back.",
        unless="the new release has as much already" + (", and in an emergency" if share < 100 else ""),
    )
    for share in SHARES
}
WORKERS = Step(
    name="move the workers",
    does="Runs `pulumi up` with the release for the workers, and waits until their instances run it.",
    unless="they run it",
)
SERVE = Step(
    name="begin the rollback window",
    does="Records the time. The former release's instances are kept for `web.rollback_window_minutes`.",
)
STEPS = (CHECK, RECORD, GROW, HEALTHY, SNAPSHOT, MIGRATE, *SHIFTS.values(), WORKERS, SERVE)


class ClosedGateError(OpsError):
    """Visitors of the new release are not served well."""


def actions(session: Session, live: RegionStack, deployment: Deployment, *, goes_on: bool) -> list[Action]:
    """The declared steps with their code, in order; the first is done if the deployment `goes_on`."""
    return [
        _record(session, deployment, goes_on=goes_on),
        _grow(session, live, deployment),
        Action(step=HEALTHY, do=lambda _: await_as_many(live, deployment)),
        _snapshot(live, deployment),
        Action(
            step=MIGRATE,
            do=lambda _: _migrate(session, live, deployment),
            done=lambda: "they were done" if deployment.migrated else "",
        ),
        *(_shift(session, live, deployment, share) for share in SHARES),
        workers(session, live, WORKERS, deployment.version),
        Action(step=SERVE, do=lambda _: _serve(live, deployment)),
    ]


def _record(session: Session, deployment: Deployment, *, goes_on: bool) -> Action:
    def do(_: StepRun) -> str:
        session.keep(deployment)
        notify(session, deployment, "started", 0.0)
        return plan

    plan = f"{deployment.version} on {deployment.color}, in place of {deployment.former}"
    started = f"started {deployment.started:%Y-%m-%d %H:%M:%S} UTC"
    return Action(step=RECORD, do=do, done=lambda: started if goes_on else "", plan=plan)


def forbidding(session: Session, live: RegionStack) -> list[str]:
    """Other operations in progress, and conditions of the region that prevent a deployment."""
    found = session.under_way()
    if not live.writes:
        found.append(f"{live.stack} is live but takes no writes: `ops dr status`")
    if colors(live) is None:
        blue, green = live.settings.web.blue.weight, live.settings.web.green.weight
        found.append(f"web.blue.weight {blue} and web.green.weight {green}: no colour is idle; want 100 and 0")
    if engine := engine_of(session.engine, live.stack):
        found.append(engine)
    if missing := secret_values.without_value(live):
        found.append(f"accounts on the database were never made ({', '.join(missing)}): `ops secrets rotate database`")
    return found


def _grow(session: Session, live: RegionStack, deployment: Deployment) -> Action:
    color, version = deployment.color, deployment.version
    least, most = (int(live.file.get(f"web.{deployment.former}.{name}", 0)) for name in ("min_size", "max_size"))
    values = {f"web.{color}.release": version, f"web.{color}.min_size": least, f"web.{color}.max_size": most}

    def runs() -> str:
        found = fleets.web(live)[color]
        return f"{color} runs {version}" if (found.release, found.least, found.most) == (version, least, most) else ""

    return setting(session, live, GROW, values, runs, needs=lambda: _listed(archive.problem(live, version)))


def _snapshot(live: RegionStack, deployment: Deployment) -> Action:
    name = database.snapshot_name(live, deployment)

    def done() -> str:
        return name if deployment.migrated or snapshots.status(live, name) == "available" else ""

    def take(step: StepRun) -> str:
        snapshots.take(live, name)
        return name

    return Action(
        step=SNAPSHOT,
        do=take,
        done=done,
        needs=lambda: [] if deployment.emergency else _listed(database.backup_problem(live)),
        plan=name,
    )


def _listed(problem: str) -> list[str]:
    return [problem] if problem else []


def _migrate(session: Session, live: RegionStack, deployment: Deployment) -> str:
    """After a kill this waits for the command that was sent, and does not send it twice."""
    if deployment.command is None:
        instance = fleets.web(live)[deployment.color].healthy[0]
        deployment.command = database.send_migration(live, instance, deployment.version)
        session.keep(deployment)
    try:
        told = database.await_migration(live, deployment.command)
    except OpsError:
        # The next run sends it again.
        deployment.command = None
        raise
    deployment.migrated = True
    return told


def _shift(session: Session, live: RegionStack, deployment: Deployment, share: int) -> Action:
    color, former = deployment.color, deployment.former

    def done() -> str:
        if deployment.emergency and share < 100:
            return "emergency"
        weight, declared = fleets.web(live)[color].weight, int(live.file.get(f"web.{color}.weight", 0))
        return f"{color} has {weight} %" if weight is not None and min(weight, declared) >= share else ""

    def served() -> None:
        try:
            await_healthy(live, color, fleets.web(live)[color].least)
            if not deployment.emergency:
                await_gates(session, live)
        except OpsError as error:
            raise ClosedGateError(error.message) from None

    weights = {f"web.{color}.weight": share, f"web.{former}.weight": 100 - share}
    # Once traffic moves, the gates are asked after each step.
    needs = (lambda: closed(session, live)) if share == SHARES[0] and not deployment.emergency else no_needs
    return replace(setting(session, live, SHIFTS[share], weights, nothing, needs=needs, after=served), done=done)


def workers(session: Session, live: RegionStack, step: Step, release: str) -> Action:
    """Move the workers to a release, and wait until they run it."""
    return setting(
        session,
        live,
        step,
        {"workers.release": release},
        lambda: workers_run(live, release),
        after=lambda: await_workers(live, release),
    )


def stop(session: Session, live: RegionStack, step: Step, color: str) -> Action:
    """Stop every instance of a colour. The maximum size is set too, otherwise the running instances would stay."""

    def runs() -> str:
        there = fleets.web(live)[color]
        return f"{color} has stopped" if there.least == there.most == 0 else ""

    return setting(session, live, step, {f"web.{color}.min_size": 0, f"web.{color}.max_size": 0}, runs)


def _serve(live: RegionStack, deployment: Deployment) -> str:
    deployment.served = datetime.now(UTC)
    return f"until {deployment.window_ends(live):%Y-%m-%d %H:%M} UTC"
