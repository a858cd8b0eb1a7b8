"""Who is notified: a route for each severity."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.alerts.alert import Severity


@dataclass(frozen=True, kw_only=True)
class Route:
    """The receivers in Alertmanager, and the minutes within which somebody must respond.

    `mailbox` is at the platform's domain, `slack_channel` in the company's workspace. `pages`: the on-call engineer is
    paged. CloudWatch alarms go to every address of the setting `alarm_emails`, whatever their severity.
    """

    why: str
    source: str
    mailbox: str = ""
    slack_channel: str = ""
    pages: bool = False
    answer_minutes: int | None = None


ROUTES: Mapping[Severity, Route] = {
    Severity.CRITICAL: Route(
        why="Customers are affected, or will be soon: act now, also at night.",
        mailbox="oncall",
        slack_channel="#alerts-critical",
        pages=True,
        answer_minutes=15,
        source="ops: alert configuration; decided: P1 within 15 minutes",
    ),
    Severity.WARNING: Route(
        why="It becomes critical if nobody acts: the team handles it in working hours.",
        mailbox="team",
        slack_channel="#alerts-warning",
        answer_minutes=120,
        source="ops: alert configuration; decided: P3, degraded performance, within 2 hours",
    ),
    Severity.HEARTBEAT: Route(
        why="Always sent to a service outside the account, which raises an alarm when it stops.",
        source="our choice: nothing else reports that monitoring itself is down",
    ),
}
