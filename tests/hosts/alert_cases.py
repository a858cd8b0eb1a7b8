"""For each rule of Prometheus, by hand: series that it stays quiet on, and others on which it fires, and when."""

from collections.abc import Mapping
from dataclasses import dataclass

NODE = 'job="node",instance="web-1"'
ROOT = f'{NODE},mountpoint="/",device="/dev/root"'
APPLICATION = 'job="askproai",instance="app"'
EXPIRY_DAYS = 86_400


@dataclass(frozen=True, kw_only=True)
class Case:
    """The rule fires after `minutes`, and not before.

    A series has one value in both cases, or a quiet one and one that fires, each in promtool's notation: a number, or
    `0+5` for a counter that grows by five in each half minute.
    """

    alert: str
    severity: str
    minutes: int
    series: Mapping[str, str | tuple[str, str]]


def down(alert: str, severity: str, minutes: int, selector: str) -> Case:
    """1 is up, 0 is down."""
    return Case(alert=alert, severity=severity, minutes=minutes, series={selector: ("1", "0")})


def answers(severity: str, quiet: str, firing: str) -> Case:
    """Of a thousand requests in each half minute, so many fail."""
    return Case(
        alert="Errors",
        severity=severity,
        minutes=5,
        series={
            f'askproai_http_requests_total{{{APPLICATION},status="500"}}': (quiet, firing),
            f'askproai_http_requests_total{{{APPLICATION},status="200"}}': (
                f"0+{1000 - int(quiet[2:])}",
                f"0+{1000 - int(firing[2:])}",
            ),
        },
    )


def durations(severity: str, bound: str, beyond: str) -> Case:
    """Of a hundred answers, all are within the bound, or ten are beyond it."""
    metric = f"askproai_http_request_duration_seconds_bucket{{{APPLICATION}"
    return Case(
        alert="Slow",
        severity=severity,
        minutes=10,
        series={
            f'{metric},le="0.1"}}': "0+50",
            f'{metric},le="{bound}"}}': ("0+100", "0+90"),
            f'{metric},le="{beyond}"}}': "0+100",
            f'{metric},le="+Inf"}}': "0+100",
        },
    )


def used(alert: str, severity: str, minutes: int, free: str, total: str, percents: tuple[int, int]) -> Case:
    """So many percent of something are used."""
    quiet, firing = (str(100 - percent) for percent in percents)
    return Case(alert=alert, severity=severity, minutes=minutes, series={free: (quiet, firing), total: "100"})


def share(alert: str, severity: str, minutes: int, part: str, total: str, percents: tuple[int, int]) -> Case:
    quiet, firing = map(str, percents)
    return Case(alert=alert, severity=severity, minutes=minutes, series={part: (quiet, firing), total: "100"})


def above(alert: str, severity: str, minutes: int, selector: str, quiet: str, firing: str) -> Case:
    return Case(alert=alert, severity=severity, minutes=minutes, series={selector: (quiet, firing)})


def idle(severity: str, minutes: int, quiet: str, firing: str) -> Case:
    """A processor is idle for so many of the thirty seconds between two samples."""
    return above("HostsCpu", severity, minutes, f'node_cpu_seconds_total{{{NODE},cpu="0",mode="idle"}}', quiet, firing)


def expires(severity: str, quiet_days: int, firing_days: int) -> Case:
    """The certificate ends so many days after the beginning of time."""
    quiet, firing = (str(days * EXPIRY_DAYS) for days in (quiet_days, firing_days))
    return above(
        "PublicCertificate", severity, 15, 'probe_ssl_earliest_cert_expiry{job="edge",instance="app"}', quiet, firing
    )


MEMORY_FREE, MEMORY = f"node_memory_MemAvailable_bytes{{{NODE}}}", f"node_memory_MemTotal_bytes{{{NODE}}}"
DISK_FREE, DISK = f"node_filesystem_avail_bytes{{{ROOT}}}", f"node_filesystem_size_bytes{{{ROOT}}}"
DATA_VOLUME = f'{NODE},mountpoint="/srv/metrics",device="/dev/nvme1n1"'
METRICS_FREE, METRICS = f"node_filesystem_avail_bytes{{{DATA_VOLUME}}}", f"node_filesystem_size_bytes{{{DATA_VOLUME}}}"
CONNECTED = 'mysql_global_status_threads_connected{job="mysql",instance="db"}'
CONNECTIONS = 'mysql_global_variables_max_connections{job="mysql",instance="db"}'
CACHED = 'redis_memory_used_bytes{job="redis",instance="cache"}'
CACHE = 'redis_memory_max_bytes{job="redis",instance="cache"}'
QUEUE = f'askproai_queue_size{{{APPLICATION},queue="default"}}'

CASES = (
    answers("warning", "0+10", "0+11"),
    answers("critical", "0+50", "0+51"),
    durations("warning", "0.5", "1"),
    durations("critical", "2", "4"),
    idle("warning", 15, "0+9", "0+8.7"),
    idle("critical", 5, "0+3", "0+2.7"),
    used("HostsMemory", "warning", 15, MEMORY_FREE, MEMORY, (80, 81)),
    used("HostsMemory", "critical", 5, MEMORY_FREE, MEMORY, (95, 96)),
    used("HostsDisk", "warning", 10, DISK_FREE, DISK, (80, 81)),
    used("HostsDisk", "critical", 10, DISK_FREE, DISK, (90, 91)),
    above("Backlog", "warning", 15, QUEUE, "1000", "1001"),
    above("Backlog", "critical", 5, QUEUE, "5000", "5001"),
    share("DatabaseConnections", "warning", 15, CONNECTED, CONNECTIONS, (80, 81)),
    share("DatabaseConnections", "critical", 5, CONNECTED, CONNECTIONS, (95, 96)),
    share("CacheMemory", "warning", 15, CACHED, CACHE, (80, 81)),
    share("CacheMemory", "critical", 5, CACHED, CACHE, (95, 96)),
    down("ApplicationDown", "critical", 5, f"up{{{APPLICATION}}}"),
    down("HostsDown", "warning", 5, f"up{{{NODE}}}"),
    down("DatabaseDown", "critical", 5, 'mysql_up{job="mysql",instance="db"}'),
    down("CacheDown", "critical", 5, 'redis_up{job="redis",instance="cache"}'),
    down("OtherRegionDown", "critical", 3, 'probe_success{job="other-region",instance="origin"}'),
    down("EdgeDown", "critical", 3, 'probe_success{job="edge",instance="app"}'),
    down("DependencyDown", "warning", 10, 'probe_success{job="dependencies",instance="cal"}'),
    expires("warning", 22, 20),
    expires("critical", 8, 6),
    down("TargetDown", "warning", 10, 'up{job="mysql",instance="db"}'),
    used("MetricsDisk", "warning", 10, METRICS_FREE, METRICS, (90, 91)),
    above("RulesFailing", "warning", 10, "prometheus_rule_evaluation_failures_total", "0", "0+1"),
    above("NotificationsFailing", "critical", 10, "alertmanager_notifications_failed_total", "0", "0+1"),
    down("ConfigurationRefused", "warning", 10, "alertmanager_config_last_reload_successful"),
)
"""Quiet at the threshold itself, firing just beyond it."""
