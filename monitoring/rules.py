"""The rules of Prometheus, as the text of a rules file."""

from collections.abc import Iterator
from typing import Any

import yaml

from monitoring.alerts.alert import Alert, Level, Severity
from monitoring.alerts.catalogue import AREAS
from monitoring.alerts.pages import page_of

INTERVAL = "30s"
"""How often a group is evaluated (DevOps manual, "Alert Rules")."""


def rules() -> str:
    """A group for each area, with a rule for each level of each alert with a query."""
    groups = [
        {"name": area, "interval": INTERVAL, "rules": found}
        for area, alerts in AREAS.items()
        if (found := [rule for alert in alerts for rule in _rules(alert)])
    ]
    return yaml.safe_dump({"groups": groups}, sort_keys=False, width=120)


def alert_name(alert: Alert) -> str:
    """The alert's name in Prometheus, such as HostsCpu for hosts-cpu."""
    return "".join(word.capitalize() for word in alert.role.split("-"))


def _rules(alert: Alert) -> Iterator[dict[str, Any]]:
    if alert.query is not None:
        for severity, level in alert.levels().items():
            yield _rule(alert, alert.query, severity, level)


def _rule(alert: Alert, query: str, severity: Severity, level: Level) -> dict[str, Any]:
    sign = "<" if alert.below else ">"
    return {
        "alert": alert_name(alert),
        # In parentheses: a comparison binds more tightly than `or`.
        "expr": f"({query}) {sign} {level.threshold:g}",
        "for": f"{level.minutes}m",
        "labels": {"severity": severity.value},
        "annotations": {
            "summary": alert.why,
            "description": f'It is {{{{ $value | printf "%.4g" }}}}; the limit is {level.threshold:g}, for '
            f"{level.minutes} minutes.",
            "runbook": page_of(alert),
        },
    }
