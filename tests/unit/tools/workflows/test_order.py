"""The order of a deployment follows the edge's file."""

import shutil
from pathlib import Path

import pytest
from stack_files import ROOT

from tools.workflows.order import order


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: askproai\n")
    for stack in ("here", "there", "alone"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config:\n  askproai:role: primary\n")
    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    return tmp_path


def edge(project: Path, live: str) -> None:
    (project / "Pulumi.front.yaml").write_text(
        f"config:\n  askproai:role: edge\n  askproai:live: {live}\n  askproai:regions: [here, there]\n"
    )


@pytest.mark.parametrize(("live", "idle"), [("here", "there"), ("there", "here")])
def test_the_region_without_visitors_is_first_and_the_edge_last(project: Path, live: str, idle: str) -> None:
    edge(project, live)
    assert list(order().items()) == [("idle", idle), ("live", live), ("edge", "front")]


def test_an_edge_whose_live_region_is_no_region_of_it_is_refused(project: Path) -> None:
    edge(project, "alone")
    with pytest.raises(ValueError, match="live alone"):
        order()


def test_the_committed_files_give_an_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, tmp_path)
    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    assert set(order().values()) == {"prod", "dr", "edge"}
