"""Alerts on monitoring itself."""

from monitoring.alerts.alert import Alert, CloudWatch, Job, Level, Missing, Subject
from monitoring.host.watch import DATA

OTHERS = "|".join((Job.APPLICATION, Job.HOSTS))
REPORTS, TO_LOOK_AT = "AskProAI", "ChecklistFindings"
"""Namespace and name of the metric that "ops check --report" publishes: how many findings somebody has to look at."""
CHECKLIST = "checklist-"
"""How the names begin of the alerts on the morning checklist."""
HOUR_SECONDS = 3600

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
            # Until the next report, what the last one said holds.
            missing=Missing.AS_BEFORE,
        ),
        why="The morning checklist has findings that somebody has to look at.",
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
            # As for backups: no data is what a schedule leaves that runs no more.
            expression="FILL({all}, 0)",
            period_seconds=HOUR_SECONDS,
            missing=Missing.WRONG,
        ),
        why="The morning checklist does not report: nobody knows what it would say.",
        source="our choice: two of its reports, which are six hours apart, and an hour for a late start",
    ),
)
