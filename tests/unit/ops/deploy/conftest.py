"""A platform with releases."""

from pathlib import Path

import pytest
from fake_platform import Platform, platform_in
from fake_releases import NEW, OLD, publish


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """prod serves OLD on blue; NEW is in both buckets, and nothing was deployed yet."""
    found = platform_in(tmp_path, monkeypatch)
    for version in (OLD, NEW):
        publish(found, version, "prod", "dr")
    for stack in ("prod", "dr"):
        found.file(stack).set({"web.blue.release": OLD, "workers.release": OLD})
        found.engine.up(stack, None)
    found.engine.ups.clear()
    return found
