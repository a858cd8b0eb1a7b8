"""The CloudWatch dashboard: it has every alarm once, and no panel overlaps another."""

import json
from itertools import combinations
from typing import Any

import pytest
from regions import STACKS, region
from stack_files import settings_of

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
MOST_WIDGETS = 500
"""CloudWatch User Guide, "CloudWatch service quotas"."""


def widgets(stack: str) -> list[dict[str, Any]]:
    content = json.loads(region(stack).one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])
    return list(content["widgets"])


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    across = one["x"] < other["x"] + other["width"] and other["x"] < one["x"] + one["width"]
    down = one["y"] < other["y"] + other["height"] and other["y"] < one["y"] + one["height"]
    return across and down


@pytest.mark.parametrize("stack", STACKS)
def test_every_alarm_is_on_it_once_in_its_own_region(stack: str) -> None:
    panels = [widget["properties"] for widget in widgets(stack) if widget["type"] == "metric"]
    shown = [arn.rpartition("/")[2] for panel in panels for arn in panel.get("annotations", {}).get("alarms", [])]
    assert sorted(shown) == sorted(made.inputs["name"] for made in region(stack).of(ALARM))
    assert {panel["region"] for panel in panels} == {settings_of(stack).region}


@pytest.mark.parametrize("stack", STACKS)
def test_errors_that_the_application_logs_are_counted_and_shown(stack: str) -> None:
    (shown,) = [widget["properties"]["metrics"] for widget in widgets(stack) if "metrics" in widget["properties"]]
    counts = {}
    for made in region(stack).of("aws:cloudwatch/logMetricFilter:LogMetricFilter"):
        to = made.inputs["metricTransformation"]
        counts[made.inputs["logGroupName"]] = (to["namespace"], to["name"])
        # The start of a Laravel line, because a message may contain the word too.
        assert '?"production.ERROR"' in made.inputs["pattern"].split()
        assert '?"production.CRITICAL"' in made.inputs["pattern"].split()
    assert counts.keys() == {f"askproai-{stack}-{role}" for role in ("web", "workers")}
    assert [(namespace, name) for namespace, name, _ in shown] == sorted(counts.values())


@pytest.mark.parametrize("stack", STACKS)
def test_no_panel_covers_another_or_leaves_the_page(stack: str) -> None:
    found = widgets(stack)
    assert [(one, other) for one, other in combinations(found, 2) if overlap(one, other)] == []
    assert max(widget["x"] + widget["width"] for widget in found) == 24
    assert len(found) <= MOST_WIDGETS
