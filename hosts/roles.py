"""The host roles: one row for each kind of instance. A name is a block of the stack file and a folder here.

Security groups, endpoints, fleets, alarms and the stack's output follow this table. A new role needs a row here, its
row in `contents.py`, its folder here, its block of settings, its component in `components/compute/`, and its line in
`region.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HostRole:
    """A kind of instance.

    `groups` are its Auto Scaling groups. `behind_load_balancer`: the load balancer sends requests to its `port`.
    `uses_data`: it connects to database and cache, so a fence closes the database to it. `runs_application`: its size
    depends on the load and on the region's role. `title` names the hosts in the descriptions of rules, and
    `keeps_in_cache` what they use the cache for. `security_group` is the description of its security group, which EC2
    cannot change: another text replaces the group. `termination_hook` is the optional lifecycle hook that delays the
    termination of an instance until its work is done.
    """

    name: str
    title: str
    why: str
    groups: tuple[str, ...]
    behind_load_balancer: bool
    uses_data: bool
    keeps_in_cache: str
    security_group: str
    runs_application: bool = True
    port: int = 80
    termination_hook: str = ""

    def fleet(self, group: str) -> str:
        """The unique name of a group; if a role has only one group, it is the role's name."""
        return self.name if len(self.groups) == 1 else f"{self.name}-{group}"


WEB = HostRole(
    name="web",
    title="the web hosts",
    why="Answers visitors: Nginx in front of PHP-FPM, in two colours of which one serves.",
    groups=("blue", "green"),
    behind_load_balancer=True,
    uses_data=True,
    keeps_in_cache="sessions",
    security_group="Web hosts, for the load balancer alone",
)
WORKERS = HostRole(
    name="workers",
    title="the workers",
    why="Runs the jobs in the queues; nothing connects to it.",
    groups=("fleet",),
    behind_load_balancer=False,
    uses_data=True,
    keeps_in_cache="locks",
    security_group="Workers, which nobody calls",
    termination_hook="finish-jobs",
)
MONITORING = HostRole(
    name="monitoring",
    title="the monitoring host",
    why="Watches the region's hosts and data stores, the other region and the edge, and tells who must know.",
    groups=("host",),
    behind_load_balancer=True,
    uses_data=True,
    keeps_in_cache="metrics",
    security_group="The monitoring host, for the load balancer alone",
    runs_application=False,
    port=9090,
)
BASTION = HostRole(
    name="bastion",
    title="the bastion",
    why="Passes SSH on from clients of the VPN to the other hosts, and runs nothing for anybody.",
    groups=("host",),
    behind_load_balancer=False,
    uses_data=False,
    keeps_in_cache="",
    security_group="The bastion, for clients of the VPN alone",
    runs_application=False,
    port=22,
)
ROLES = (WEB, WORKERS, MONITORING, BASTION)
APPLICATION_ROLES = tuple(role for role in ROLES if role.runs_application)
"""The roles that a region needs to serve."""
