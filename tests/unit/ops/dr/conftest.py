"""A platform of two regions, before and after a failover."""

from pathlib import Path
from typing import Any

import pytest
from fake_platform import Platform, platform_in

from ops.core import report
from ops.dr.failover import failover


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    return platform_in(tmp_path, monkeypatch)


@pytest.fixture
def both_serve(platform: Platform) -> None:
    """Normal operation; visitors are routed to prod."""
    platform.file("dr").set({"activated": True})
    platform.engine.up("dr", None)
    platform.engine.ups.clear()


@pytest.fixture
def failed_over(platform: Platform) -> Platform:
    """prod was lost, dr serves, and prod is back with its former data."""
    platform.lose()
    failover(platform.session(waive_fence="gone"), "dr")
    platform.world.lost.clear()
    platform.engine.ups.clear()
    return platform


@pytest.fixture
def written(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The reports that were written."""
    found: list[dict[str, Any]] = []

    def write(folder: Path, operation: dict[str, Any]) -> list[Path]:
        found.append(operation)
        return [folder / "report.md"]

    monkeypatch.setattr(report, "write", write)
    return found
