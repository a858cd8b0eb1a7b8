"""The health of a colour and its region: targets by the load balancer, the region by its gates."""

from ops.core import gates
from ops.core.aws import client
from ops.core.facts import wait
from ops.core.pair import RegionStack
from ops.core.session import Session
from ops.deploy import fleets
from ops.deploy.deployment import Deployment

HEALTHY_SECONDS = 1200.0
"""Our choice, as for an activation: instances boot and install their software."""
WORKERS_SECONDS = 7200.0
"""Our choice: workers are replaced one after the other, each after `workers.warmup_seconds`."""
GATE_SECONDS = 120.0
"""Our choice: the load balancer detects an unhealthy target within 45 s (three checks of 15 s each)."""


def closed(session: Session, live: RegionStack) -> list[str]:
    """The region's closed gates, one per line."""
    return [f"gate of {live.stack} closed: {gate}" for gate in gates.ask(session.pair, live, None) if not gate.passed]


def await_gates(session: Session, live: RegionStack) -> None:
    """Wait until every gate of the region is open. Raises OpsError with those that stay closed."""
    wait(f"gates of {live.stack}", lambda: closed(session, live), lambda found: not found, seconds=GATE_SECONDS)


def await_as_many(live: RegionStack, deployment: Deployment) -> str:
    """Wait until the new colour is as large as the serving one, and healthy. Returns its number of instances."""
    found = fleets.web(live)
    color, serves = found[deployment.color], found[deployment.former]
    wanted = max(color.least, min(serves.desired, color.most))
    if color.desired < wanted:
        # Load may have scaled the other colour above its minimum size. This is in no setting, so it is not drift.
        client("autoscaling", live.region).set_desired_capacity(
            AutoScalingGroupName=color.name, DesiredCapacity=wanted, HonorCooldown=False
        )
    return await_healthy(live, deployment.color, wanted, HEALTHY_SECONDS)


def await_healthy(live: RegionStack, color: str, wanted: int, seconds: float | None = None) -> str:
    """Wait until a colour has this many healthy targets of its own release. Raises OpsError if it does not get them."""
    count = wait(
        f"{wanted} healthy targets of {color}",
        lambda: len(fleets.web(live)[color].healthy),
        lambda healthy: healthy >= wanted,
        seconds=GATE_SECONDS if seconds is None else seconds,
    )
    return f"{count} on {color}"


def workers_run(live: RegionStack, version: str) -> str:
    """A message once all workers run a release; empty until then."""
    found = fleets.workers(live)
    there = found.release == version and len(found.healthy) >= found.desired
    return f"{len(found.healthy)} run {version or 'no release'}" if there else ""


def await_workers(live: RegionStack, version: str) -> None:
    """Wait until all workers run a release."""
    wait(f"workers with {version or 'no release'}", lambda: workers_run(live, version), bool, seconds=WORKERS_SECONDS)
