"""The configuration of Alertmanager: who is notified of an alert, by its severity, and the mute times."""

from collections.abc import Iterator
from typing import Any

from monitoring.alerts.alert import Severity
from monitoring.alerts.routes import ROUTES, Route
from monitoring.host.watch import RECEIVERS, Watch

MAINTENANCE = "maintenance"
USERNAME = "{mail_username}"
"""Stands for the account on the mail server: Alertmanager reads every other secret from a file of its own."""
HEARTBEAT_INTERVAL = "1m"
"""How often the heartbeat is sent to the dead man's switch (our choice)."""
DAYS = {
    "mon": "monday", "tue": "tuesday", "wed": "wednesday", "thu": "thursday", "fri": "friday", "sat": "saturday",
    "sun": "sunday",
}  # fmt: skip
TEXT = (
    "{{ range .Alerts }}{{ .Annotations.summary }} {{ .Annotations.description }} "
    "See {{ .Annotations.runbook }}.\n{{ end }}"
)
SUBJECT = "[{{ .Status | toUpper }}] {{ .CommonLabels.alertname }} in {{ .CommonLabels.environment }}"


def configuration(watch: Watch) -> dict[str, Any]:
    """The content of alertmanager.yml. If no secret of a severity's receivers is set, nobody is notified of it."""
    return {
        "global": dict(_global(watch)),
        "route": {
            # Alerts without a known severity are sent as critical.
            "receiver": Severity.CRITICAL.value,
            "group_by": ["alertname"],
            "repeat_interval": _again(ROUTES[Severity.CRITICAL]),
            "routes": [_route(severity, route) for severity, route in ROUTES.items()],
        },
        "receivers": [_receiver(severity, route, watch) for severity, route in ROUTES.items()],
        "inhibit_rules": [
            {
                "source_matchers": [_matcher(Severity.CRITICAL)],
                "target_matchers": [_matcher(Severity.WARNING)],
                "equal": ["alertname", "instance", "queue"],
            }
        ],
        "time_intervals": [{"name": MAINTENANCE, "time_intervals": list(_intervals(watch.maintenance_window))}],
    }


def _mails(watch: Watch) -> bool:
    return {"mail_username", "mail_password"} <= watch.receivers


def _global(watch: Watch) -> Iterator[tuple[str, str]]:
    if _mails(watch):
        yield "smtp_smarthost", watch.mail_server
        yield "smtp_from", watch.mail_sender
        yield "smtp_auth_username", USERNAME
        yield "smtp_auth_password_file", f"{RECEIVERS}/mail_password"
    if "slack_webhook" in watch.receivers:
        yield "slack_api_url_file", f"{RECEIVERS}/slack_webhook"


def _matcher(severity: Severity) -> str:
    return f'severity="{severity.value}"'


def _again(route: Route) -> str:
    """An alert that is still active when its response is due is sent again."""
    return f"{route.answer_minutes}m"


def _route(severity: Severity, route: Route) -> dict[str, Any]:
    common = {"matchers": [_matcher(severity)], "receiver": severity.value}
    if severity is Severity.HEARTBEAT:
        always = {"group_wait": "0s", "group_interval": HEARTBEAT_INTERVAL, "repeat_interval": HEARTBEAT_INTERVAL}
        return {**common, **always}
    # Alerts that page at night also page in a maintenance window.
    quiet = {} if route.pages else {"mute_time_intervals": [MAINTENANCE]}
    return {**common, "repeat_interval": _again(route), **quiet}


def _receiver(severity: Severity, route: Route, watch: Watch) -> dict[str, Any]:
    receiver: dict[str, Any] = {"name": severity.value}
    if route.mailbox and _mails(watch):
        mail = {"to": f"{route.mailbox}@{watch.domain}", "headers": {"Subject": SUBJECT}, "text": TEXT, "html": ""}
        receiver["email_configs"] = [{**mail, "send_resolved": True}]
    if route.slack_channel and "slack_webhook" in watch.receivers:
        receiver["slack_configs"] = [
            {"channel": route.slack_channel, "title": SUBJECT, "text": TEXT, "send_resolved": True}
        ]
    if webhooks := list(_webhooks(severity, route, watch)):
        receiver["webhook_configs"] = webhooks
    return receiver


def _webhooks(severity: Severity, route: Route, watch: Watch) -> Iterator[dict[str, Any]]:
    if route.pages and "on_call_webhook" in watch.receivers:
        yield {"url_file": f"{RECEIVERS}/on_call_webhook", "send_resolved": True}
    if severity is Severity.HEARTBEAT and "heartbeat_url" in watch.receivers:
        yield {"url_file": f"{RECEIVERS}/heartbeat_url", "send_resolved": False}


def _intervals(window: str) -> Iterator[dict[str, Any]]:
    """A weekly window in UTC, such as tue:23:30-wed:00:30, as intervals of a day each."""
    start, end = window.split("-")
    first, begins, last, ends = start[:3], start[4:], end[:3], end[4:]
    if first == last:
        yield _interval(first, begins, ends)
        return
    yield _interval(first, begins, "24:00")
    if ends != "00:00":
        yield _interval(last, "00:00", ends)


def _interval(day: str, begins: str, ends: str) -> dict[str, Any]:
    return {"weekdays": [DAYS[day]], "times": [{"start_time": begins, "end_time": ends}]}
