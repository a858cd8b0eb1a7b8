"""The CloudWatch dashboard of everything that the alarms watch, for when the monitoring host is down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.json_document import json_document
from components.monitoring.log_metrics import LogMetrics

WIDTH = 24
"""Columns of a dashboard (CloudWatch API, "Dashboard body structure and syntax")."""
PERIOD_SECONDS = 300
"""The period of a graph's data points: the application has few errors."""
PANEL_WIDTH, PANEL_HEIGHT, HEADING_HEIGHT = 6, 5, 1
AlarmsByArea = Mapping[str, Sequence[aws.cloudwatch.MetricAlarm]]


def body(alarms: AlarmsByArea, errors: LogMetrics, region: str) -> pulumi.Output[str]:
    """The dashboard: logged errors, then the alarms of each area, with metric and threshold."""
    arns = {area: [alarm.arn for alarm in found] for area, found in alarms.items() if found}
    return json_document({"widgets": [_logged(errors, region), *_widgets(arns, region)]})


def _logged(errors: LogMetrics, region: str) -> dict[str, Any]:
    """One full-width graph: the number of errors that each host role has logged."""
    return {
        "type": "metric",
        "x": 0,
        "y": 0,
        "width": WIDTH,
        "height": PANEL_HEIGHT,
        "properties": {
            "title": "Errors that the application logged",
            "region": region,
            "stat": "Sum",
            "period": PERIOD_SECONDS,
            "metrics": [[errors.namespace, metric, {"label": role}] for role, metric in errors.metrics.items()],
        },
    }


def _widgets(arns: Mapping[str, Sequence[pulumi.Output[str]]], region: str) -> Iterator[dict[str, Any]]:
    top = PANEL_HEIGHT
    for area, found in arns.items():
        place = {"x": 0, "y": top, "width": WIDTH, "height": HEADING_HEIGHT}
        yield {"type": "text", **place, "properties": {"markdown": f"## {area}"}}
        top += HEADING_HEIGHT
        for number, arn in enumerate(found):
            row, column = divmod(number, WIDTH // PANEL_WIDTH)
            place = {"x": column * PANEL_WIDTH, "y": top + row * PANEL_HEIGHT}
            yield {
                "type": "metric",
                **place,
                "width": PANEL_WIDTH,
                "height": PANEL_HEIGHT,
                # The alarm defines the metric and the threshold.
                "properties": {"region": region, "annotations": {"alarms": [arn]}},
            }
        top += PANEL_HEIGHT * -(-len(found) // (WIDTH // PANEL_WIDTH))
