"""The queue workers, as many as the backlog asks for."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws.autoscaling import (
    PolicyTargetTrackingConfigurationArgs,
    PolicyTargetTrackingConfigurationCustomizedMetricSpecificationArgs,
)
from pulumi_aws.autoscaling import (
    PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricArgs as Metric,
)
from pulumi_aws.autoscaling import (
    PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatArgs as MetricStat,
)
from pulumi_aws.autoscaling import (
    PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs as StoredMetric,
)
from pulumi_aws.autoscaling import (
    PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArgs as Dimension,
)

from components.component import Component
from components.firewall import Firewall
from components.fleet import Fleet, FleetArgs
from components.grants import (
    be_managed,
    read_and_write_objects,
    read_objects,
    read_secrets,
    receive_messages,
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
from settings import WorkersSettings


@dataclass(frozen=True, kw_only=True)
class WorkersArgs:
    """What the workers stand in and may use."""

    naming: Naming
    region: str
    network: Network
    firewall: Firewall
    keys: Keys
    secrets: Secrets
    storage: Storage
    queues: Queues
    settings: WorkersSettings


class Workers(Component):
    """One fleet that takes jobs from all queues, scaled so that each instance has the same backlog in front of it."""

    fleet: Fleet

    def __init__(self, name: str, args: WorkersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("compute", name, args.naming, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self._name = name
        self._args = args
        self.fleet = self._fleet(self._role(self._log_group()))
        self._scale_by_backlog()
        self.register_outputs({"group": self.fleet.group.name})

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=self._args.naming.physical(self._name, 512),
            retention_in_days=self._args.settings.log_retention_days,
            kms_key_id=self._args.keys.logs.arn,
            opts=self.child(),
        )

    def _role(self, log_group: aws.cloudwatch.LogGroup) -> InstanceRole:
        """Jobs may queue further jobs, so workers send as well as receive."""
        args = self._args
        grants = [
            *be_managed(),
            *report(log_group),
            *read_secrets(args.secrets, args.keys, args.region),
            *read_objects(args.storage.releases, args.keys, args.region),
            *read_and_write_objects(args.storage.uploads, args.keys, args.region),
            *send_messages(args.queues.work.values(), args.keys, args.region),
            *receive_messages(args.queues.work.values(), args.keys, args.region),
        ]
        return InstanceRole(
            f"{self._name}-instances", InstanceRoleArgs(naming=args.naming, grants=grants), self.child()
        )

    def _fleet(self, role: InstanceRole) -> Fleet:
        args, settings = self._args, self._args.settings
        fleet_args = FleetArgs(
            naming=args.naming,
            network=args.network,
            security_group=args.firewall.workers,
            keys=args.keys,
            role=role,
            instance_type=settings.instance_type,
            image_parameter=settings.image_parameter,
            volume_gib=settings.volume_gib,
            user_data=user_data("workers"),
            min_size=settings.min_size,
            max_size=settings.max_size,
            warmup_seconds=settings.warmup_seconds,
        )
        return Fleet(f"{self._name}-fleet", fleet_args, self.child())

    def _scale_by_backlog(self) -> None:
        backlog = [
            self._measured(f"queue{number}", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name)
            for number, queue in enumerate(self._args.queues.work.values())
        ]
        instances = self._measured(
            "instances", "AWS/AutoScaling", "GroupInServiceInstances", "AutoScalingGroupName", self.fleet.group.name
        )
        # A queue that nobody used for hours reports nothing, and a sum with nothing in it is nothing: hence FILL.
        waiting = " + ".join(f"FILL({metric.id}, 0)" for metric in backlog)
        per_instance = Metric(
            id="backlog_per_instance",
            label="Jobs that wait, for each worker in service",
            expression=f"({waiting}) / instances",
            return_data=True,
        )
        aws.autoscaling.Policy(
            f"{self._name}-backlog",
            name=self._args.naming.physical(f"{self._name}-backlog", 255),
            autoscaling_group_name=self.fleet.group.name,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration=PolicyTargetTrackingConfigurationArgs(
                target_value=self._args.settings.backlog_per_instance,
                customized_metric_specification=PolicyTargetTrackingConfigurationCustomizedMetricSpecificationArgs(
                    metrics=[*backlog, instances, per_instance]
                ),
            ),
            opts=self.child(),
        )

    def _measured(
        self, metric_id: str, namespace: str, metric_name: str, dimension: str, value: pulumi.Output[str]
    ) -> Metric:
        stored = StoredMetric(
            namespace=namespace, metric_name=metric_name, dimensions=[Dimension(name=dimension, value=value)]
        )
        return Metric(id=metric_id, metric_stat=MetricStat(metric=stored, stat="Average"), return_data=False)
