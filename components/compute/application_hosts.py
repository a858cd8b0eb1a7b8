"""What the roles of application hosts have in common: instance role, log group and fleets."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.compute.fleet import Fleet, FleetArgs
from components.compute.host_context import HostContext
from components.compute.instance_role import InstanceRole, InstanceRoleArgs
from components.compute.permissions import (
    metrics_and_logs,
    read_and_write_objects,
    read_objects,
    read_secrets,
    send_messages,
    systems_manager,
)
from components.compute.user_data import user_data
from components.security.iam import Statement
from hosts.roles import HostRole
from naming import DataClass
from settings import Capacity, HostSettings


@dataclass(frozen=True, kw_only=True)
class ApplicationHostsArgs:
    """`capacity` says which of the sizes in `settings` apply."""

    context: HostContext
    settings: HostSettings
    capacity: Capacity


class ApplicationHosts(Component):
    """Hosts that run the application with one instance role and one log; a subclass adds its fleets and scaling.

    `fleets` has one for each of the role's `groups`.
    """

    role: HostRole
    fleets: dict[str, Fleet]

    def __init__(
        self,
        token: str,
        name: str,
        role: HostRole,
        args: ApplicationHostsArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(token, name, args.context.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self.role = role
        self._name = name
        self._hosts = args

    def _instance_role(self, *further: Statement) -> InstanceRole:
        """What every host of the application may do, and the `further` permissions of this role.

        Web hosts queue jobs and jobs queue further jobs, so all of them send messages.
        """
        context = self._hosts.context
        permissions = [
            *systems_manager(),
            *metrics_and_logs(self._log_group()),
            *read_secrets(context),
            *read_objects(context, "releases"),
            *read_and_write_objects(context, "uploads"),
            *send_messages(context),
            *further,
        ]
        return InstanceRole(
            f"{self._name}-instances", InstanceRoleArgs(site=context.site, permissions=permissions), self.child()
        )

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        context = self._hosts.context
        return aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=context.site.naming.physical(self._name, 512),
            retention_in_days=self._hosts.settings.log_retention_days,
            kms_key_id=context.keys["logs"].arn,
            opts=self.child(),
        )

    def _fleet(
        self,
        group: str,
        instance_role: InstanceRole,
        sizes: tuple[int, int],
        target_groups: Sequence[aws.lb.TargetGroup] = (),
    ) -> Fleet:
        """A fleet of these hosts, of the minimum and maximum size in `sizes`."""
        context, settings = self._hosts.context, self._hosts.settings
        fleet_args = FleetArgs(
            site=context.site,
            network=context.network,
            security_group=context.security_groups[self.role],
            keys=context.keys,
            instance_role=instance_role,
            instance_type=settings.instance_type,
            image_parameter=settings.image_parameter,
            volume_gib=settings.volume_gib,
            user_data=user_data(self.role.name),
            min_size=sizes[0],
            max_size=sizes[1],
            warmup_seconds=settings.warmup_seconds,
            target_groups=target_groups,
        )
        return Fleet(f"{self._name}-{group}", fleet_args, self.child())
