"""Releases on the fake platform: archives in buckets, declared releases, refusals, and a window that is over."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_platform import Platform

from ops.core.steps import Timeline
from ops.deploy import archive, deployment
from ops.deploy.start import start
from ops.errors import Exit, OpsError

OLD, NEW = "2030.01.01-1", "2030.01.02-1"


def publish(platform: Platform, version: str, *stacks: str, checksum: str = "") -> None:
    """The archive of a version, with its checksum, in the buckets of stacks."""
    content = f"archive of {version}".encode()
    digest = checksum or hashlib.sha256(content).hexdigest()
    for stack in stacks:
        region = platform.region(stack)
        platform.world.objects[region, archive.key(version)] = content
        platform.world.objects[region, f"{archive.key(version)}.sha256"] = f"{digest}  file\n".encode()


def end_window(platform: Platform) -> None:
    """Let the deployment have served for longer than the window."""
    ledger = platform.session().ledger
    record = ledger.get(deployment.key("prod"))
    assert record is not None
    ledger.put(deployment.key("prod"), record | {"served": (datetime.now(UTC) - timedelta(days=1)).isoformat()})


def declared(platform: Platform, stack: str = "prod") -> dict[str, Any]:
    """The releases in a stack's file."""
    file = platform.file(stack)
    names = ("web.blue.release", "web.green.release", "web.blue.weight", "web.green.weight", "workers.release")
    return {name: file.get(name, "") for name in names}


def refused(platform: Platform, version: str = NEW, **options: Any) -> str:
    """The refusal of a version's deployment."""
    with pytest.raises(OpsError) as error:
        start(platform.session(**options), version)
    assert error.value.exit_code is Exit.REFUSED
    return error.value.message


def taken(timeline: Timeline, outcome: str) -> list[str]:
    """The completed steps that change something."""
    return [entry.name for entry in timeline.entries if entry.outcome == outcome and not entry.asks]
