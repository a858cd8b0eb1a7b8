"""The alarms: recipients, watched resources, and the manuals' thresholds."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from fake_cloud import Cloud, Record
from fake_outputs import GROWN_GIB
from regions import altered, region
from stack_files import settings_of

from monitoring.alerts.catalogue import ALERTS
from naming import spelled
from ops.check.checks import ALARMS
from outputs import RegionOutputs

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DATABASE = "aws:rds/instance:Instance"
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


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_the_morning_checklist_finds_every_alarm_by_its_name(stack: str) -> None:
    prefix = spelled(settings_of(stack).environment, ALARMS)
    assert [made.name for made in region(stack).of(ALARM) if not made.inputs["name"].startswith(prefix)] == []


BY_ROLE = {each.role: each for each in ALERTS}


def levels(role: str, of: float = 100) -> dict[str, tuple[float, int]]:
    """Each level of an alert as an alarm has it; `of` is the whole of what its threshold is a percentage of."""
    found = BY_ROLE[role].levels().items()
    return {str(severity): (level.threshold * of / 100, level.minutes) for severity, level in found}


@pytest.mark.parametrize(
    ("alarms", "alert"),
    [
        *((role, role) for role in ("database-cpu", "database-memory", "errors", "slow", "certificate", "nat-ports")),
        *((role, role) for role in ("hosts-memory", "hosts-disk", "backups-failed", "copies-failed")),
        *((role, role) for role in ("objects-late", "objects-failed", "checklist-bad", "checklist-missing")),
        *((f"{alert}-default", alert) for alert in ("backlog", "dead", "waiting")),
        *((f"{alert}-0001", alert) for alert in ("cache-memory", "cache-evictions", "cache-cpu", "cache-lag")),
        *((f"{alert}-workers", alert) for alert in ("hosts-cpu", "launches", "credits")),
        ("hosts-cpu-web-blue", "hosts-cpu"),
        ("unhealthy-blue", "unhealthy"),
    ],
)
def test_an_alarm_has_the_thresholds_of_its_alert(alarms: str, alert: str) -> None:
    assert limits(alarms) == levels(alert)


@pytest.mark.parametrize(
    ("alarms", "alert", "whole"),
    [
        ("database-connections", "database-connections", int(PROD.database.parameters["max_connections"])),
        ("database-storage", "database-storage", PROD.database.allocated_storage_gib * GIB),
        ("dead-age-default", "dead-age", PROD.workers.queues["default"].dead_letter_retention_days * 86_400),
        ("healthy", "healthy", PROD.web.required_instances),
        ("backups-missing", "backups-missing", 2),
        ("copies-missing", "copies-missing", 2),
    ],
)
def test_a_threshold_in_percent_is_of_what_is_declared(alarms: str, alert: str, whole: float) -> None:
    assert limits(alarms) == levels(alert, whole)


def test_shares_follow_the_settings() -> None:
    assert altered().one(ALARM, "alarms-database-connections-critical").inputs["threshold"] == 950


def test_what_must_not_run_out_is_watched_from_below() -> None:
    compared = {made.name: made.inputs["comparisonOperator"] for made in region("prod").of(ALARM)}
    below = {name for name, operator in compared.items() if operator == "LessThanThreshold"}
    both = ("certificate", "database-memory", "database-storage", "healthy")
    assert below == {
        *(f"alarms-{role}-{severity}" for role in both for severity in ("warning", "critical")),
        "alarms-backups-missing-critical",
        "alarms-copies-missing-critical",
        "alarms-checklist-missing-warning",
        "alarms-archive-empty-warning",
        "alarms-archive-failed-warning",
    }
    assert set(compared.values()) == {"LessThanThreshold", "GreaterThanThreshold"}


def test_the_share_of_free_storage_is_of_what_rds_has_grown_it_to() -> None:
    assert altered().one(DATABASE, "database-instance-3").inputs["allocatedStorage"] == 100
    assert altered().one(ALARM, "alarms-database-storage-warning").inputs["threshold"] == 0.2 * GROWN_GIB * GIB


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
    assert [made.name for made in region("prod").of(ALARM) if "replica-lag" in made.name] == []


def test_errors_are_a_share_that_counts_what_no_host_answered() -> None:
    queries = {query["id"]: query for query in alarm("errors-critical")["metricQueries"]}
    names = [queries[name]["metric"]["metricName"] for name in ("m0", "m1", "m2")]
    assert names == ["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "RequestCount"]
    assert queries["watched"]["expression"] == "100 * SUM([m0, m1]) / SUM([m2, m1])"
    assert [name for name, query in queries.items() if query.get("returnData")] == ["watched"]


def expression(role: str) -> str:
    [watched] = [query["expression"] for query in alarm(role)["metricQueries"] if "expression" in query]
    return watched


@pytest.mark.parametrize(
    ("role", "wanted"),
    [
        ("cache-memory-0002-warning", "MAX([m0, m1])"),
        ("cache-evictions-0001-warning", "SUM([m0, m1])"),
        ("hosts-disk-warning", "MAX([m0, m1, m2, m3, m4])"),
        ("nat-ports-warning", "SUM([m0, m1, m2])"),
        ("healthy-critical", "m0"),
        ("launches-web-blue-warning", "m0 - m1"),
        ("backups-failed-critical", "SUM([m0, m1, m2])"),
        ("backups-missing-critical", "FILL(m0, 0)"),
        ("copies-missing-critical", "FILL(SUM([m0, m1]), 0)"),
    ],
)
def test_several_resources_are_one_value(role: str, wanted: str) -> None:
    assert expression(role) == wanted


def test_hosts_of_a_color_without_traffic_answer_nobody() -> None:
    def answering(cloud: Cloud[RegionOutputs]) -> list[str]:
        groups = [made["TargetGroup"] for made in watched(cloud.one(ALARM, "alarms-healthy-critical"))]
        return [group.split("/")[2] for group in groups]

    assert (PROD.web.blue.weight, PROD.web.green.weight) == (100, 0)
    assert answering(region("prod")) == ["targetGroup-balancer-blue"]
    assert answering(altered()) == ["targetGroup-balancer-blue", "targetGroup-balancer-green"]


def test_a_snapshot_is_missed_after_three_days() -> None:
    missing = region("prod").one(ALARM, "alarms-backups-missing-critical").inputs
    [metric] = [query["metric"] for query in missing["metricQueries"] if "metric" in query]
    assert (metric["period"], missing["evaluationPeriods"]) == (86_400, 3)


def test_a_follower_misses_the_snapshot_of_its_metrics_alone() -> None:
    assert alarm("backups-missing-critical", "dr")["threshold"] == 1
    assert [made.name for made in region("dr").of(ALARM) if "alarms-copies" in made.name] == []


def test_objects_are_watched_on_the_way_that_each_region_sees() -> None:
    ways = {
        (stack, role): {(made["SourceBucket"], made["DestinationBucket"], made["RuleId"]) for made in watched(found)}
        for stack in ("prod", "dr")
        for role in ("objects-late", "objects-failed")
        for found in [region(stack).one(ALARM, f"alarms-{role}-warning")]
    }
    assert ways["prod", "objects-failed"] == ways["dr", "objects-late"] == copied("replication")
    assert ways["dr", "objects-failed"] == ways["prod", "objects-late"] == copied("offsite-replication")


def copied(way: str) -> set[tuple[str, str, str]]:
    """Source, destination and rule of each bucket that prod has copied in one direction."""
    return {
        (made.inputs["bucket"], rule["destination"]["bucket"].removeprefix("arn:aws:s3:::"), rule["id"])
        for made in region("prod").of("aws:s3/bucketReplicationConfig:BucketReplicationConfig")
        for rule in made.inputs["rules"]
        if made.name.startswith(f"{way}-")
    }


def test_only_credits_of_burstable_hosts_are_watched() -> None:
    assert PROD.workers.instance_type.startswith("t3.")
    assert [made.name for made in region("prod").of(ALARM) if "credits" in made.name] == [
        "alarms-credits-workers-warning"
    ]


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_a_report_of_the_checklist_holds_until_the_next_which_must_come(stack: str) -> None:
    """In the region that follows too: while the other one is lost, nothing else reports it."""
    bad, missing = alarm("checklist-bad-warning", stack), alarm("checklist-missing-warning", stack)
    assert (bad["actionsEnabled"], bad["treatMissingData"]) == (True, "ignore")
    assert (missing["actionsEnabled"], missing["treatMissingData"]) == (True, "breaching")
    [query] = [query["metric"] for query in missing["metricQueries"] if "metric" in query]
    assert query["stat"] == "SampleCount"
    assert (query["metricName"], query["dimensions"]) == (bad["metricName"], bad["dimensions"])


@cache
def parts(stack: str) -> set[str]:
    """Everything that an alarm of the stack could watch, by CloudWatch's names."""
    cloud = region(stack)
    balancer = cloud.one("aws:lb/loadBalancer:LoadBalancer")
    group = f"askproai-{stack}-cache"
    return {
        f"askproai-{stack}-database",
        f"app/{balancer.inputs['name']}/loadBalancer-{balancer.name}",
        cloud.value(cloud.built.certificate_arn),
        *(r.inputs["name"] for r in cloud.of("aws:autoscaling/group:Group")),
        *(r.inputs["name"] for r in cloud.of("aws:sqs/queue:Queue")),
        *(f"targetgroup/{r.inputs['name']}/targetGroup-{r.name}" for r in cloud.of("aws:lb/targetGroup:TargetGroup")),
        *(f"natGateway-network-nat-{letter}" for letter in "abc"),
        *(f"{group}-{shard}-{node}" for shard in ("0001", "0002") for node in ("001", "002")),
        *(r.inputs["name"] for r in cloud.of("aws:backup/vault:Vault")),
        *(r.inputs["bucket"] for r in region("prod").of("aws:s3/bucket:Bucket")),
        cloud.one("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream").inputs["name"],
        *(
            r.inputs["protectedResourceType"]
            for r in cloud.of("aws:backup/restoreTestingSelection:RestoreTestingSelection")
        ),
        *("replication", "offsite-replication"),
        stack,
    }


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_every_alarm_watches_a_part_that_there_is(stack: str) -> None:
    found = {value for made in region(stack).of(ALARM) for row in watched(made) for value in row.values()}
    assert found - parts(stack) == set()


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_no_alarm_reads_more_metrics_than_cloudwatch_takes(stack: str) -> None:
    most = max(
        sum("metric" in query for query in made.inputs.get("metricQueries", [])) for made in region(stack).of(ALARM)
    )
    # CloudWatch User Guide, "CloudWatch service quotas": 10 metrics in an expression of an alarm.
    assert 3 <= most <= 10


@pytest.mark.parametrize(
    ("role", "page"), [("errors-critical", "errors"), ("dead-default-warning", "queue-dead-letters")]
)
def test_a_mail_says_where_the_runbook_is(role: str, page: str) -> None:
    assert alarm(role)["alarmDescription"].endswith(f" See docs/alerts/{page}.md.")


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_each_alarm_reaches_everybody_through_an_encrypted_topic(stack: str) -> None:
    cloud: Cloud[RegionOutputs] = region(stack)
    topic = cloud.one("aws:sns/topic:Topic", "alarms-topic")
    assert topic.inputs["kmsMasterKeyId"] == cloud.exports["key_arns"]["messages"]
    topic_arn = f"arn:aws:sns:{settings_of(stack).region}:{PROD.account_id}:{topic.inputs['name']}"
    for made in cloud.of(ALARM):
        assert made.inputs["alarmActions"] == made.inputs["okActions"] == [topic_arn]
    mails = cloud.of("aws:sns/topicSubscription:TopicSubscription")
    told = sorted((mail.inputs["protocol"], mail.inputs["endpoint"]) for mail in mails)
    assert told == [("email", address) for address in sorted(settings_of(stack).alarm_emails)]


def test_only_alarms_of_the_account_are_published() -> None:
    policy = json.loads(region("prod").one("aws:sns/topicPolicy:TopicPolicy").inputs["policy"])
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert statements["Alarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statements["Alarms"]["Condition"] == {"StringEquals": {"aws:SourceAccount": PROD.account_id}}
    assert statements["RefusePlainHttp"]["Effect"] == "Deny"
