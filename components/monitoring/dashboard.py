"""The page in CloudWatch that shows what the alarms watch, for when the monitoring host is down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.json_document import json_document

WIDTH = 24
"""Columns of a dashboard (CloudWatch API, "Dashboard body structure and syntax")."""
PANEL_WIDTH, PANEL_HEIGHT, HEADING_HEIGHT = 6, 5, 1
AlarmsByArea = Mapping[str, Sequence[aws.cloudwatch.MetricAlarm]]


def body(alarms: AlarmsByArea, region: str) -> pulumi.Output[str]:
    """The dashboard: the alarms of each area below its name, each with its metric and its threshold."""
    arns = {area: [alarm.arn for alarm in found] for area, found in alarms.items() if found}
    return json_document({"widgets": list(_widgets(arns, region))})


def _widgets(arns: Mapping[str, Sequence[pulumi.Output[str]]], region: str) -> Iterator[dict[str, Any]]:
    top = 0
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
                # The alarm says which metric and which threshold.
                "properties": {"region": region, "annotations": {"alarms": [arn]}},
            }
        top += PANEL_HEIGHT * -(-len(found) // (WIDTH // PANEL_WIDTH))
