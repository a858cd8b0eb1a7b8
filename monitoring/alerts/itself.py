"""Alerts on monitoring itself."""

from monitoring.alerts.alert import Alert, CloudWatch, Job, Level, Missing, Subject
from monitoring.host.watch import DATA

OTHERS = "|".join((Job.APPLICATION, Job.HOSTS))
REPORTS, TO_LOOK_AT = "AskProAI", "ChecklistFindings"
"""Namespace and name of the metric that "ops check --report" publishes: the number of findings that need attention."""
CHECKLIST = "checklist-"
"""The prefix of the alerts on the morning checklist."""
HOUR_SECONDS = 3600

ITSELF = (
    Alert(
        role="heartbeat",
        page="monitoring",
        heartbeat=Level(threshold=0, minutes=0),
        query="vector(1)",
        why="Prometheus, Alertmanager and the connection out of the account work.",
        source="our choice: always fires",
    ),
    Alert(
        role="metrics-disk",
        page="monitoring",
        warning=Level(threshold=90, minutes=10),
        query=f'100 * (1 - node_filesystem_avail_bytes{{job="{Job.HOSTS}",mountpoint="{DATA}"}}'
        f' / node_filesystem_size_bytes{{job="{Job.HOSTS}",mountpoint="{DATA}"}})',
        why="The metrics volume is filling up, although Prometheus deletes the oldest metrics at four fifths of it.",
        source="ops: disk 90 %; devops: for 10 minutes",
    ),
    Alert(
        role="target-down",
        page="monitoring",
        warning=Level(threshold=1, minutes=10),
        below=True,
        # Hosts and the application have their own alerts.
        query=f'up{{job!~"{OTHERS}"}}',
        why="An exporter does not answer: nothing watches what it measures.",
        source="our choice: longer than its restart",
    ),
    Alert(
        role="rules-failing",
        page="monitoring",
        warning=Level(threshold=0, minutes=10),
        query="increase(prometheus_rule_evaluation_failures_total[5m])",
        why="Prometheus could not evaluate a rule: its alert cannot fire.",
        source="our choice: none is expected",
    ),
    Alert(
        role="notifications-failing",
        page="monitoring",
        critical=Level(threshold=0, minutes=10),
        query="increase(alertmanager_notifications_failed_total[5m])",
        why="Alertmanager could not deliver notifications: other alerts do not arrive this way either.",
        source="our choice: longer than a retry",
    ),
    Alert(
        role="configuration-refused",
        page="monitoring",
        warning=Level(threshold=1, minutes=10),
        below=True,
        query="prometheus_config_last_reload_successful or alertmanager_config_last_reload_successful",
        why="Prometheus or Alertmanager rejected its new configuration, and runs with the old one.",
        source="our choice: it is not expected",
    ),
    Alert(
        role=f"{CHECKLIST}bad",
        page="monitoring",
        warning=Level(threshold=0, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.CHECKLIST,
            namespace=REPORTS,
            metrics=(TO_LOOK_AT,),
            statistic="Maximum",
            period_seconds=300,
            # The last report counts until the next one.
            missing=Missing.AS_BEFORE,
        ),
        why="The morning checklist has findings that need attention.",
        source="ops: morning checklist; our choice: none is expected",
    ),
    Alert(
        role=f"{CHECKLIST}missing",
        page="monitoring",
        warning=Level(threshold=1, minutes=13 * 60),
        below=True,
        cloudwatch=CloudWatch(
            subject=Subject.CHECKLIST,
            namespace=REPORTS,
            metrics=(TO_LOOK_AT,),
            statistic="SampleCount",
            # As for backups: a schedule that no longer runs leaves no data.
            expression="FILL({all}, 0)",
            period_seconds=HOUR_SECONDS,
            missing=Missing.WRONG,
        ),
        why="The morning checklist does not report: its findings are unknown.",
        source="our choice: two reports, which are six hours apart, and an hour for a late start",
    ),
)
