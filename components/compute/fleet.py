"""An Auto Scaling group over all zones, and the launch template of its instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws.autoscaling import (
    GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs as Specification,
)
from pulumi_aws.autoscaling import GroupMixedInstancesPolicyLaunchTemplateOverrideArgs as Override
from pulumi_aws.autoscaling import Metric

from components.component import Component
from components.compute.instance_role import InstanceRole
from components.security.keys import Keys
from components.site import Site
from naming import DataClass
from settings.hosts import burstable

GROWTH_WHILE_REPLACING_PERCENT = 110
"""New instances start before old ones are terminated, 10 % at a time, because each opens database connections."""

MAX_LIFETIME_SECONDS = 7 * 24 * 3600
"""Instances are replaced within a week, from the newest image: the manuals' weekly security update."""

ROOT_DEVICE = "/dev/sda1"
"""The name in Ubuntu's images: another name would add a second volume, and the image's own would stay unencrypted."""

GROUP_METRICS = [
    Metric.GROUP_MIN_SIZE,
    Metric.GROUP_MAX_SIZE,
    Metric.GROUP_DESIRED_CAPACITY,
    Metric.GROUP_IN_SERVICE_INSTANCES,
    Metric.GROUP_PENDING_INSTANCES,
    Metric.GROUP_TERMINATING_INSTANCES,
    Metric.GROUP_TOTAL_INSTANCES,
]
"""Off by default; the workers scale by one of them, and they are free."""


def group_name(site: Site, fleet: str) -> str:
    """The name of a fleet's Auto Scaling group, known before the group exists."""
    return site.naming.physical(fleet, 255)


@dataclass(frozen=True, kw_only=True)
class FleetArgs:
    """`image_parameter` is the public SSM parameter of the image.

    `other_instance_types` are launched, in their order, when there is no capacity of `instance_type`.

    Without `starts_before_end`, an instance is terminated before its replacement starts, which takes over its volume.
    """

    site: Site
    subnet_ids: Sequence[pulumi.Output[str]]
    security_group: aws.ec2.SecurityGroup
    keys: Keys
    instance_role: InstanceRole
    instance_type: str
    image_parameter: str
    volume_gib: int
    user_data: pulumi.Input[str]
    min_size: int
    max_size: int
    warmup_seconds: int
    other_instance_types: Sequence[str] = ()
    target_groups: Sequence[aws.lb.TargetGroup] = ()
    starts_before_end: bool = True
    cpu_credits: str = "unlimited"

    @property
    def healthy_percent(self) -> tuple[int, int]:
        """The bounds of the group's size during an instance refresh, in percent."""
        return (100, GROWTH_WHILE_REPLACING_PERCENT) if self.starts_before_end else (0, 100)


class Fleet(Component):
    """A launch template and the Auto Scaling group that keeps its instances running."""

    template: aws.ec2.LaunchTemplate
    group: aws.autoscaling.Group

    def __init__(self, name: str, args: FleetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("compute:Fleet", name, args.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self._name = name
        self._args = args
        self._tags = {
            **args.site.naming.tags(name, DataClass.CONFIDENTIAL),
            "Name": args.site.naming.physical(name, 128),
        }
        self.template = self._template()
        self.group = self._group()
        self.register_outputs({"group": self.group.name})

    def _template(self) -> aws.ec2.LaunchTemplate:
        args = self._args
        return aws.ec2.LaunchTemplate(
            f"{self._name}-template",
            name=args.site.naming.physical(self._name, 128),
            update_default_version=True,
            # Resolved at each launch, so that a new image needs no deployment.
            image_id=f"resolve:ssm:{args.image_parameter}",
            instance_type=args.instance_type,
            user_data=args.user_data,
            credit_specification=self._credits(),
            iam_instance_profile=aws.ec2.LaunchTemplateIamInstanceProfileArgs(arn=args.instance_role.profile.arn),
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled",
                http_tokens="required",
                http_put_response_hop_limit=1,
            ),
            network_interfaces=[
                aws.ec2.LaunchTemplateNetworkInterfaceArgs(
                    device_index=0,
                    associate_public_ip_address="false",
                    delete_on_termination="true",
                    security_groups=[args.security_group.id],
                )
            ],
            block_device_mappings=[
                aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
                    device_name=ROOT_DEVICE,
                    ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                        volume_type="gp3",
                        volume_size=args.volume_gib,
                        encrypted="true",
                        kms_key_id=args.keys["data"].arn,
                        delete_on_termination="true",
                    ),
                )
            ],
            ebs_optimized="true",
            monitoring=aws.ec2.LaunchTemplateMonitoringArgs(enabled=True),
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=self._tags)
                for kind in ("instance", "volume")
            ],
            opts=self.child(),
        )

    def _credits(self) -> aws.ec2.LaunchTemplateCreditSpecificationArgs | None:
        """Explicit: the account's default may differ. EC2 accepts it only for burstable types, so for all or none."""
        types = [self._args.instance_type, *self._args.other_instance_types]
        if not all(burstable(each) for each in types):
            return None
        return aws.ec2.LaunchTemplateCreditSpecificationArgs(cpu_credits=self._args.cpu_credits)

    def _group(self) -> aws.autoscaling.Group:
        """Without a desired capacity: the scaling policies set it, and their changes are not drift."""
        args = self._args
        least, most = args.healthy_percent
        return aws.autoscaling.Group(
            f"{self._name}-group",
            name=group_name(args.site, self._name),
            min_size=args.min_size,
            max_size=args.max_size,
            vpc_zone_identifiers=args.subnet_ids,
            launch_template=None if args.other_instance_types else self._launched,
            mixed_instances_policy=self._in_turn() if args.other_instance_types else None,
            target_group_arns=[target.arn for target in args.target_groups],
            # The provider would wait for the number of instances in the state, which scaling has changed since, and
            # for the former number when a group shrinks to zero: ten minutes, then an error.
            wait_for_capacity_timeout="0",
            health_check_type="ELB" if args.target_groups else "EC2",
            health_check_grace_period=args.warmup_seconds,
            default_instance_warmup=args.warmup_seconds,
            instance_maintenance_policy=aws.autoscaling.GroupInstanceMaintenancePolicyArgs(
                min_healthy_percentage=least, max_healthy_percentage=most
            ),
            instance_refresh=aws.autoscaling.GroupInstanceRefreshArgs(
                strategy="Rolling",
                preferences=aws.autoscaling.GroupInstanceRefreshPreferencesArgs(
                    min_healthy_percentage=least,
                    max_healthy_percentage=most,
                    # A group that grows together with a new template would replace the instances that it has just
                    # started.
                    skip_matching=True,
                ),
            ),
            max_instance_lifetime=MAX_LIFETIME_SECONDS,
            termination_policies=["OldestLaunchTemplate", "Default"],
            capacity_rebalance=False,
            enabled_metrics=GROUP_METRICS,
            metrics_granularity="1Minute",
            tags=[
                # The launch template tags the instances: each tag is set in one place.
                aws.autoscaling.GroupTagArgs(key=key, value=value, propagate_at_launch=False)
                for key, value in sorted(self._tags.items())
            ],
            opts=self.child(),
        )

    @property
    def _launched(self) -> aws.autoscaling.GroupLaunchTemplateArgs:
        return aws.autoscaling.GroupLaunchTemplateArgs(
            id=self.template.id, version=self.template.latest_version.apply(str)
        )

    def _in_turn(self) -> aws.autoscaling.GroupMixedInstancesPolicyArgs:
        """Only on demand: a spot instance can be interrupted at any time."""
        types = [self._args.instance_type, *self._args.other_instance_types]
        return aws.autoscaling.GroupMixedInstancesPolicyArgs(
            instances_distribution=aws.autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs(
                on_demand_allocation_strategy="prioritized", on_demand_percentage_above_base_capacity=100
            ),
            launch_template=aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs(
                launch_template_specification=Specification(
                    launch_template_id=self.template.id, version=self.template.latest_version.apply(str)
                ),
                overrides=[Override(instance_type=each) for each in types],
            ),
        )
