"""How many errors the application logs: a metric of each role of hosts that writes them."""

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
"""Any of these terms (CloudWatch Logs User Guide, "Filter pattern syntax"): a line of Laravel has environment and level
in front of its message. Other programs of a host write into the same group, and use the same words."""
WRITERS = tuple(role.name for role in ROLES if role.runs_application)


@dataclass(frozen=True, kw_only=True)
class LogMetricsArgs:
    """The log groups, by what writes them."""

    site: Site
    log_groups: LogGroups


class LogMetrics(Component):
    """A metric filter for each log group with lines of the application.

    `metrics` are the names of the metrics by role of hosts, all in `namespace`. No alarm watches them: the manuals have
    no threshold for what is logged, and the rate of failed requests has its own.
    """

    def __init__(self, name: str, args: LogMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("monitoring:LogMetrics", name, args.site, opts=opts)
        # No dimension tells stacks apart: what a filter finds in a line is all that one may have.
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
