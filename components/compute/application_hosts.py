"""What the application's hosts have in common: where they stand, what they may use, and where they log."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.compute.fleet import Fleet, FleetArgs
from components.compute.instance_role import InstanceRole, InstanceRoleArgs
from components.compute.permissions import (
    Statement,
    be_managed,
    read_and_write_objects,
    read_objects,
    read_secrets,
    report,
    send_messages,
)
from components.compute.user_data import user_data
from components.data.queues import Queues
from components.network.network import Network
from components.network.security_groups import Firewall
from components.security.keys import Keys
from components.security.secrets import Secrets
from components.storage.storage import Storage
from naming import DataClass, Naming
from settings import HostSettings


@dataclass(frozen=True, kw_only=True)
class ApplicationHostsArgs:
    """What hosts of the application stand in, and what they may use."""

    naming: Naming
    region: str
    network: Network
    firewall: Firewall
    keys: Keys
    secrets: Secrets
    storage: Storage
    queues: Queues
    settings: HostSettings


class ApplicationHosts(Component):
    """Hosts that run the application under one role and write one log; a kind of hosts adds its fleets and scaling."""

    def __init__(self, name: str, args: ApplicationHostsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("compute", name, args.naming, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self._name = name
        self._hosts = args

    def _role(self, *further: Statement) -> InstanceRole:
        """The role of the hosts: what the application needs everywhere, and `further` rights of this kind.

        Web hosts queue jobs and jobs queue further jobs, so all of them send messages.
        """
        args = self._hosts
        grants = [
            *be_managed(),
            *report(self._log_group()),
            *read_secrets(args.secrets, args.keys, args.region),
            *read_objects(args.storage.releases, args.storage, args.region),
            *read_and_write_objects(args.storage.uploads, args.storage, args.region),
            *send_messages(args.queues.work.values(), args.keys, args.region),
            *further,
        ]
        return InstanceRole(
            f"{self._name}-instances", InstanceRoleArgs(naming=args.naming, grants=grants), self.child()
        )

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=self._hosts.naming.physical(self._name, 512),
            retention_in_days=self._hosts.settings.log_retention_days,
            kms_key_id=self._hosts.keys.logs.arn,
            opts=self.child(),
        )

    def _fleet(
        self,
        fleet: str,
        role: InstanceRole,
        security_group: aws.ec2.SecurityGroup,
        sizes: tuple[int, int],
        target_groups: Sequence[aws.lb.TargetGroup] = (),
    ) -> Fleet:
        """A fleet of these hosts, of the least and the greatest size in `sizes`."""
        args, settings = self._hosts, self._hosts.settings
        fleet_args = FleetArgs(
            naming=args.naming,
            network=args.network,
            security_group=security_group,
            keys=args.keys,
            role=role,
            instance_type=settings.instance_type,
            image_parameter=settings.image_parameter,
            volume_gib=settings.volume_gib,
            user_data=user_data(self._name),
            min_size=sizes[0],
            max_size=sizes[1],
            warmup_seconds=settings.warmup_seconds,
            target_groups=target_groups,
        )
        return Fleet(f"{self._name}-{fleet}", fleet_args, self.child())
