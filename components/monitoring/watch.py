"""What a region's monitoring host watches, from the settings of its stack."""

from __future__ import annotations

from contract import HEALTH_PATH, METRICS_PATH, origin, public_urls
from hosts.roles import WEB
from monitoring.host.watch import Archive, Watch
from naming import PROJECT
from settings import MonitoringSettings, Settings

SES = "email-smtp.{region}.amazonaws.com:587"
"""AWS General Reference, "Amazon SES endpoints and quotas": SMTP with STARTTLS."""


def watch(settings: Settings, monitoring: MonitoringSettings, receivers: frozenset[str]) -> Watch:
    """What the monitoring host watches: its own region, the other one, the edge, and third-party services."""
    grafana = monitoring.grafana
    return Watch(
        region=settings.region,
        environment=settings.environment,
        domain=settings.domain,
        host_tags={"Project": PROJECT, "Environment": settings.environment},
        web_groups=[WEB.fleet(group) for group in WEB.groups],
        metrics_path=METRICS_PATH,
        database=not settings.fenced,
        cache=settings.cached,
        public_urls=public_urls(settings.domain),
        other_region=f"https://{origin(settings.follows, settings.domain)}{HEALTH_PATH}" if settings.follows else None,
        # One region of a pair serves.
        other_region_serves=settings.following or settings.fenced,
        dependencies=monitoring.dependencies,
        maintenance_window=settings.database.maintenance_window,
        retention_days=monitoring.retention_days,
        data_volume_gib=monitoring.data_volume_gib,
        remote_write_url=monitoring.remote_write_url,
        mail_server=monitoring.mail_server or SES.format(region=settings.region),
        mail_sender=monitoring.mail_sender,
        receivers=receivers,
        grafana=Archive(url=grafana.archive_url, sha256=grafana.archive_sha256) if grafana else None,
    )
