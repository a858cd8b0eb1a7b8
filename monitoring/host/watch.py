"""What the monitoring host of a region watches, and whom it tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DATA = "/srv/metrics"
"""Where the data volume is mounted."""
RECEIVERS = "/run/askproai/receivers"
"""The folder in memory with a file for each secret of the receivers."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A program that no package archive has: where it is, and the SHA-256 that it must have."""

    url: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Plain values alone, as a bundle is made of them.

    `host_tags` are what all instances of the stack have, and `web_groups` the values of the tag `Component` of those
    that have metrics of the application at `metrics_path`. `database` and `cache` say whether the host reaches them.
    `public_urls` must answer 200 to visitors, and `other_region` too where it `other_region_serves`; else its load
    balancer may say that it has no hosts. `dependencies` are URLs by name. `mail_server` is a host and its port.
    `receivers` names the secrets that are set. Without `grafana` there is none.
    """

    region: str
    environment: str
    domain: str
    host_tags: Mapping[str, str]
    web_groups: Sequence[str]
    metrics_path: str
    database: bool
    cache: bool
    public_urls: Sequence[str]
    other_region: str | None
    other_region_serves: bool
    dependencies: Mapping[str, str]
    maintenance_window: str
    retention_days: int
    data_volume_gib: int
    remote_write_url: str | None
    mail_server: str
    mail_sender: str
    receivers: frozenset[str]
    grafana: Archive | None
