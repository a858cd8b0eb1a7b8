"""What the roles of application hosts have in common: instance role, log group, configuration bundle and fleets."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.compute.fleet import Fleet, FleetArgs
from components.compute.host_context import HostContext
from components.compute.host_environment import host_environment
from components.compute.instance_role import InstanceRole, InstanceRoleArgs
from components.compute.permissions import (
    METRICS_NAMESPACE,
    find_data_stores,
    metrics_and_logs,
    read_and_write_objects,
    read_objects,
    read_secrets,
    send_messages,
    systems_manager,
)
from components.network.cloudflare_ranges import CLOUDFLARE_RANGES
from components.security.iam import Statement
from hosts.bundle import Bundle, bundle
from hosts.roles import HostRole
from hosts.user_data import user_data
from hosts.values import HostValues
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
        self._bundle = bundle(role, self._values())
        self._stored = self._store(self._bundle)

    @property
    def group_names(self) -> dict[str, pulumi.Output[str]]:
        """The names of the Auto Scaling groups, by group."""
        return {group: fleet.group.name for group, fleet in self.fleets.items()}

    def _instance_role(self, *further: Statement) -> InstanceRole:
        """What every host of the application may do, and the `further` permissions of this role.

        Web hosts queue jobs and jobs queue further jobs, so all of them send messages.
        """
        context = self._hosts.context
        permissions = [
            *systems_manager(),
            *metrics_and_logs(self._log_group()),
            *read_secrets(context),
            *find_data_stores(context),
            *read_objects(context, "releases"),
            *read_and_write_objects(context, "uploads"),
            *send_messages(context),
            *further,
        ]
        return InstanceRole(
            f"{self._name}-instances", InstanceRoleArgs(site=context.site, permissions=permissions), self.child()
        )

    @property
    def _log_name(self) -> str:
        return self._hosts.context.site.naming.physical(self._name, 512)

    def _values(self) -> HostValues:
        context = self._hosts.context
        return HostValues(
            php_version=self._hosts.settings.php_version,
            vpc_cidr=context.network.settings.vpc_cidr,
            proxies=CLOUDFLARE_RANGES,
            metrics_namespace=METRICS_NAMESPACE,
            log_group=self._log_name,
            maintenance_window=context.maintenance_window,
            queues={name: queue.processes for name, queue in sorted(context.work.queues.items())},
            job_timeout_seconds=context.work.timeout_seconds,
        )

    def _store(self, packed: Bundle) -> aws.s3.BucketObjectv2:
        """In the region's own bucket: a host asks no other region when it starts."""
        return aws.s3.BucketObjectv2(
            f"{self._name}-bundle",
            bucket=self._hosts.context.storage["releases"].name,
            key=packed.key,
            content_base64=base64.b64encode(packed.compressed).decode(),
            content_type="application/gzip",
            opts=self.child(),
        )

    def _user_data(self, group: str, release: str) -> pulumi.Output[str]:
        """Of the stored object, so that no host starts before its bundle is there."""
        context = self._hosts.context

        def encoded(values: dict[str, Any]) -> str:
            script = user_data(
                bucket=values["bucket"],
                key=values["key"],
                sha256=self._bundle.sha256,
                region=context.site.region,
                environment=values["environment"],
            )
            return base64.b64encode(script.encode()).decode()

        environment = host_environment(context, self.role, group, release)
        return pulumi.Output.all(bucket=self._stored.bucket, key=self._stored.key, environment=environment).apply(
            encoded
        )

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        context = self._hosts.context
        return aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=self._log_name,
            retention_in_days=self._hosts.settings.log_retention_days,
            kms_key_id=context.keys["logs"].arn,
            opts=self.child(),
        )

    def _fleet(
        self,
        group: str,
        instance_role: InstanceRole,
        sizes: tuple[int, int],
        release: str,
        target_groups: Sequence[aws.lb.TargetGroup] = (),
    ) -> Fleet:
        """A fleet of these hosts that run `release`, of the minimum and maximum size in `sizes`."""
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
            user_data=self._user_data(group, release),
            min_size=sizes[0],
            max_size=sizes[1],
            warmup_seconds=settings.warmup_seconds,
            target_groups=target_groups,
        )
        return Fleet(f"{self._name}-{group}", fleet_args, self.child())
