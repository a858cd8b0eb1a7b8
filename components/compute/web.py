"""The web servers in two colours: one serves, the other waits for the next release; both scale by load."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.compute.application_hosts import ApplicationHosts, ApplicationHostsArgs
from components.compute.fleet import Fleet
from components.compute.permissions import METRICS_NAMESPACE
from components.web.load_balancer import LoadBalancer
from hosts.roles import WEB
from settings import WebSettings


@dataclass(frozen=True, kw_only=True)
class WebArgs(ApplicationHostsArgs):
    """As for all application hosts, plus the load balancer in front of these."""

    load_balancer: LoadBalancer
    settings: WebSettings


class Web(ApplicationHosts):
    """A fleet for each colour, behind that colour's target group; the load balancer's weights divide the traffic."""

    def __init__(self, name: str, args: WebArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("compute:Web", name, WEB, args, opts)
        self._args = args
        instance_role = self._instance_role()
        self.fleets = {}
        for color, size in (("blue", args.settings.blue), ("green", args.settings.green)):
            target_group = args.load_balancer.target_groups[color]
            sizes = args.capacity.sizes(size.min_size, size.max_size, args.settings.warm_min_size)
            fleet = self._application_fleet(color, instance_role, sizes, size.release, [target_group])
            self._scale_by_cpu(color, fleet)
            self._scale_by_memory(color, fleet)
            self.fleets[color] = fleet
        self.register_outputs({"groups": self.group_names})

    def _scale_by_cpu(self, color: str, fleet: Fleet) -> None:
        self._scale(
            f"{color}-cpu",
            fleet,
            aws.autoscaling.PolicyTargetTrackingConfigurationArgs(
                target_value=self._args.settings.target_cpu_percent,
                predefined_metric_specification=aws.autoscaling.PolicyTargetTrackingConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type="ASGAverageCPUUtilization"
                ),
            ),
        )

    def _scale_by_memory(self, color: str, fleet: Fleet) -> None:
        """By the CloudWatch agent's metric: EC2 itself reports no memory usage."""
        self._scale(
            f"{color}-memory",
            fleet,
            aws.autoscaling.PolicyTargetTrackingConfigurationArgs(
                target_value=self._args.settings.target_memory_percent,
                customized_metric_specification=aws.autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationArgs(
                    namespace=METRICS_NAMESPACE,
                    metric_name="mem_used_percent",
                    statistic="Average",
                    metric_dimensions=[
                        aws.autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricDimensionArgs(
                            name="AutoScalingGroupName", value=fleet.group.name
                        )
                    ],
                ),
            ),
        )

    def _scale(
        self, role: str, fleet: Fleet, configuration: aws.autoscaling.PolicyTargetTrackingConfigurationArgs
    ) -> None:
        aws.autoscaling.Policy(
            f"{self._name}-{role}",
            name=self._args.context.site.naming.physical(f"{self._name}-{role}", 255),
            autoscaling_group_name=fleet.group.name,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration=configuration,
            opts=self.child(),
        )
