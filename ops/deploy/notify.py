"""Notifies a Slack channel of a deployment; a failure never affects the deployment."""

import json
import urllib.request
from typing import Any, Literal

from ops.core.session import Session
from ops.core.steps import say
from ops.deploy.deployment import Deployment
from ops.errors import OpsError, one_line

SECRET = "slack_webhook"
SECONDS = 5.0
State = Literal["started", "success", "failure", "rolled back"]
LOOKS: dict[State, tuple[str, str]] = {
    "started": ("good", "\N{ROCKET}"),
    "success": ("good", "\N{WHITE HEAVY CHECK MARK}"),
    "failure": ("danger", "\N{CROSS MARK}"),
    "rolled back": ("danger", "\N{CROSS MARK}"),
}
"""Colour and emoji: those of the DevOps manual, "Deployment Notification", which has success and failure."""


def message(state: State, environment: str, version: str, seconds: float) -> dict[str, Any]:
    """The message of the DevOps manual, "Deployment Notification"."""
    color, emoji = LOOKS[state]
    rows = (("Environment", environment), ("Version", version), ("Duration", f"{seconds:.0f}s"))
    fields = [{"title": title, "value": value, "short": True} for title, value in rows]
    return {"attachments": [{"color": color, "title": f"{emoji} Deployment {state}", "fields": fields}]}


def notify(session: Session, deployment: Deployment, state: State, seconds: float) -> None:
    """Post a message to the stack's webhook; if there is none, or it fails, a line on the screen says so."""
    if session.options.dry_run:
        return
    content = message(state, deployment.stack, deployment.version, seconds)
    try:
        url = session.engine.secret(deployment.stack, SECRET)
    except OpsError:
        say(f"          nobody is notified: stack {deployment.stack} has no secret {SECRET}")
        return
    headers = {"Content-Type": "application/json", "User-Agent": "askproai-ops"}
    try:
        request = urllib.request.Request(url, data=json.dumps(content).encode(), headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=SECONDS):
            return
    except Exception as error:
        # No text that may contain the URL, which is secret.
        say(f"          the notification failed: {one_line(getattr(error, 'reason', type(error).__name__))}")
