"""The settings of a stack with which a host's files are rendered."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class HostValues:
    """Only plain values: outputs of resources are in the user data, so that a bundle's address is known early.

    `proxies` are the addresses through which visitors reach the load balancer. `queues` has the number of processes for
    each queue, by name. `made` are files that are generated from data elsewhere, by their paths on the host.
    """

    php_version: str
    vpc_cidr: str
    proxies: tuple[str, ...]
    metrics_namespace: str
    log_group: str
    maintenance_window: str
    queues: Mapping[str, int]
    job_timeout_seconds: int
    made: Mapping[str, str] = field(default_factory=dict)
