"""Values with which tests render a host's files; none is an operator's."""

from dataclasses import replace

from hosts.roles import MONITORING, HostRole
from hosts.values import HostValues
from monitoring.host.files import files
from monitoring.host.watch import Archive, Watch

VALUES = HostValues(
    php_version="8.4",
    vpc_cidr="10.99.0.0/16",
    proxies=("192.0.2.0/24", "198.51.100.0/24"),
    metrics_namespace="Agent",
    log_group="the-log",
    maintenance_window="tue:02:00-tue:03:00",
    queues={"default": 1, "high": 2},
    job_timeout_seconds=60,
)

WATCH = Watch(
    region="elsewhere-1",
    environment="tested",
    domain="example.com",
    host_tags={"Project": "the-project", "Environment": "tested"},
    web_groups=("web-red",),
    metrics_path="/metrics-of-it",
    database=True,
    cache=True,
    public_urls=("https://example.com/health",),
    other_region="https://other.example.com/health",
    other_region_serves=True,
    dependencies={"calendar": "https://calendar.example.net/"},
    maintenance_window="tue:02:00-tue:03:00",
    retention_days=3,
    data_volume_gib=100,
    remote_write_url=None,
    mail_server="mail.example.com:587",
    mail_sender="watch@example.com",
    receivers=frozenset({"heartbeat_url", "on_call_webhook", "slack_webhook", "mail_username", "mail_password"}),
    grafana=Archive(url="https://grafana.example.com/grafana.tar.gz", sha256="0" * 64),
)
"""What the monitoring host of tests watches, with every receiver."""


def values_of(role: HostRole) -> HostValues:
    """The values of a role; only the monitoring host has generated files."""
    return replace(VALUES, made=files(WATCH)) if role == MONITORING else VALUES
