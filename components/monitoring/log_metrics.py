"""The number of errors that the application logs: a metric for each host role that writes them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.compute.host_environment import APPLICATION_ENVIRONMENT
from components.monitoring.log_queries import LogGroups
from components.site import Site
from hosts.roles import ROLES
from naming import PROJECT

LEVELS = ("ERROR", "CRITICAL", "ALERT", "EMERGENCY")
"""Laravel's levels from error upwards (Laravel, "Logging"; RFC 5424)."""
PATTERN = " ".join(f'?"{APPLICATION_ENVIRONMENT}.{level}"' for level in LEVELS)
"""Matches any of these terms (CloudWatch Logs User Guide, "Filter pattern syntax"). Laravel's lines start with
environment and level; other programs on a host write to the same group, and use the same words."""
WRITERS = tuple(role.name for role in ROLES if role.runs_application)


@dataclass(frozen=True, kw_only=True)
class LogMetricsArgs:
    """The log groups, by their source."""

    site: Site
    log_groups: LogGroups


class LogMetrics(Component):
    """A metric filter for each log group with lines of the application.

    `metrics` are the names of the metrics by host role, all in `namespace`. No alarm watches them: the manuals have no
    threshold for logged errors, and the rate of failed requests has its own alarm.
    """

    def __init__(self, name: str, args: LogMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("monitoring:LogMetrics", name, args.site, opts=opts)
        # A dimension can only contain what the filter extracts from a line, so the namespace distinguishes stacks.
        self.namespace = f"{PROJECT}/{args.site.naming.environment}"
        self.metrics = {role: f"{role}-errors" for role in WRITERS}
        for role, metric in self.metrics.items():
            aws.cloudwatch.LogMetricFilter(
                f"{name}-{metric}",
                name=metric,
                log_group_name=args.log_groups[role].name,
                pattern=PATTERN,
                metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                    name=metric, namespace=self.namespace, value="1", default_value="0", unit="Count"
                ),
                opts=self.child(),
            )
        self.register_outputs({})
