"""The recovery dashboard: whether the other region could take over, as seen from this region."""

from monitoring.alerts.alert import Job, Severity
from monitoring.dashboards.dashboard import Dashboard, Panel, Unit, metrics, watched

VAULT = "BackupVaultName"
"""AWS Backup Developer Guide, "Monitoring AWS Backup metrics with CloudWatch"."""
OTHER = f'job="{Job.OTHER_REGION}"'


def _firing(severity: Severity) -> str:
    """Prometheus has the series of an alert only while it is pending or firing."""
    return f'count(ALERTS{{alertstate="firing",severity="{severity}"}}) or vector(0)'


RECOVERY = Dashboard(
    uid="recovery",
    title="Recovery",
    why="Whether a failover is necessary, and what it would find.",
    panels=(
        Panel(
            title="Other region answers",
            why="At its own name. A standby without hosts may answer 503.",
            unit=Unit.STATE,
            queries={"{{instance}}": f"probe_success{{{OTHER}}}"},
        ),
        Panel(
            title="Other region's status",
            why="The HTTP status: 200 from serving hosts, 503 from a load balancer without hosts, 0 without an answer.",
            unit=Unit.COUNT,
            queries={"{{instance}}": f"probe_http_status_code{{{OTHER}}}"},
        ),
        Panel(
            title="Hosts that answer",
            why="Of each group in this region: a warm standby has the minimum, a pilot light only the monitoring host.",
            unit=Unit.COUNT,
            queries={"{{group}}": f'sum by (group) (up{{job="{Job.HOSTS}"}})'},
        ),
        Panel(
            title="Data stores that answer",
            why="Whether the exporter can sign in. A fenced region does not reach its database.",
            unit=Unit.STATE,
            queries={
                "database": f'mysql_up{{job="{Job.DATABASE}"}}',
                "cache": f'redis_up{{job="{Job.CACHE}"}}',
            },
        ),
        Panel(
            title="Database takes writes",
            why="The database of a region that follows is a replica, and read-only.",
            unit=Unit.STATE,
            queries={"database": f'1 - mysql_global_variables_read_only{{job="{Job.DATABASE}"}}'},
        ),
        Panel(
            title="Lag of the replica",
            why="Replication lag of this region's replica, in seconds. Only a region that follows has one.",
            unit=Unit.SECONDS,
            metrics=metrics("replica-lag", "DBInstanceIdentifier"),
        ),
        Panel(
            title="Backup jobs",
            why="Of the last week, by vault: completed, failed, expired and aborted jobs.",
            unit=Unit.COUNT,
            metrics=(*metrics("backups-missing", VAULT), *metrics("backups-failed", VAULT)),
            days=7,
        ),
        Panel(
            title="Copy jobs",
            why="Of the last week, by vault: snapshots that reached the other region, and those that failed.",
            unit=Unit.COUNT,
            metrics=(*metrics("copies-missing", VAULT), *metrics("copies-failed", VAULT)),
            days=7,
        ),
        watched(
            "public-certificate",
            title="Certificates seen from outside",
            why="Days until the first certificate of the chain expires; below a line an alert fires.",
            legend="{{instance}}",
            unit=Unit.DAYS,
        ),
        Panel(
            title="Alerts that fire",
            why="Of this region's Prometheus; CloudWatch's alarms are on its own dashboard.",
            unit=Unit.COUNT,
            queries={str(severity): _firing(severity) for severity in (Severity.WARNING, Severity.CRITICAL)},
        ),
    ),
)
