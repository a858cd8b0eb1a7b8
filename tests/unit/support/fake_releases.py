"""Releases on the fake platform: archives in buckets, and a rollback window that is over."""

import hashlib
from datetime import UTC, datetime, timedelta

from fake_platform import Platform

from ops.deploy import archive, deployment


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
