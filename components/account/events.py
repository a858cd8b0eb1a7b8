"""Notifications of events in the trail: a metric filter and an alarm for each kind, and the topic that they notify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account.cis_events import Event
from components.account.record import Record
from components.component import Component
from components.monitoring.alarms import NAME_LIMIT
from components.monitoring.topic import mail, mail_topic
from components.security.publishers import ALARMS
from components.site import Site
from naming import PROJECT

PERIOD_SECONDS = 300
"""CIS's own period: events reach the log group about five minutes after the call in any case (CloudTrail User Guide,
"Monitoring CloudTrail Log Files with Amazon CloudWatch Logs")."""


@dataclass(frozen=True, kw_only=True)
class EventsArgs:
    """`events` are searched in `record`; `emails` are notified."""

    site: Site
    record: Record
    events: Sequence[Event]
    emails: Sequence[str]


class Events(Component):
    """The account's alarms. One event raises an alarm, so the return to OK sends no mail."""

    topic: aws.sns.Topic

    def __init__(self, name: str, args: EventsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:Events", name, args.site, opts=opts)
        self._name = name
        self._args = args
        self.topic = mail_topic(self, name, args.site.naming, args.record.key, ALARMS)
        mail(self, name, self.topic, args.emails)
        for event in args.events:
            self._ring(event)
        self.register_outputs({"topic_arn": self.topic.arn})

    def _ring(self, event: Event) -> None:
        namespace = f"{PROJECT}/{self._args.site.naming.environment}"
        found = aws.cloudwatch.LogMetricFilter(
            f"{self._name}-{event.role}-filter",
            name=event.role,
            log_group_name=self._args.record.log_group.name,
            pattern=event.pattern,
            metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                name=event.role, namespace=namespace, value="1"
            ),
            opts=self.child(),
        )
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{event.role}",
            name=self._args.site.naming.physical(f"{self._name}-{event.role}", NAME_LIMIT),
            alarm_description=event.why,
            alarm_actions=[self.topic.arn],
            namespace=found.metric_transformation.namespace,
            metric_name=found.metric_transformation.name,
            statistic="Sum",
            period=PERIOD_SECONDS,
            evaluation_periods=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=1,
            treat_missing_data="notBreaching",
            opts=self.child(),
        )
