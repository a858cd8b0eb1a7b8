"""The alarms, one for each row of the table, level and resource that it watches, and the topic that they notify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.compute.application_hosts import ApplicationHosts
from components.data.database import Database
from components.data.queues import Queues
from components.monitoring.alarm_rows import ALARMS, GIB, AlarmRow, Level, Subject, Unit
from components.security.iam import allow, deny_without_tls, document
from components.security.keys import Keys
from components.site import Site
from components.web.load_balancer import LoadBalancer
from settings import DatabaseSettings, RecoverySettings

NAME_LIMIT = 255

Dimensions = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """The components that are watched, and who is notified.

    `notifying` is whether the alarms send notifications: those of a region that does not serve would only distract.
    While the region is `following` there is an alarm on the replica too, which always notifies.
    """

    site: Site
    keys: Keys
    database: Database
    queues: Queues
    load_balancer: LoadBalancer
    hosts: Sequence[ApplicationHosts]
    settings: DatabaseSettings
    recovery: RecoverySettings | None
    emails: list[str]
    notifying: bool
    following: bool


class Alarms(Component):
    """An encrypted topic with its mail subscriptions, and the alarms that publish to it."""

    topic: aws.sns.Topic

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("monitoring:Alarms", name, args.site, opts=opts)
        self._name = name
        self._args = args
        self.topic = self._topic()
        watched = self._watched()
        for row in ALARMS:
            for part, dimensions in watched[row.subject].items():
                for severity, level in row.levels().items():
                    self._alarm(row, "-".join(filter(None, (row.role, part, severity))), level, dimensions)
        self.register_outputs({"topic_arn": self.topic.arn})

    def _topic(self) -> aws.sns.Topic:
        args = self._args
        topic = aws.sns.Topic(
            f"{self._name}-topic",
            name=args.site.naming.physical(self._name, 256),
            kms_master_key_id=args.keys["messages"].arn,
            opts=self.child(),
        )
        aws.sns.TopicPolicy(
            f"{self._name}-publishers",
            arn=topic.arn,
            policy=_topic_policy(topic.arn, args.site.naming.account_id),
            opts=self.child(),
        )
        self._subscribe(topic)
        return topic

    def _subscribe(self, topic: aws.sns.Topic) -> None:
        """A subscription for each address, named by it (docs/decisions/0014-identity-is-what-a-thing-is.md)."""
        for position, address in enumerate(self._args.emails):
            # Stacks from before know it by its position in the list.
            known_as = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=f"{self._name}-mail-{position}")])
            aws.sns.TopicSubscription(
                f"{self._name}-mail-{address}",
                topic=topic.arn,
                protocol="email",
                endpoint=address,
                opts=pulumi.ResourceOptions.merge(self.child(), known_as),
            )

    def _watched(self) -> dict[Subject, dict[str, Dimensions]]:
        """The resources of each subject, by name, with their dimensions in CloudWatch; a single one has no name."""
        args = self._args
        database: dict[str, Dimensions] = {"": {"DBInstanceIdentifier": args.database.instance.identifier}}
        load_balancer = {"LoadBalancer": args.load_balancer.load_balancer.arn_suffix}
        fleets = {hosts.role.fleet(group): fleet for hosts in args.hosts for group, fleet in hosts.fleets.items()}
        return {
            Subject.DATABASE: database,
            Subject.REPLICA: database if args.following else {},
            Subject.HOSTS: {part: {"AutoScalingGroupName": fleet.group.name} for part, fleet in fleets.items()},
            Subject.LOAD_BALANCER: {"": load_balancer},
            Subject.TARGETS: {
                color: {"TargetGroup": group.arn_suffix, **load_balancer}
                for color, group in args.load_balancer.target_groups.items()
            },
            Subject.QUEUE: {queue: {"QueueName": made.name} for queue, made in args.queues.work.items()},
            Subject.DEAD_LETTERS: {queue: {"QueueName": made.name} for queue, made in args.queues.dead_letter.items()},
        }

    def _alarm(self, row: AlarmRow, role: str, level: Level, dimensions: Dimensions) -> None:
        args = self._args
        actions = [self.topic.arn]
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{role}",
            name=args.site.naming.physical(f"{self._name}-{role}", NAME_LIMIT),
            alarm_description=row.why,
            actions_enabled=args.following if row.subject is Subject.REPLICA else args.notifying,
            alarm_actions=actions,
            ok_actions=actions,
            comparison_operator="LessThanThreshold" if row.below else "GreaterThanThreshold",
            threshold=self._threshold(row, level),
            evaluation_periods=level.minutes * 60 // row.period_seconds,
            treat_missing_data=row.missing,
            opts=self.child(),
            **_measured(row, dimensions),
        )

    def _threshold(self, row: AlarmRow, level: Level) -> float:
        settings = self._args.settings
        match row.unit:
            case Unit.PLAIN:
                return float(level.threshold)
            case Unit.CONNECTIONS_PERCENT:
                whole = float(settings.parameters["max_connections"])
            case Unit.STORAGE_PERCENT:
                whole = settings.allocated_storage_gib * GIB
            case Unit.LAG_LIMIT_PERCENT:
                # A region that follows another has made the promise.
                assert self._args.recovery is not None
                whole = self._args.recovery.max_replica_lag_seconds
        return whole * level.threshold / 100


def _measured(row: AlarmRow, dimensions: Dimensions) -> dict[str, Any]:
    """The alarm's metric, or the metric queries of which it watches the last."""
    if row.expression is None:
        [metric] = row.metrics
        percentile = row.statistic.startswith("p")
        return {
            "namespace": row.namespace,
            "metric_name": metric,
            "dimensions": dimensions,
            "extended_statistic" if percentile else "statistic": row.statistic,
            "period": row.period_seconds,
        }
    stored = [
        aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=f"m{number}",
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=row.namespace,
                metric_name=metric,
                dimensions=dimensions,
                stat=row.statistic,
                period=row.period_seconds,
            ),
        )
        for number, metric in enumerate(row.metrics)
    ]
    watched = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="watched", expression=row.expression, label=row.role, return_data=True
    )
    return {"metric_queries": [*stored, watched]}


def _topic_policy(topic: pulumi.Output[str], account_id: str) -> pulumi.Output[str]:
    """The account and its alarms may publish, and nobody without TLS."""
    return document(
        [
            allow(
                ["sns:Publish", "sns:Subscribe"],
                topic,
                sid="Account",
                principal={"AWS": f"arn:aws:iam::{account_id}:root"},
            ),
            allow(
                "sns:Publish",
                topic,
                sid="Alarms",
                principal={"Service": "cloudwatch.amazonaws.com"},
                condition={"StringEquals": {"aws:SourceAccount": account_id}},
            ),
            deny_without_tls("sns:Publish", topic),
        ]
    )
