"""What the monitoring host of a region watches, and its receivers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DATA = "/srv/metrics"
"""Where the data volume is mounted."""
RECEIVERS = "/run/askproai/receivers"
"""The in-memory folder with a file for each secret of the receivers."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A program that no package archive has: its URL, and its SHA-256."""

    url: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Only plain values, because a bundle is made from them.

    `host_tags` are the tags of all instances of the stack, and `web_groups` the values of the tag `Component` of those
    with the application's metrics at `metrics_path`. `database` and `cache`: the host can reach them. `public_urls`
    must answer 200 to visitors, and so must `other_region` if `other_region_serves`; otherwise its load balancer may
    have no hosts. `dependencies` are URLs by name. `mail_server` is host and port. `receivers` names the secrets that
    are set. Without `grafana` there is none.
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
