"""Writes docs/alerts/README.md from the catalogue: `python -m monitoring.alerts.index`, or `make alerts`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from monitoring.alerts.alert import Alert, CloudWatch, Level, Unit
from monitoring.alerts.catalogue import AREAS
from monitoring.alerts.coverage import UNWATCHED, WATCHED
from monitoring.alerts.pages import FOLDER
from monitoring.alerts.routes import ROUTES, Route

PAGE = Path(__file__).parents[2] / FOLDER / "README.md"
NOTICE = "Generated from the catalogue in `monitoring/alerts/` by `make alerts`; a test fails when it is stale."
HEAD = ["Alert", "Meaning", "Warning", "Critical", "Measured by", "Source of the figures"]


def index() -> str:
    """The page in Markdown."""
    return "\n".join(["# Alerts", "", NOTICE, "", *_routes(), *_areas(), *_coverage()])


def _routes() -> Iterator[str]:
    yield from ("## Who is notified", "")
    rows = ([severity.title(), *_route(route)] for severity, route in ROUTES.items())
    yield from _table(
        ["Severity", "Meaning", "Mail", "Slack", "Pages the on-call engineer", "Response within", "Source"], rows
    )
    yield from (
        "Prometheus notifies by this table. CloudWatch alarms are mailed to every address of `alarm_emails`. A region "
        "that follows sends only the alarms of its replica, of arriving objects, of its certificate and of the "
        "checklist.",
        "",
    )


def _route(route: Route) -> list[str]:
    return [
        route.why,
        route.mailbox,
        route.slack_channel,
        "yes" if route.pages else "no",
        f"{route.answer_minutes} min" if route.answer_minutes else "",
        route.source,
    ]


def _areas() -> Iterator[str]:
    for area, alerts in AREAS.items():
        yield from (f"## {area.capitalize()}", "")
        yield from _table(HEAD, map(_row, alerts))


def _row(alert: Alert) -> list[str]:
    return [
        f"[{alert.role}]({alert.page}.md)",
        alert.why,
        _level(alert, alert.warning),
        _level(alert, alert.critical),
        ", ".join(_measured(alert)),
        alert.source,
    ]


def _level(alert: Alert, level: Level | None) -> str:
    if level is None:
        return ""
    sign, unit = "<" if alert.below else ">", "" if alert.unit is Unit.PLAIN else f" {alert.unit}"
    return f"{sign} {level.threshold:g}{unit}, {level.minutes} min"


def _measured(alert: Alert) -> Iterator[str]:
    if alert.cloudwatch:
        yield f"CloudWatch {_metrics(alert.cloudwatch)}"
    if alert.query:
        yield f"Prometheus `{alert.query}`"


def _metrics(source: CloudWatch) -> str:
    return f"{source.namespace} {' '.join(source.metrics)}"


def _coverage() -> Iterator[str]:
    yield from ("## Resource types", "", "Every declared type has alerts, or a reason why it has none.", "")
    watched = ([f"`{kind}`", ", ".join(roles)] for kind, roles in WATCHED.items())
    reasons = ([f"`{kind}`", f"none: {reason}"] for kind, reason in UNWATCHED.items())
    yield from _table(["Type", "Alerts"], sorted([*watched, *reasons]))


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(index())
