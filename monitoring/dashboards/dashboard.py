"""What a dashboard is: panels, each with the queries of Prometheus that it draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitoring.alerts.alert import Severity
from monitoring.alerts.catalogue import ALERTS


class Unit(StrEnum):
    """The unit of an axis, as Grafana names it (its documentation, "Standard options", "Unit")."""

    COUNT = "short"
    PERCENT = "percent"
    SECONDS = "s"
    DAYS = "d"
    PER_SECOND = "ops"
    BYTES_PER_SECOND = "Bps"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A graph over time.

    `queries` are PromQL by legend; a legend may name labels, as in `{{instance}}`. `limits` are the thresholds of the
    alert that watches the same, each drawn as a line.
    """

    title: str
    why: str
    unit: Unit
    queries: Mapping[str, str]
    limits: Mapping[Severity, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """Panels on a page. `uid` is part of its address, and of the name of its file."""

    uid: str
    title: str
    why: str
    panels: tuple[Panel, ...]


def watched(role: str, title: str, legend: str, unit: Unit = Unit.PERCENT) -> Panel:
    """The panel of an alert: its query and its thresholds. Raises ValueError for an alert without a query."""
    [alert] = [each for each in ALERTS if each.role == role]
    if alert.query is None:
        raise ValueError(f"{role} has no query of Prometheus")
    limits = {severity: level.threshold for severity, level in alert.levels().items()}
    return Panel(title=title, why=alert.why, unit=unit, queries={legend: alert.query}, limits=limits)
