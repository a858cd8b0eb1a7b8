"""The status of releases in both regions, read in parallel; every call is bounded, and none changes anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from ops.core import hosts
from ops.core.aws import reachable
from ops.core.engine import Engine
from ops.core.facts import side_by_side
from ops.core.ledger import Ledger
from ops.core.pair import Pair, RegionStack
from ops.core.region_table import Facts, Found, answers, heads, show_regions
from ops.core.steps import say
from ops.deploy import archive, fleets
from ops.deploy.deployment import Deployment, key

SHOWN = 5
"""How many of a bucket's newest releases are shown."""


QUESTIONS: Mapping[str, Callable[[RegionStack], str]] = {
    "blue": lambda stack: str(fleets.web(stack)["blue"]),
    "green": lambda stack: str(fleets.web(stack)["green"]),
    "workers": lambda stack: str(fleets.workers(stack)),
    "in_bucket": lambda stack: ", ".join(archive.versions(stack)[-SHOWN:]) or "none",
}


@dataclass(frozen=True, kw_only=True)
class Status(Found):
    """Both regions, and notes."""

    regions: list[Facts]
    lines: list[str]


def status() -> Status:
    """Read everything."""
    pair = Pair(Engine())
    pair.read()
    regions = side_by_side({stack: partial(_region, pair, pair[stack]) for stack in pair.stacks})
    live = pair[pair.live]
    deployment = Deployment.known(Ledger(), key(live.stack))
    lines = [*(_told(live, deployment) if deployment else []), *hosts.releases_that_differ(pair)]
    return Status(regions=list(regions.values()), lines=lines)


def show(found: Status) -> None:
    """The status as text for the operator."""
    show_regions("Releases, both regions", found.regions)
    for line in found.lines:
        say(line)
    if not found.lines:
        say("no deployment is in progress")


def _told(live: RegionStack, deployment: Deployment) -> list[str]:
    version, end = deployment.version, deployment.window_ends(live)
    if end is None:
        return [
            f"{version} is being deployed to {live.stack} since {deployment.started:%Y-%m-%d %H:%M} UTC: "
            f"`ops deploy start {version}` continues it, `ops deploy rollback` rolls it back"
        ]
    if deployment.open_window(live):
        return [f"{version} serves; until {end:%Y-%m-%d %H:%M} UTC `ops deploy rollback` can roll it back"]
    return [f"{version} serves; its rollback window ended {end:%Y-%m-%d %H:%M} UTC: `ops deploy promote`"]


def _region(pair: Pair, stack: RegionStack) -> Facts:
    asked = QUESTIONS if reachable(stack.region) else ()
    return heads(pair, stack) | answers(stack, QUESTIONS, asked)
