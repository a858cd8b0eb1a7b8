"""The alarms: who is told, what is watched, and that each threshold is the manuals'."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from fake_cloud import Cloud, Record
from regions import altered, region
from stack_files import settings_of

from components.monitoring.alarm_rows import ALARMS, AlarmRow, Subject
from outputs import RegionOutputs

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
GIB = 1024**3
PROD, DR = settings_of("prod"), settings_of("dr")


def alarm(role: str, stack: str = "prod") -> dict[str, Any]:
    return region(stack).one(ALARM, f"alarms-{role}").inputs


def limits(role: str) -> dict[str, tuple[float, int]]:
    """Each level of a role with its threshold and its minutes."""
    found = {}
    for made in region("prod").of(ALARM):
        if match := re.fullmatch(rf"alarms-{role}-(warning|critical)", made.name):
            period = made.inputs.get("period") or made.inputs["metricQueries"][0]["metric"]["period"]
            found[match[1]] = (made.inputs["threshold"], made.inputs["evaluationPeriods"] * int(period) // 60)
    return found


def watched(made: Record) -> Iterator[dict[str, Any]]:
    """The dimensions of each metric of an alarm."""
    if "dimensions" in made.inputs:
        yield made.inputs["dimensions"]
    yield from (q["metric"]["dimensions"] for q in made.inputs.get("metricQueries", []) if "metric" in q)


@pytest.mark.parametrize(
    ("role", "wanted"),
    [
        ("database-cpu", {"warning": (70, 15), "critical": (90, 5)}),
        ("hosts-cpu-web-blue", {"warning": (70, 15), "critical": (90, 5)}),
        ("hosts-cpu-workers", {"warning": (70, 15), "critical": (90, 5)}),
        ("database-connections", {"warning": (160, 15), "critical": (190, 5)}),
        ("database-storage", {"warning": (100 * GIB, 15), "critical": (50 * GIB, 5)}),
        ("errors", {"warning": (1, 5), "critical": (5, 5)}),
        ("slow", {"warning": (0.5, 10), "critical": (2, 10)}),
        ("unhealthy-blue", {"warning": (0, 5)}),
        ("backlog-default", {"warning": (1000, 15), "critical": (5000, 5)}),
        ("dead-default", {"warning": (0, 5)}),
    ],
)
def test_the_thresholds_are_those_of_the_manuals(role: str, wanted: dict[str, tuple[float, int]]) -> None:
    assert limits(role) == wanted


def test_shares_follow_the_settings() -> None:
    assert altered().one(ALARM, "alarms-database-connections-critical").inputs["threshold"] == 950
    assert altered().one(ALARM, "alarms-database-storage-warning").inputs["threshold"] == 20 * GIB


def test_storage_is_watched_from_below_and_all_else_from_above() -> None:
    compared = {made.name: made.inputs["comparisonOperator"] for made in region("prod").of(ALARM)}
    below = {name for name, operator in compared.items() if operator == "LessThanThreshold"}
    assert below == {"alarms-database-storage-warning", "alarms-database-storage-critical"}
    assert set(compared.values()) == {"LessThanThreshold", "GreaterThanThreshold"}


def test_the_lag_of_a_replica_is_held_against_what_is_promised() -> None:
    lag = alarm("replica-lag-critical", "dr")
    assert DR.recovery is not None
    assert lag["threshold"] == DR.recovery.max_replica_lag_seconds
    assert lag["treatMissingData"] == "breaching"
    [metric] = [query["metric"] for query in lag["metricQueries"] if "metric" in query]
    assert (metric["metricName"], metric["dimensions"]) == (
        "ReplicaLag",
        {"DBInstanceIdentifier": "askproai-dr-database"},
    )


def test_a_replication_that_stands_still_is_the_worst_lag() -> None:
    [expression] = [q["expression"] for q in alarm("replica-lag-critical", "dr")["metricQueries"] if "expression" in q]
    assert expression == "IF(m0 < 0, 86400, m0)"


def test_only_a_follower_has_a_lag() -> None:
    assert [made.name for made in region("prod").of(ALARM) if "lag" in made.name] == []


def test_errors_are_a_share_that_counts_what_no_host_answered() -> None:
    queries = {query["id"]: query for query in alarm("errors-critical")["metricQueries"]}
    names = [queries[name]["metric"]["metricName"] for name in ("m0", "m1", "m2")]
    assert names == ["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "RequestCount"]
    assert queries["watched"]["expression"] == "100 * (FILL(m0, 0) + FILL(m1, 0)) / (FILL(m2, 0) + FILL(m1, 0))"
    assert [name for name, query in queries.items() if query.get("returnData")] == ["watched"]


@cache
def parts() -> set[str]:
    """Everything that an alarm of prod could be about, as CloudWatch names it."""
    cloud = region("prod")
    balancer = cloud.one("aws:lb/loadBalancer:LoadBalancer")
    return {
        "askproai-prod-database",
        f"app/{balancer.inputs['name']}/loadBalancer-{balancer.name}",
        *(r.inputs["name"] for r in cloud.of("aws:autoscaling/group:Group")),
        *(r.inputs["name"] for r in cloud.of("aws:sqs/queue:Queue")),
        *(f"targetgroup/{r.inputs['name']}/targetGroup-{r.name}" for r in cloud.of("aws:lb/targetGroup:TargetGroup")),
    }


def test_every_alarm_watches_a_part_that_there_is() -> None:
    found = {value for made in region("prod").of(ALARM) for row in watched(made) for value in row.values()}
    assert found == parts()


@pytest.mark.parametrize("row", ALARMS, ids=lambda row: row.role)
def test_every_row_says_why_and_where_from(row: AlarmRow) -> None:
    assert row.why
    assert row.source
    assert row.levels()
    assert (row.expression is not None) >= (len(row.metrics) > 1)


@pytest.mark.parametrize("row", ALARMS, ids=lambda row: row.role)
def test_levels_are_whole_periods_and_the_worse_is_beyond_the_better(row: AlarmRow) -> None:
    assert all(level.minutes * 60 % row.period_seconds == 0 for level in row.levels().values())
    if row.warning and row.critical:
        assert (row.critical.threshold < row.warning.threshold) is row.below
        assert row.critical.threshold != row.warning.threshold


def test_every_subject_has_a_row() -> None:
    assert {row.subject for row in ALARMS} == set(Subject)


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_each_alarm_reaches_everybody_through_an_encrypted_topic(stack: str) -> None:
    cloud: Cloud[RegionOutputs] = region(stack)
    topic = cloud.one("aws:sns/topic:Topic")
    assert topic.inputs["kmsMasterKeyId"] == cloud.exports["key_arns"]["messages"]
    topic_arn = f"arn:aws:sns:{settings_of(stack).region}:{PROD.account_id}:{topic.inputs['name']}"
    for made in cloud.of(ALARM):
        assert made.inputs["alarmActions"] == made.inputs["okActions"] == [topic_arn]
    mails = cloud.of("aws:sns/topicSubscription:TopicSubscription")
    assert [(mail.inputs["protocol"], mail.inputs["endpoint"]) for mail in mails] == [
        ("email", address) for address in settings_of(stack).alarm_emails
    ]


def test_only_alarms_of_the_account_are_published() -> None:
    policy = json.loads(region("prod").one("aws:sns/topicPolicy:TopicPolicy").inputs["policy"])
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert statements["Alarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statements["Alarms"]["Condition"] == {"StringEquals": {"aws:SourceAccount": PROD.account_id}}
    assert statements["RefusePlainHttp"]["Effect"] == "Deny"
