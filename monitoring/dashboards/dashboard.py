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
    STATE = "bool_yes_no"
    """1 is yes, 0 is no."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A graph over time; states are bars, in which lines of the same value do not hide each other.

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


def watched(role: str, *, title: str, why: str, legend: str, unit: Unit = Unit.PERCENT) -> Panel:
    """A panel with the query and the thresholds of an alert. Raises ValueError for an alert without a query."""
    [alert] = [each for each in ALERTS if each.role == role]
    if alert.query is None:
        raise ValueError(f"{role} has no query of Prometheus")
    limits = {severity: level.threshold for severity, level in alert.levels().items()}
    return Panel(title=title, why=why, unit=unit, queries={legend: alert.query}, limits=limits)
