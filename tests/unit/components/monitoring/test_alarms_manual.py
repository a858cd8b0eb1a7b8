"""The alarms compared with other sources: the manuals for what is measured, CloudWatch for its statistics."""

import re
from typing import Any

import botocore.session
import pytest
from fake_cloud import Record
from regions import region

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def measured(made: Record) -> tuple[str, str, str | None, str | None]:
    """Namespace, metric, plain statistic and percentile of an alarm on one metric."""
    inputs = made.inputs
    return inputs["namespace"], inputs["metricName"], inputs.get("statistic"), inputs.get("extendedStatistic")


@pytest.mark.parametrize(
    ("role", "wanted"),
    [
        # ops, "Alert Configuration": slow_response is response_time_p95; devops, "Alert Rules": the 0.95 quantile.
        ("slow-warning", ("AWS/ApplicationELB", "TargetResponseTime", None, "p95")),
        ("slow-critical", ("AWS/ApplicationELB", "TargetResponseTime", None, "p95")),
        # ops, "Infrastructure Metrics": CPU Usage; the mean of a group of hosts, since a single one may be busy.
        ("database-cpu-critical", ("AWS/RDS", "CPUUtilization", "Average", None)),
        ("hosts-cpu-workers-critical", ("AWS/EC2", "CPUUtilization", "Average", None)),
        # ops, "Infrastructure Metrics": Database Connections and Disk Usage; the worst moment counts.
        ("database-connections-critical", ("AWS/RDS", "DatabaseConnections", "Maximum", None)),
        ("database-storage-critical", ("AWS/RDS", "FreeStorageSpace", "Minimum", None)),
        # ops, "Application Metrics": Queue Depth; devops, "Alert Rules": askproai_queue_size.
        ("backlog-default-critical", ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", None)),
        ("dead-default-warning", ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", None)),
        ("unhealthy-blue-warning", ("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", None)),
    ],
)
def test_an_alarm_measures_what_the_manuals_name(role: str, wanted: tuple[str, str, str | None, str | None]) -> None:
    assert measured(region("prod").one(ALARM, f"alarms-{role}")) == wanted


def statistics(made: Record) -> list[tuple[str | None, str | None]]:
    """The plain statistic and the percentile of each metric that an alarm reads."""
    queries = [query["metric"]["stat"] for query in made.inputs.get("metricQueries", []) if "metric" in query]
    if queries:
        return [(None, stat) if stat.startswith("p") else (stat, None) for stat in queries]
    return [(made.inputs.get("statistic"), made.inputs.get("extendedStatistic"))]


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_every_statistic_is_one_of_cloudwatch(stack: str) -> None:
    model: Any = botocore.session.get_session().get_service_model("cloudwatch")
    plain = model.shape_for("Statistic").enum
    for made in region(stack).of(ALARM):
        for statistic, percentile in statistics(made):
            assert (statistic is None) != (percentile is None), made.name
            assert statistic in (None, *plain), made.name
            # CloudWatch API, PutMetricAlarm, ExtendedStatistic: p0.0 to p100 for percentiles.
            assert percentile is None or re.fullmatch(r"p\d{1,2}(\.\d+)?|p100", percentile), made.name
