"""The dashboard of the application (DevOps manual, "Grafana Dashboards": "Application Overview")."""

from monitoring.alerts.alert import Job
from monitoring.alerts.web import DURATIONS, REQUESTS
from monitoring.dashboards.dashboard import Dashboard, Panel, Unit, watched

JOB = f'job="{Job.APPLICATION}"'


def _quantile(share: float) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({DURATIONS}{{{JOB}}}[5m])))"


APPLICATION = Dashboard(
    uid="application",
    title="Application overview",
    why="Whether visitors are served, and how fast. There are no active users: the application exposes no such metric.",
    panels=(
        Panel(
            title="Request rate",
            why="Requests per second, by the status of the response.",
            unit=Unit.PER_SECOND,
            queries={"{{status}}": f"sum by (status) (rate({REQUESTS}{{{JOB}}}[5m]))"},
        ),
        watched("errors", title="Error rate", why="The percentage of 5xx responses.", legend="5xx"),
        Panel(
            title="Response time",
            why="50 %, 95 % and 99 % of the requests are answered within this time.",
            unit=Unit.SECONDS,
            queries={"p50": _quantile(0.5), "p95": _quantile(0.95), "p99": _quantile(0.99)},
        ),
        watched(
            "backlog",
            title="Jobs that wait",
            why="In each queue, as counted by the application.",
            legend="{{queue}}",
            unit=Unit.COUNT,
        ),
    ),
)
