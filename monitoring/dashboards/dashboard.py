"""A dashboard: panels, each with the Prometheus queries or the CloudWatch metrics that it draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitoring.alerts.alert import Alert, CloudWatch, Severity
from monitoring.alerts.catalogue import ALERTS


class Unit(StrEnum):
    """The unit of an axis, by Grafana's name (its documentation, "Standard options", "Unit")."""

    COUNT = "short"
    PERCENT = "percent"
    SECONDS = "s"
    DAYS = "d"
    PER_SECOND = "ops"
    BYTES_PER_SECOND = "Bps"
    STATE = "bool_yes_no"
    """1 is yes, 0 is no."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A CloudWatch metric: a line for each value of a dimension with data in the last two weeks.

    `further` are its other dimensions. `statistic` is CloudWatch's, and so are the two weeks (CloudWatch
    User Guide, "Search expressions").
    """

    namespace: str
    name: str
    dimension: str
    statistic: str
    period_seconds: int
    further: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A graph over time. States are bars, so that lines of the same value do not hide each other.

    `queries` are PromQL by legend; a legend may name labels, as in `{{instance}}`. A panel has those or `metrics`.
    `limits` are the thresholds of the corresponding alert, each drawn as a line. `days` is the time range if it differs
    from the dashboard's.
    """

    title: str
    why: str
    unit: Unit
    queries: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    limits: Mapping[Severity, float] | None = None
    days: int = 0


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """Panels on a page. `uid` is part of its address and its file name."""

    uid: str
    title: str
    why: str
    panels: tuple[Panel, ...]


def watched(role: str, *, title: str, why: str, legend: str, unit: Unit = Unit.PERCENT) -> Panel:
    """A panel with the query and the thresholds of an alert. Raises ValueError for an alert without a query."""
    alert = _alert(role)
    if alert.query is None:
        raise ValueError(f"{role} has no query of Prometheus")
    return Panel(title=title, why=why, unit=unit, queries={legend: alert.query}, limits=_limits(alert))


def measured(role: str, *, title: str, why: str, dimension: str, unit: Unit = Unit.PERCENT) -> Panel:
    """A panel with the metrics and the thresholds of an alert in CloudWatch. Raises ValueError for one without."""
    alert = _alert(role)
    return Panel(title=title, why=why, unit=unit, metrics=metrics(role, dimension), limits=_limits(alert))


def metrics(role: str, dimension: str) -> tuple[Metric, ...]:
    """The metrics that the alarms of an alert read. Raises ValueError for an alert without alarms."""
    read: CloudWatch | None = _alert(role).cloudwatch
    if read is None:
        raise ValueError(f"{role} has no metric of CloudWatch")
    return tuple(
        Metric(
            namespace=read.namespace,
            name=name,
            dimension=dimension,
            statistic=read.statistic,
            period_seconds=read.period_seconds,
        )
        for name in read.metrics
    )


def _alert(role: str) -> Alert:
    [alert] = [each for each in ALERTS if each.role == role]
    return alert


def _limits(alert: Alert) -> Mapping[Severity, float]:
    return {severity: level.threshold for severity, level in alert.levels().items()}
