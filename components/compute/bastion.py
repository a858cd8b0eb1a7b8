"""The bastion: the only host that accepts SSH from the VPN, and forwards it to the others."""

from __future__ import annotations

import pulumi

from components.compute.host_environment import what_it_is
from components.compute.hosts import Hosts, HostsArgs
from components.compute.permissions import read_objects
from hosts.roles import BASTION

SERVICE_USER = "nobody"
"""It runs none of our services."""
SIZES = (0, 1)
"""It does not run until an operator starts it: until then it cannot be attacked, and costs nothing."""


class Bastion(Hosts):
    """One fleet with at most one host, which has no secret and stores nothing."""

    def __init__(self, name: str, args: HostsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("compute:Bastion", name, BASTION, args, opts)
        [group] = BASTION.groups
        environment = what_it_is(args.context, self.role, group, "", SERVICE_USER)
        instance_role = self._role_of_instances(*read_objects(args.context, "releases"))
        fleet = self._fleet(group, instance_role, SIZES, environment)
        self.fleets = {group: fleet}
        self.register_outputs({"group": fleet.group.name})
