"""What all roles of application hosts share: their permissions, and what they know at startup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws
from typing_extensions import override

from components.compute.fleet import Fleet
from components.compute.host_environment import host_environment
from components.compute.hosts import Hosts, HostsArgs
from components.compute.instance_role import InstanceRole
from components.compute.permissions import (
    find_data_stores,
    read_and_write_objects,
    read_objects,
    read_secrets,
    send_messages,
)
from components.security.iam import Statement
from hosts.roles import HostRole
from hosts.values import HostValues
from settings import ApplicationHostSettings, Capacity


@dataclass(frozen=True, kw_only=True)
class ApplicationHostsArgs(HostsArgs):
    """`capacity` selects which of the sizes in `settings` apply."""

    settings: ApplicationHostSettings
    capacity: Capacity


class ApplicationHosts(Hosts):
    """Hosts that run the application; a subclass adds its fleets and scaling."""

    def __init__(
        self,
        token: str,
        name: str,
        role: HostRole,
        args: ApplicationHostsArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._php_version = args.settings.php_version
        self._other_instance_types = args.settings.other_instance_types
        super().__init__(token, name, role, args, opts)

    def _instance_role(self, *further: Statement) -> InstanceRole:
        """The permissions of every application host, and the `further` permissions of this role.

        Web hosts queue jobs and jobs queue further jobs, so all of them send messages.
        """
        context = self._hosts.context
        return self._role_of_instances(
            *read_secrets(context, list(context.secrets.of_application.values())),
            *find_data_stores(context),
            *read_objects(context, "releases"),
            *read_and_write_objects(context, "uploads"),
            *send_messages(context),
            *further,
        )

    @override
    def _values(self) -> HostValues:
        return replace(super()._values(), php_version=self._php_version)

    def _application_fleet(
        self,
        group: str,
        instance_role: InstanceRole,
        sizes: tuple[int, int],
        release: str,
        target_groups: Sequence[aws.lb.TargetGroup] = (),
    ) -> Fleet:
        """A fleet of these hosts that run `release`."""
        environment = host_environment(self._hosts.context, self.role, group, release)
        others = self._other_instance_types
        return self._fleet(group, instance_role, sizes, environment, target_groups, other_instance_types=others)
