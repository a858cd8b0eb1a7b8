"""The dashboard of what customers notice (DevOps manual, "Grafana Dashboards": "Business Metrics")."""

from monitoring.alerts.alert import Job
from monitoring.dashboards.dashboard import Dashboard, Panel, Unit

JOB = f'job="{Job.DEPENDENCIES}"'

BUSINESS = Dashboard(
    uid="business",
    title="Business metrics",
    why="Whether appointments and calls can work. Appointments created, call volume and the processing time of "
    "webhooks are not here: the application exposes no such metrics.",
    panels=(
        Panel(
            title="API integration status",
            why="Whether the service answers what the monitoring host asks once a minute.",
            unit=Unit.STATE,
            queries={"{{instance}}": f"probe_success{{{JOB}}}"},
        ),
        Panel(
            title="API availability",
            why="The share of the last hour's requests that were answered.",
            unit=Unit.PERCENT,
            queries={"{{instance}}": f"100 * avg_over_time(probe_success{{{JOB}}}[1h])"},
        ),
        Panel(
            title="API response time",
            why="How long an answer takes, connection and TLS included.",
            unit=Unit.SECONDS,
            queries={"{{instance}}": f"probe_duration_seconds{{{JOB}}}"},
        ),
        Panel(
            title="Public names that answer",
            why="The health check of the application, asked through Cloudflare.",
            unit=Unit.STATE,
            queries={"{{instance}}": f'probe_success{{job="{Job.EDGE}"}}'},
        ),
    ),
)
