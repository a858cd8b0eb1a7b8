"""CloudWatch on the emulated AWS."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.emulator.emulated import Clients

NAMESPACE = "Test"


def published(cloudwatch: Any, name: str, values: dict[datetime, float]) -> None:
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[{"MetricName": name, "Timestamp": when, "Value": value} for when, value in values.items()],
    )


def maxima(cloudwatch: Any, name: str, start: datetime, *, period: int = 60) -> dict[datetime, float]:
    """The metric's maxima of the ten minutes after `start`, by the beginning of their period."""
    points = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE, MetricName=name, Period=period, Statistics=["Maximum"],
        StartTime=start, EndTime=start + timedelta(minutes=10),
    )["Datapoints"]  # fmt: skip
    return {point["Timestamp"]: point["Maximum"] for point in points}


@pytest.mark.fix("cloudwatch.py:periods_begin_with_the_clock")
def test_a_minute_begins_with_the_clock_and_not_with_the_oldest_value(aws: Clients, name: str) -> None:
    cloudwatch, minute = aws("cloudwatch"), datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    first, second = minute + timedelta(seconds=50), minute + timedelta(seconds=61)
    published(cloudwatch, name, {first: 900, second: 1})
    assert maxima(cloudwatch, name, minute) == {minute: 900, minute + timedelta(minutes=1): 1}
    assert maxima(cloudwatch, name, first) == maxima(cloudwatch, name, minute)


@pytest.mark.fix("cloudwatch.py:periods_begin_with_the_clock")
def test_a_period_of_five_minutes_begins_with_the_minute_asked_about(aws: Clients, name: str) -> None:
    cloudwatch, minute = aws("cloudwatch"), datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=8)
    published(cloudwatch, name, {minute + timedelta(seconds=30): 2, minute + timedelta(minutes=4, seconds=59): 7})
    published(cloudwatch, name, {minute + timedelta(minutes=5): 3})
    asked = maxima(cloudwatch, name, minute + timedelta(seconds=12), period=300)
    assert asked == {minute: 7, minute + timedelta(minutes=5): 3}
