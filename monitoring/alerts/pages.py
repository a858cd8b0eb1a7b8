"""The runbook page of each alert."""

from monitoring.alerts.alert import Alert

FOLDER = "docs/alerts"


def page_of(alert: Alert) -> str:
    """The page's path in the project."""
    return f"{FOLDER}/{alert.page}.md"
