"""The dashboard of what customers notice (DevOps manual, "Grafana Dashboards": "Business Metrics")."""

from monitoring.alerts.alert import Job
from monitoring.dashboards.dashboard import Dashboard, Metric, Panel, Unit

LET_IN = Metric(
    namespace="AWS/WAFV2",
    name="AllowedRequests",
    dimension="Rule",
    further=("Region", "WebACL"),
    statistic="Sum",
    period_seconds=300,
)
"""AWS WAF Developer Guide, "AWS WAF metrics and dimensions": rules that let requests in have such a metric each."""
JOB = f'job="{Job.DEPENDENCIES}"'

BUSINESS = Dashboard(
    uid="business",
    title="Business metrics",
    why="Whether appointments and calls can work, and how many webhooks tell of them. Appointments created and the "
    "processing time of webhooks are not here: the application exposes no such metrics.",
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
            title="Webhooks of each service",
            why="Signed calls of Cal.com about appointments and of Retell.ai about calls, as AWS WAF lets them in; its "
            "other lines are all requests, and those that no rule was about.",
            unit=Unit.COUNT,
            metrics=(LET_IN,),
        ),
        Panel(
            title="Public names that answer",
            why="The health check of the application, asked through Cloudflare.",
            unit=Unit.STATE,
            queries={"{{instance}}": f'probe_success{{job="{Job.EDGE}"}}'},
        ),
    ),
)
