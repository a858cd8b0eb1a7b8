"""The report of an operation, and the picture of its timeline."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.core import report
from ops.core.timeline_picture import Mark, mark_levels, picture, span

BEGAN = datetime(2025, 1, 10, 3, tzinfo=UTC)


def after(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat()


def operation(**more: Any) -> dict[str, Any]:
    timeline = [
        {"name": "preflight", "started": after(0), "seconds": 4.0, "outcome": "done", "detail": "all is there"},
        {"name": "fence prod", "started": after(4), "seconds": 0.1, "outcome": "skipped", "detail": "waived: drill"},
        {"name": "activate dr", "started": after(5), "seconds": 180.0, "outcome": "failed", "detail": "a | b"},
    ]
    return {"operation": "failover", "from": "prod", "to": "dr", "timeline": timeline, **more}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A report with everything in it."""
    whole = operation(
        decided_at=after(4),
        marks=[{"name": "region lost", "at": after(0)}, {"name": "served again", "at": after(186)}],
        outages=[{"from": after(0), "to": after(186)}],
        measured={"RTO, seconds": 186.0},
        budget={"RTO, seconds": 14400},
        tables={"Expected": [("step", "minutes"), ("promote", "2 to 6")]},
        waiver={"reason": "drill"},
        notes=["emulated"],
    )
    files = report.write(tmp_path_factory.mktemp("reports") / "deep", whole)
    return {file.suffix: file for file in files}


def test_a_report_is_markdown_json_and_a_picture_in_two_formats(written: dict[str, Path]) -> None:
    assert list(written) == [".md", ".json", ".svg", ".png"]
    assert {file.stem for file in written.values()} == {"failover-20250110-030000"}


def test_the_json_is_what_was_handed_in(written: dict[str, Path]) -> None:
    assert json.loads(written[".json"].read_text())["timeline"] == operation()["timeline"]


def test_the_picture_names_every_step(written: dict[str, Path]) -> None:
    drawn = written[".svg"].read_text()
    assert drawn.startswith("<?xml")
    for name in ("preflight", "fence prod", "activate dr", "decision 4.0 s", "served again 3 min 06 s"):
        assert f"<!-- {name} -->" in drawn


def test_the_markdown_tells_it_all(written: dict[str, Path]) -> None:
    text = written[".md"].read_text()
    assert text.startswith("# Failover prod to dr, 2025-01-10 03:00 UTC\n")
    for line in (
        "| RTO, seconds | 186.0 | 14400 |",
        "| 03:00:05 | activate dr | 3 min 00 s | failed | a \\| b |",
        "| 03:00:00 | region lost |\n| 03:00:04 | decision |\n| 03:03:06 | served again |",
        "| promote | 2 to 6 |",
        "| reason | drill |",
        "- emulated",
        f"![Timeline]({written['.png'].name})",
    ):
        assert line in text


def test_an_operation_without_steps_has_no_picture(tmp_path: Path) -> None:
    files = report.write(tmp_path, {"operation": "drill", "timeline": []})
    assert [file.name for file in files] == ["drill.md", "drill.json"]
    assert "![" not in files[0].read_text()


def test_a_step_of_a_dry_run_and_one_of_no_length_are_drawn(tmp_path: Path) -> None:
    step = {"name": "flip", "started": after(0), "seconds": 0.0, "outcome": "would", "detail": ""}
    assert len(report.write(tmp_path, {"operation": "flip", "timeline": [step]})) == 4


def test_the_picture_begins_with_what_came_first() -> None:
    drawn = picture("", operation()["timeline"], [{"name": "lost", "at": after(-10)}], [])
    assert drawn.marks[0].at == 0
    assert drawn.bars[0].start == 10
    assert drawn.end == 195


def test_labels_of_marks_that_are_close_stand_on_different_lines() -> None:
    marks = [Mark(name="region lost", at=1), Mark(name="decision", at=2), Mark(name="served again", at=3)]
    assert mark_levels(marks, 600) == [0, 1, 2]


def test_labels_of_marks_that_are_apart_share_a_line() -> None:
    marks = [Mark(name="lost", at=0), Mark(name="served", at=300), Mark(name="home", at=600)]
    assert mark_levels(marks, 600) == [0, 0, 0]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0.0 s"), (99.94, "99.9 s"), (100, "1 min 40 s"), (3599, "59 min 59 s"), (3600, "1 h 00 min")],
)
def test_durations_are_for_people(seconds: float, told: str) -> None:
    assert span(seconds) == told
