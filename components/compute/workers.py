"""The queue workers, scaled by the backlog of jobs."""

from __future__ import annotations

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
from components.compute.fleet import Fleet, group_name
from components.compute.permissions import lead_group, let_go, receive_messages
from hosts.roles import WORKERS
from settings import Capacity, WorkersSettings

HEARTBEAT_SECONDS = 60
"""How long a terminating instance may go without a heartbeat; a host sends one every 5 seconds."""
HEARTBEATS = 100
"""The maximum wait of an instance, as a multiple of that (Auto Scaling API, LifecycleHook, GlobalTimeout)."""


def heartbeat_timeout(job_seconds: int) -> int:
    """The heartbeat timeout of a terminating instance, in seconds, so that a job of `job_seconds` can finish."""
    return max(HEARTBEAT_SECONDS, -(-(job_seconds + HEARTBEAT_SECONDS) // HEARTBEATS))


@dataclass(frozen=True, kw_only=True)
class WorkersArgs(ApplicationHostsArgs):
    """As for all application hosts."""

    settings: WorkersSettings


class Workers(ApplicationHosts):
    """One fleet that processes all queues, scaled to a constant backlog per instance."""

    def __init__(self, name: str, args: WorkersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("compute:Workers", name, WORKERS, args, opts)
        self._args = args
        own_group = group_name(args.context.site, f"{name}-fleet")
        instance_role = self._instance_role(
            *receive_messages(args.context), *lead_group(), *let_go(args.context, own_group)
        )
        # A standby's database takes no writes: jobs from a lost region would fail there and become dead letters.
        full = args.settings.min_size, args.settings.max_size
        sizes = full if args.capacity is Capacity.FULL else (0, 0)
        fleet = self._application_fleet("fleet", instance_role, sizes, args.settings.release)
        self.fleets = {"fleet": fleet}
        self._scale_by_backlog(fleet)
        self._let_jobs_end(fleet)
        self.register_outputs({"group": fleet.group.name})

    def _let_jobs_end(self, fleet: Fleet) -> None:
        """An instance is terminated only after its jobs have finished, unless it sends no heartbeat."""
        aws.autoscaling.LifecycleHook(
            f"{self._name}-termination",
            name=self.role.termination_hook,
            autoscaling_group_name=fleet.group.name,
            lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
            heartbeat_timeout=heartbeat_timeout(self._args.settings.timeout_seconds),
            default_result="CONTINUE",
            opts=self.child(),
        )

    def _scale_by_backlog(self, fleet: Fleet) -> None:
        backlog = [
            self._measured(f"queue{number}", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name)
            for number, (_, queue) in enumerate(sorted(self._args.context.queues.work.items()))
        ]
        instances = self._measured(
            "instances", "AWS/AutoScaling", "GroupInServiceInstances", "AutoScalingGroupName", fleet.group.name
        )
        # SQS reports no data for a queue that was idle for hours, and a sum with + would then have no result. With FILL
        # the newest minute would always be zero, because AWS publishes late, and the group would not scale out.
        waiting = f"SUM([{', '.join(f'{metric.id}' for metric in backlog)}])"
        per_instance = Metric(
            id="backlog_per_instance",
            label="Jobs that wait, for each worker in service",
            expression=f"{waiting} / instances",
            return_data=True,
        )
        aws.autoscaling.Policy(
            f"{self._name}-backlog",
            name=self._args.context.site.naming.physical(f"{self._name}-backlog", 255),
            autoscaling_group_name=fleet.group.name,
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
