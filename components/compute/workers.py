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

from components.compute.application_hosts import ApplicationHosts, ApplicationHostsArgs
from components.compute.fleet import Fleet
from components.compute.permissions import receive_messages
from settings import Capacity, WorkersSettings


@dataclass(frozen=True, kw_only=True)
class WorkersArgs(ApplicationHostsArgs):
    """As all hosts of the application."""

    settings: WorkersSettings
    capacity: Capacity


class Workers(ApplicationHosts):
    """One fleet that takes jobs from all queues, scaled so that each instance has the same backlog in front of it."""

    fleet: Fleet

    def __init__(self, name: str, args: WorkersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, args, opts)
        self._args = args
        role = self._role(*receive_messages(args.queues.work.values(), args.keys, args.region))
        sizes = args.capacity.sizes(args.settings.min_size, args.settings.max_size, args.settings.warm_min_size)
        self.fleet = self._fleet("fleet", role, args.firewall.workers, sizes)
        self._scale_by_backlog()
        self.register_outputs({"group": self.fleet.group.name})

    def _scale_by_backlog(self) -> None:
        backlog = [
            self._measured(f"queue{number}", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name)
            for number, (_, queue) in enumerate(sorted(self._args.queues.work.items()))
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
