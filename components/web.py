"""The web servers in two colours: one serves, the other waits for the next release, both scale by load."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.balancer import Balancer
from components.component import Component
from components.firewall import Firewall
from components.fleet import Fleet, FleetArgs
from components.grants import (
    METRICS_NAMESPACE,
    be_managed,
    read_and_write_objects,
    read_objects,
    read_secrets,
    report,
    send_messages,
)
from components.instance_role import InstanceRole, InstanceRoleArgs
from components.keys import Keys
from components.network import Network
from components.queues import Queues
from components.secrets import Secrets
from components.storage import Storage
from components.user_data import user_data
from naming import DataClass, Naming
from settings import ColorSettings, WebSettings


@dataclass(frozen=True, kw_only=True)
class WebArgs:
    """What the web servers stand in, are reached through, and may use."""

    naming: Naming
    region: str
    network: Network
    firewall: Firewall
    keys: Keys
    secrets: Secrets
    storage: Storage
    queues: Queues
    balancer: Balancer
    settings: WebSettings


class Web(Component):
    """Two fleets behind the balancer's two target groups; which of them gets traffic is the balancer's weights."""

    fleets: dict[str, Fleet]

    def __init__(self, name: str, args: WebArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("compute", name, args.naming, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self._name = name
        self._args = args
        role = self._role(self._log_group())
        colors = {"blue": args.settings.blue, "green": args.settings.green}
        self.fleets = {color: self._fleet(color, size, role) for color, size in colors.items()}
        for color, fleet in self.fleets.items():
            self._scale_by_cpu(color, fleet)
            self._scale_by_memory(color, fleet)
        self.register_outputs({"groups": {color: fleet.group.name for color, fleet in self.fleets.items()}})

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=self._args.naming.physical(self._name, 512),
            retention_in_days=self._args.settings.log_retention_days,
            kms_key_id=self._args.keys.logs.arn,
            opts=self.child(),
        )

    def _role(self, log_group: aws.cloudwatch.LogGroup) -> InstanceRole:
        args = self._args
        grants = [
            *be_managed(),
            *report(log_group),
            *read_secrets(args.secrets, args.keys, args.region),
            *read_objects(args.storage.releases, args.keys, args.region),
            *read_and_write_objects(args.storage.uploads, args.keys, args.region),
            *send_messages(args.queues.work.values(), args.keys, args.region),
        ]
        return InstanceRole(
            f"{self._name}-instances", InstanceRoleArgs(naming=args.naming, grants=grants), self.child()
        )

    def _fleet(self, color: str, size: ColorSettings, role: InstanceRole) -> Fleet:
        args, settings = self._args, self._args.settings
        fleet_args = FleetArgs(
            naming=args.naming,
            network=args.network,
            security_group=args.firewall.web,
            keys=args.keys,
            role=role,
            instance_type=settings.instance_type,
            image_parameter=settings.image_parameter,
            volume_gib=settings.volume_gib,
            user_data=user_data("web"),
            min_size=size.min_size,
            max_size=size.max_size,
            warmup_seconds=settings.warmup_seconds,
            target_groups=[args.balancer.target_groups[color]],
        )
        return Fleet(f"{self._name}-{color}", fleet_args, self.child())

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
        """By what the CloudWatch agent measures: AWS sees no memory from outside an instance."""
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
            name=self._args.naming.physical(f"{self._name}-{role}", 255),
            autoscaling_group_name=fleet.group.name,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration=configuration,
            opts=self.child(),
        )
