"""Alerts on monitoring itself."""

from monitoring.alerts.alert import Alert, Job, Level
from monitoring.host.watch import DATA

OTHERS = "|".join((Job.APPLICATION, Job.HOSTS))

ITSELF = (
    Alert(
        role="heartbeat",
        page="monitoring",
        heartbeat=Level(threshold=0, minutes=0),
        query="vector(1)",
        why="Prometheus, Alertmanager and the way out of the account work.",
        source="our choice: it always fires",
    ),
    Alert(
        role="metrics-disk",
        page="monitoring",
        warning=Level(threshold=90, minutes=10),
        query=f'100 * (1 - node_filesystem_avail_bytes{{job="{Job.HOSTS}",mountpoint="{DATA}"}}'
        f' / node_filesystem_size_bytes{{job="{Job.HOSTS}",mountpoint="{DATA}"}})',
        why="The volume with metrics fills up, though Prometheus deletes the oldest at four fifths of it.",
        source="ops: disk 90 %; devops: for 10 minutes",
    ),
    Alert(
        role="target-down",
        page="monitoring",
        warning=Level(threshold=1, minutes=10),
        below=True,
        # Hosts and application have alerts of their own.
        query=f'up{{job!~"{OTHERS}"}}',
        why="An exporter does not answer: what it measures is watched by nobody.",
        source="our choice: longer than its restart",
    ),
    Alert(
        role="rules-failing",
        page="monitoring",
        warning=Level(threshold=0, minutes=10),
        query="increase(prometheus_rule_evaluation_failures_total[5m])",
        why="Prometheus could not evaluate a rule: its alert is silent.",
        source="our choice: none is expected",
    ),
    Alert(
        role="notifications-failing",
        page="monitoring",
        critical=Level(threshold=0, minutes=10),
        query="increase(alertmanager_notifications_failed_total[5m])",
        why="Alertmanager could not deliver: nobody hears of other alerts on this way.",
        source="our choice: longer than it takes to try again",
    ),
    Alert(
        role="configuration-refused",
        page="monitoring",
        warning=Level(threshold=1, minutes=10),
        below=True,
        query="prometheus_config_last_reload_successful or alertmanager_config_last_reload_successful",
        why="Prometheus or Alertmanager refused its new configuration, and runs with the old one.",
        source="our choice: it is not expected",
    ),
)
