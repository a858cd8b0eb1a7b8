"""The dashboard of what affects customers (DevOps manual, "Grafana Dashboards": "Business Metrics")."""

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
"""AWS WAF Developer Guide, "AWS WAF metrics and dimensions": each rule that allows requests has such a metric."""
JOB = f'job="{Job.DEPENDENCIES}"'

BUSINESS = Dashboard(
    uid="business",
    title="Business metrics",
    why="Whether appointments and calls can work, and how many webhooks arrive. There are no appointments created and "
    "no processing time of webhooks: the application exposes no such metrics.",
    panels=(
        Panel(
            title="API integration status",
            why="Whether the service answers the monitoring host's probe, once a minute.",
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
            why="The response time, including connection and TLS.",
            unit=Unit.SECONDS,
            queries={"{{instance}}": f"probe_duration_seconds{{{JOB}}}"},
        ),
        Panel(
            title="Webhooks of each service",
            why="Signed requests of Cal.com (appointments) and Retell.ai (calls) that AWS WAF allowed. The other lines "
            "are all requests, and those that no rule matched.",
            unit=Unit.COUNT,
            metrics=(LET_IN,),
        ),
        Panel(
            title="Public names that answer",
            why="The health check of the application, through Cloudflare.",
            unit=Unit.STATE,
            queries={"{{instance}}": f'probe_success{{job="{Job.EDGE}"}}'},
        ),
    ),
)
