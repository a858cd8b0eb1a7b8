"""The CloudWatch alarms, one for each alert, level and watched part, and the topic that they notify."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.monitoring.dashboard import body
from components.monitoring.log_metrics import LogMetrics
from components.monitoring.topic import mail_topic
from components.monitoring.watched import Dimensions, Parts, Watched
from components.security.keys import Keys
from components.security.publishers import ALARMS
from monitoring.alerts.alert import Alert, CloudWatch, Level, Subject, Unit
from monitoring.alerts.catalogue import AREAS
from monitoring.alerts.database import GIB
from monitoring.alerts.pages import page_of

NAME_LIMIT = 255
SECONDS_A_DAY = 86_400

WHILE_FOLLOWING = (Subject.REPLICA, Subject.ARRIVING_OBJECTS, Subject.CERTIFICATE, Subject.CHECKLIST)
"""What a region that follows needs for a takeover, and the checklist, which nothing else reports while the other region
is lost. Its other alarms would only distract."""


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """`errors` are shown on the dashboard. `watched` are the region's components; in a region that does not serve, only
    the alarms that it needs while it follows send notifications."""

    keys: Keys
    errors: LogMetrics
    watched: Watched


class Alarms(Component):
    """An encrypted topic with its mail subscriptions, the alarms that publish to it, and a dashboard of them."""

    topic: aws.sns.Topic

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("monitoring:Alarms", name, args.watched.site, opts=opts)
        self._name = name
        self._args = args
        self.topic = self._topic()
        watched = args.watched.parts()
        made = {
            area: [alarm for alert in alerts for alarm in self._alarms(alert, watched)]
            for area, alerts in AREAS.items()
        }
        aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=args.watched.site.naming.physical(name, NAME_LIMIT),
            dashboard_body=body(made, args.errors, args.watched.site.region),
            opts=self.child(),
        )
        self.register_outputs({"topic_arn": self.topic.arn})

    def _alarms(self, alert: Alert, watched: Mapping[Subject, Parts]) -> Iterator[aws.cloudwatch.MetricAlarm]:
        source = alert.cloudwatch
        if source is None:
            return
        # The dashboard shows them in this order, which does not depend on the order in the stack file.
        for part, resources in sorted(_parts(source, watched[source.subject]), key=itemgetter(0)):
            for severity, level in alert.levels().items():
                role = "-".join(filter(None, (alert.role, part, severity)))
                yield self._alarm(alert, source, role, level, part, resources)

    def _topic(self) -> aws.sns.Topic:
        args = self._args
        topic = mail_topic(self, self._name, args.watched.site.naming, args.keys["messages"], ALARMS)
        self._subscribe(topic)
        return topic

    def _subscribe(self, topic: aws.sns.Topic) -> None:
        """A subscription for each address, named after it (docs/decisions/0014-identity-is-what-a-thing-is.md)."""
        for position, address in enumerate(self._args.watched.settings.alarm_emails):
            # Older stacks named it by its position in the list.
            known_as = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=f"{self._name}-mail-{position}")])
            aws.sns.TopicSubscription(
                f"{self._name}-mail-{address}",
                topic=topic.arn,
                protocol="email",
                endpoint=address,
                opts=pulumi.ResourceOptions.merge(self.child(), known_as),
            )

    def _alarm(
        self,
        alert: Alert,
        source: CloudWatch,
        role: str,
        level: Level,
        part: str,
        resources: Sequence[Dimensions],
    ) -> aws.cloudwatch.MetricAlarm:
        settings = self._args.watched.settings
        actions = [self.topic.arn]
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-{role}",
            name=self._args.watched.site.naming.physical(f"{self._name}-{role}", NAME_LIMIT),
            alarm_description=f"{alert.why} See {page_of(alert)}.",
            actions_enabled=settings.writes or (settings.following and source.subject in WHILE_FOLLOWING),
            alarm_actions=actions,
            ok_actions=actions,
            comparison_operator="LessThanThreshold" if alert.below else "GreaterThanThreshold",
            threshold=self._threshold(alert.unit, level, part),
            evaluation_periods=level.minutes * 60 // source.period_seconds,
            treat_missing_data=source.missing,
            opts=self.child(),
            **_measured(alert, source, source.period_seconds, resources),
        )

    def _threshold(self, unit: Unit, level: Level, part: str) -> pulumi.Input[float]:
        settings = self._args.watched.settings
        match unit:
            case Unit.PLAIN:
                return float(level.threshold)
            case Unit.CONNECTIONS_PERCENT:
                whole = float(settings.database.parameters["max_connections"])
            case Unit.STORAGE_PERCENT:
                # The storage's current size, not its initial size.
                storage = self._args.watched.database.instance.allocated_storage
                return storage.apply(lambda gib: gib * GIB * level.threshold / 100)
            case Unit.LAG_LIMIT_PERCENT:
                # A region that follows another always has this setting.
                assert settings.recovery is not None
                whole = settings.recovery.max_replica_lag_seconds
            case Unit.REQUIRED_PERCENT:
                whole = settings.web.required_instances
            case Unit.RETENTION_PERCENT:
                whole = settings.workers.queues[part].dead_letter_retention_days * SECONDS_A_DAY
            case Unit.SNAPSHOTS_PERCENT:
                # One vault has the snapshots of database and metrics: it must get both.
                assert self._args.watched.backups is not None
                whole = self._args.watched.backups.snapshots_a_day
        return whole * level.threshold / 100


def _parts(source: CloudWatch, parts: Parts) -> Iterator[tuple[str, Sequence[Dimensions]]]:
    """The parts, each with its own alarm, and their resources."""
    if not source.together:
        yield from parts.items()
    elif parts:
        yield "", [dimensions for _, resources in sorted(parts.items()) for dimensions in resources]


def _measured(alert: Alert, source: CloudWatch, period_seconds: int, resources: Sequence[Dimensions]) -> dict[str, Any]:
    """The alarm's metric, or its metric queries, of which it watches the last."""
    read = [(metric, dimensions) for dimensions in resources for metric in source.metrics]
    if len(read) == 1 and source.expression == "{all}" and not source.together:
        [(metric, dimensions)] = read
        percentile = source.statistic.startswith("p")
        return {
            "namespace": source.namespace,
            "metric_name": metric,
            "dimensions": dimensions,
            "extended_statistic" if percentile else "statistic": source.statistic,
            "period": period_seconds,
        }
    stored = [
        aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=f"m{number}",
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=source.namespace,
                metric_name=metric,
                dimensions=dimensions,
                stat=source.statistic,
                period=period_seconds,
            ),
        )
        for number, (metric, dimensions) in enumerate(read)
    ]
    watched = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="watched",
        expression=source.expression.format(all=_joined(source, len(read))),
        label=alert.role,
        return_data=True,
    )
    return {"metric_queries": [*stored, watched]}


def _joined(source: CloudWatch, metrics: int) -> str:
    """All metrics combined. A function of a list ignores metrics without data, while a sum with + has no result
    then."""
    names = [f"m{number}" for number in range(metrics)]
    return names[0] if metrics == 1 else f"{source.join}([{', '.join(names)}])"
