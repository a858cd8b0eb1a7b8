"""The drill on the real engine: the live region is lost, the other takes over, and everything is restored."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.project.paths import CHECKOUT
from tests.e2e.operated import Platform, Platforms

pytestmark = pytest.mark.e2e

DRILL_SECONDS = 3000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def drilled(edge: Platform, folder: Path) -> subprocess.CompletedProcess[str]:
    """A whole drill."""
    command = [edge.paths.launcher, "dr", "drill", "--report", folder]
    return subprocess.run(
        command, cwd=CHECKOUT, env=edge.variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=DRILL_SECONDS, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def told(drilled: subprocess.CompletedProcess[str], folder: Path) -> dict[str, Any]:
    """Its report; without one the drill has failed."""
    if drilled.returncode:
        pytest.skip("the drill failed, as test_a_drill_keeps_its_budget shows")
    (file,) = folder.glob("drill-*.json")
    return json.loads(file.read_text())


def test_a_drill_keeps_its_budget(drilled: subprocess.CompletedProcess[str]) -> None:
    assert drilled.returncode == 0, f"{drilled.stdout}\n{drilled.stderr}"


def test_nothing_called_the_lost_region_after_the_decision(told: dict[str, Any]) -> None:
    (calls,) = [value for what, value in told["measured"].items() if what.startswith("calls to")]
    assert calls == "0"


def test_no_row_is_lost_on_the_way_back(told: dict[str, Any]) -> None:
    assert told["measured"]["rows lost while failing back"] == "0"


def test_the_report_has_its_tables_and_a_picture(told: dict[str, Any], folder: Path) -> None:
    tables = {"Expected in the real clouds", "Sources of the expected times", "Computed from the declaration"}
    assert set(told["tables"]) == tables
    assert {file.suffix for file in folder.glob("drill-*")} == {".md", ".json"}
    (page,) = folder.glob("drill-*.md")
    assert "```mermaid\ngantt\n" in page.read_text()


def test_afterwards_everything_is_where_it_was(told: dict[str, Any], three_stacks: Platforms) -> None:
    assert told["outcome"] == "done"
    prod, dr, edge = (three_stacks[stack] for stack in ("prod", "dr", "edge"))
    assert edge.setting("live") == "prod"
    assert (prod.setting("role"), prod.setting("fenced")) == ("primary", False)
    assert (dr.setting("role"), dr.setting("activated")) == ("standby", False)
    for stack in three_stacks.values():
        stack.pulumi("preview", "--expect-no-changes")


def test_the_committed_files_stay_as_they_are(told: dict[str, Any], edge: Platform) -> None:
    assert told["outcome"] == "done"
    assert "live: prod" in (edge.paths.checkout / "Pulumi.edge.yaml").read_text()
