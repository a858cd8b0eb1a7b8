"""What all host roles share: log group, configuration bundle and fleets."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.compute.fleet import Fleet, FleetArgs
from components.compute.host_context import HostContext
from components.compute.instance_role import InstanceRole, InstanceRoleArgs
from components.compute.permissions import METRICS_NAMESPACE, metrics_and_logs, sessions, systems_manager
from components.network.cloudflare_ranges import CLOUDFLARE_RANGES
from components.security.iam import Statement
from hosts.bundle import Bundle, bundle
from hosts.roles import HostRole
from hosts.user_data import user_data
from hosts.values import HostValues
from naming import DataClass
from settings import HostSettings

Environment = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class HostsArgs:
    """The components that the hosts use, and the settings of their role."""

    context: HostContext
    settings: HostSettings


class Hosts(Component):
    """Hosts with one instance role and one log; a subclass adds its fleets.

    `fleets` has one for each of the role's `groups`.
    """

    role: HostRole
    fleets: dict[str, Fleet]
    log_group: aws.cloudwatch.LogGroup

    def __init__(
        self,
        token: str,
        name: str,
        role: HostRole,
        args: HostsArgs,
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

    def _role_of_instances(self, *further: Statement) -> InstanceRole:
        """The permissions of every host, and the `further` permissions of this role."""
        context = self._hosts.context
        self.log_group = self._log_group()
        reports = metrics_and_logs(self.log_group)
        permissions = [*systems_manager(), *sessions(context.site), *reports, *further]
        return InstanceRole(
            f"{self._name}-instances", InstanceRoleArgs(site=context.site, permissions=permissions), self.child()
        )

    @property
    def _log_name(self) -> str:
        return self._hosts.context.site.naming.physical(self._name, 512)

    def _values(self) -> HostValues:
        context = self._hosts.context
        return HostValues(
            php_version="",
            vpc_cidr=context.network.settings.vpc_cidr,
            proxies=CLOUDFLARE_RANGES,
            metrics_namespace=METRICS_NAMESPACE,
            log_group=self._log_name,
            maintenance_window=context.maintenance_window,
            queues={name: queue.processes for name, queue in sorted(context.work.queues.items())},
            job_timeout_seconds=context.work.timeout_seconds,
        )

    def _store(self, packed: Bundle) -> aws.s3.BucketObjectv2:
        """In the region's own bucket: a host needs no other region when it starts."""
        return aws.s3.BucketObjectv2(
            f"{self._name}-bundle",
            bucket=self._hosts.context.storage["releases"].name,
            key=packed.key,
            content_base64=base64.b64encode(packed.compressed).decode(),
            content_type="application/gzip",
            opts=self.child(),
        )

    def _user_data(self, environment: Environment) -> pulumi.Output[str]:
        """From the stored object, so that no host starts before its bundle exists."""
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
        environment: Environment,
        target_groups: Sequence[aws.lb.TargetGroup] = (),
        only_in: pulumi.Output[str] | None = None,
        other_instance_types: Sequence[str] = (),
    ) -> Fleet:
        """A fleet of these hosts, with the minimum and maximum size in `sizes`. With `only_in`, it is in a single
        subnet, and an instance is terminated before its replacement starts."""
        context, settings = self._hosts.context, self._hosts.settings
        fleet_args = FleetArgs(
            site=context.site,
            subnet_ids=[only_in] if only_in else context.network.app_subnet_ids,
            security_group=context.security_groups[self.role],
            keys=context.keys,
            instance_role=instance_role,
            instance_type=settings.instance_type,
            other_instance_types=other_instance_types,
            cpu_credits=settings.cpu_credits,
            image_parameter=settings.image_parameter,
            volume_gib=settings.volume_gib,
            user_data=self._user_data(environment),
            min_size=sizes[0],
            max_size=sizes[1],
            warmup_seconds=settings.warmup_seconds,
            target_groups=target_groups,
            starts_before_end=only_in is None,
        )
        return Fleet(f"{self._name}-{group}", fleet_args, self.child())
