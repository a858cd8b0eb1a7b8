"""The roles of hosts: one row for each kind of instance. A name is a block of the stack file and a folder here."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HostRole:
    """A kind of instance.

    `groups` are its Auto Scaling groups, `behind_load_balancer` says whether visitors' requests reach it, and
    `uses_data` whether it connects to database and cache, so that a fence keeps it from them.
    """

    name: str
    why: str
    groups: tuple[str, ...]
    behind_load_balancer: bool
    uses_data: bool


WEB = HostRole(
    name="web",
    why="Answers visitors: Nginx in front of PHP-FPM, in two colours of which one serves.",
    groups=("blue", "green"),
    behind_load_balancer=True,
    uses_data=True,
)
WORKERS = HostRole(
    name="workers",
    why="Runs the jobs in the queues; nobody calls it.",
    groups=("fleet",),
    behind_load_balancer=False,
    uses_data=True,
)
ROLES = (WEB, WORKERS)
