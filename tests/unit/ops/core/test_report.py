"""The report of an operation, with the picture of its timeline."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.core import report

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


def test_a_report_is_markdown_and_json(written: dict[str, Path]) -> None:
    assert list(written) == [".md", ".json"]
    assert {file.stem for file in written.values()} == {"failover-20250110-030000"}


def test_the_json_is_what_was_handed_in(written: dict[str, Path]) -> None:
    assert json.loads(written[".json"].read_text())["timeline"] == operation()["timeline"]


def test_the_picture_has_the_outage_the_moments_and_every_step(written: dict[str, Path]) -> None:
    _, _, after_the_fence = written[".md"].read_text().partition("```mermaid\ngantt\n")
    chart, _, _ = after_the_fence.partition("\n```")
    assert chart.splitlines()[3:] == [
        "section Nobody is served",
        "3 min 06 s :crit, 2025-01-10T03:00:00.000, 186000ms",
        "section Moments",
        "region lost :milestone, 2025-01-10T03:00:00.000, 0ms",
        "decision :milestone, 2025-01-10T03:00:04.000, 0ms",
        "served again :milestone, 2025-01-10T03:03:06.000, 0ms",
        "section Steps",
        "preflight 4.0 s :active, 2025-01-10T03:00:00.000, 4000ms",
        "fence prod 0.1 s, skipped :2025-01-10T03:00:04.000, 100ms",
        "activate dr 3 min 00 s, failed :crit, 2025-01-10T03:00:05.000, 180000ms",
    ]


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
    ):
        assert line in text


def test_an_operation_without_steps_has_no_picture(tmp_path: Path) -> None:
    files = report.write(tmp_path, {"operation": "drill", "timeline": []})
    assert [file.name for file in files] == ["drill.md", "drill.json"]
    assert "mermaid" not in files[0].read_text()


def test_a_colon_in_the_name_of_a_step_does_not_end_it_in_the_picture() -> None:
    step = {"name": "dr: pulumi up", "started": after(0), "seconds": 0.0, "outcome": "would", "detail": ""}
    assert "\ndr, pulumi up 0.0 s, would :2025-01-10T03:00:00.000, 0ms\n" in report.picture(operation(timeline=[step]))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0.0 s"), (99.94, "99.9 s"), (100, "1 min 40 s"), (3599, "59 min 59 s"), (3600, "1 h 00 min")],
)
def test_durations_are_for_people(seconds: float, told: str) -> None:
    assert report.span(seconds) == told
