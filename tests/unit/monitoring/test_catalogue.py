"""The catalogue of alerts: complete, closed, and each alert with a page, a route and the manuals' figures."""

import re

import edges
import pytest
from regions import declared, region
from stack_files import ROOT

from monitoring.alerts import index
from monitoring.alerts.alert import Alert, Severity, Subject, Unit
from monitoring.alerts.catalogue import ALERTS
from monitoring.alerts.coverage import UNWATCHED, WATCHED
from monitoring.alerts.pages import page_of
from monitoring.alerts.routes import ROUTES

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
BY_ROLE = {alert.role: alert for alert in ALERTS}
HEADINGS = ["What it means", "What to look at", "What to do"]

every_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.role)


def test_every_alert_has_a_name_of_its_own() -> None:
    assert len(BY_ROLE) == len(ALERTS)


@every_alert
def test_every_alert_says_why_and_where_from_and_is_measured(alert: Alert) -> None:
    assert alert.why
    assert alert.source
    assert alert.levels()
    assert alert.cloudwatch or alert.query


@every_alert
def test_levels_are_whole_periods_and_the_worse_is_beyond_the_better(alert: Alert) -> None:
    if alert.cloudwatch:
        assert all(level.minutes * 60 % alert.cloudwatch.period_seconds == 0 for level in alert.levels().values())
    if alert.warning and alert.critical:
        assert alert.critical.threshold != alert.warning.threshold
        assert (alert.critical.threshold < alert.warning.threshold) is alert.below


@every_alert
def test_every_alert_has_a_page_that_says_what_to_do(alert: Alert) -> None:
    text = (ROOT / page_of(alert)).read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    sections = re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]
    assert all(section.strip() for section in sections)
    assert f"`{alert.role}`" in text


def test_every_page_belongs_to_an_alert() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "alerts").glob("*.md")} - {"README"}
    assert pages == {alert.page for alert in ALERTS}


def test_the_index_is_as_make_alerts_writes_it() -> None:
    assert index.PAGE.read_text() == index.index(), "run `make alerts`"


@every_alert
def test_everybody_who_should_be_told_has_a_route(alert: Alert) -> None:
    assert set(alert.levels()) <= set(ROUTES)


def test_who_is_told_is_as_the_manuals_have_it() -> None:
    critical, warning = ROUTES[Severity.CRITICAL], ROUTES[Severity.WARNING]
    assert (critical.mailbox, critical.slack_channel, critical.pages) == ("oncall", "#alerts-critical", True)
    assert (warning.mailbox, warning.slack_channel, warning.pages) == ("team", "#alerts-warning", False)
    assert (critical.answer_minutes, warning.answer_minutes) == (15, 120)


def test_only_the_heartbeat_leaves_without_a_person() -> None:
    assert [alert.role for alert in ALERTS if Severity.HEARTBEAT in alert.levels()] == ["heartbeat"]
    assert BY_ROLE["heartbeat"].query == "vector(1)"


@pytest.mark.parametrize(
    ("role", "warning", "critical"),
    [
        # ops, "Key Metrics"; devops, "Alert Rules"; the decided answer where they disagree.
        ("errors", (1, 5), (5, 5)),
        ("slow", (0.5, 10), (2, 10)),
        ("backlog", (1000, 15), (5000, 5)),
        ("hosts-cpu", (70, 15), (90, 5)),
        ("database-cpu", (70, 15), (90, 5)),
        ("cache-cpu", (70, 15), (90, 5)),
        ("hosts-memory", (80, 15), (95, 5)),
        ("cache-memory", (80, 15), (95, 5)),
        ("hosts-disk", (80, 10), (90, 10)),
        ("database-storage", (20, 15), (10, 5)),
        ("database-connections", (80, 15), (95, 5)),
    ],
)
def test_every_threshold_of_the_manuals_is_there(
    role: str, warning: tuple[float, int], critical: tuple[float, int]
) -> None:
    levels = [BY_ROLE[role].warning, BY_ROLE[role].critical]
    assert [(level.threshold, level.minutes) for level in levels if level] == [warning, critical]


def test_metrics_are_filled_only_where_low_values_are_bad() -> None:
    """AWS publishes late: the newest data point is always the filled zero, and would hide a high one."""
    filled = {alert.role: alert.below for alert in ALERTS if alert.cloudwatch and "FILL" in alert.cloudwatch.expression}
    assert filled == {"backups-missing": True, "copies-missing": True, "checklist-missing": True}


@every_alert
def test_an_alarm_looks_no_further_back_than_cloudwatch_does(alert: Alert) -> None:
    """PutMetricAlarm: a day, or seven with periods of an hour or more."""
    if alert.cloudwatch:
        most_days = 7 if alert.cloudwatch.period_seconds >= 3600 else 1
        for level in alert.levels().values():
            assert level.minutes * 60 <= most_days * 86_400


@every_alert
def test_a_query_is_in_the_unit_of_its_levels(alert: Alert) -> None:
    if alert.query and alert.unit is not Unit.PLAIN:
        assert alert.query.startswith("100 *")


def test_every_subject_is_watched() -> None:
    assert {alert.cloudwatch.subject for alert in ALERTS if alert.cloudwatch} == set(Subject)


def test_every_type_of_resource_has_alerts_or_a_reason_for_none() -> None:
    resources = [
        *declared(region("prod")),
        *declared(region("dr")),
        *(made for made in edges.composed(edges.edge_settings()).resources if made.custom),
    ]
    kinds = {made.type for made in resources if not made.type.startswith("pulumi:providers:")}
    assert kinds == WATCHED.keys() | UNWATCHED.keys()
    assert WATCHED.keys() & UNWATCHED.keys() == set()
    assert all(UNWATCHED.values())


def test_every_alert_is_about_a_type_of_resource_or_about_what_is_not_ours() -> None:
    named = {role for roles in WATCHED.values() for role in roles}
    assert named <= BY_ROLE.keys()
    monitoring = {alert.role for alert in ALERTS if alert.page == "monitoring"}
    assert BY_ROLE.keys() - named == {"dependency-down", *monitoring}


KNOWN_AS = {
    "aws:acm/certificate:Certificate": "arn:aws:acm:{where}:certificate/certificate-{name}",
    "aws:autoscaling/group:Group": "{inputs[name]}",
    "aws:backup/vault:Vault": "{inputs[name]}",
    "aws:ec2/natGateway:NatGateway": "natGateway-{name}",
    "aws:elasticache/replicationGroup:ReplicationGroup": "{inputs[replicationGroupId]}-0001-001",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": "{inputs[name]}",
    "aws:lb/loadBalancer:LoadBalancer": "app/{inputs[name]}/loadBalancer-{name}",
    "aws:lb/targetGroup:TargetGroup": "targetgroup/{inputs[name]}/targetGroup-{name}",
    "aws:rds/instance:Instance": "{inputs[identifier]}",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "{inputs[bucket]}",
    "aws:sqs/queue:Queue": "{inputs[name]}",
}
"""How CloudWatch names a resource in the dimensions of its metrics."""


@pytest.mark.parametrize("kind", [kind for kind in WATCHED if kind.startswith("aws:")])
def test_every_resource_of_a_watched_type_has_an_alarm(kind: str) -> None:
    cloud = region("prod")
    roles = tuple(f"alarms-{role}" for role in WATCHED[kind])
    seen = {
        value
        for made in cloud.of(ALARM)
        if made.name.startswith(roles)
        for query in [made.inputs, *(query.get("metric", {}) for query in made.inputs.get("metricQueries", []))]
        for value in query.get("dimensions", {}).values()
    }
    where = cloud.exports["database_arn"].split(":")[3] + ":" + cloud.exports["account_id"]
    names = {KNOWN_AS[kind].format(name=made.name, inputs=made.inputs, where=where) for made in cloud.of(kind)}
    assert names
    assert names - seen == set()
