"""The dashboards as Grafana's JSON, written by Grafana's own SDK."""

import json
from collections.abc import Mapping

from grafana_foundation_sdk.builders import cloudwatch, common, prometheus, statetimeline, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.cloudwatch import MetricEditorMode, MetricQueryType, QueryMode
from grafana_foundation_sdk.models.common import (
    DataSourceRef,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, FieldColorModeId, Threshold, ThresholdsMode

from monitoring.alerts.alert import Severity
from monitoring.dashboards.catalogue import DASHBOARDS
from monitoring.dashboards.dashboard import Dashboard, Metric, Panel, Unit
from monitoring.host.grafana import CLOUDWATCH, DATASOURCE

COLORS = {Severity.WARNING: "orange", Severity.CRITICAL: "red"}
WIDTH, HEIGHT = 12, 8
"""Two panels side by side: Grafana's grid has 24 columns."""
SOURCE = DataSourceRef(type_val="prometheus", uid=DATASOURCE)
AWS = DataSourceRef(type_val="cloudwatch", uid=CLOUDWATCH)


def files() -> Mapping[str, str]:
    """The text of each dashboard, by the name of its file."""
    return {f"{dashboard.uid}.json": text(dashboard) for dashboard in DASHBOARDS}


def text(dashboard: Dashboard) -> str:
    """The dashboard as Grafana provisions it from a file."""
    builder = (
        builders.Dashboard(dashboard.title)
        .uid(dashboard.uid)
        .description(dashboard.why)
        .tags(["askproai"])
        .timezone("utc")
        .time("now-6h", "now")
        .refresh("1m")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
    )
    for number, panel in enumerate(dashboard.panels, 1):
        builder = builder.with_panel(_panel(panel, number))
    return json.dumps(builder.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _panel(panel: Panel, number: int) -> timeseries.Panel | statetimeline.Panel:
    builder = _states() if panel.unit is Unit.STATE else _lines(panel.limits)
    builder = (
        builder.id(number)
        .title(panel.title)
        .description(panel.why)
        .unit(panel.unit)
        .datasource(AWS if panel.metrics else SOURCE)
        .span(WIDTH)
        .height(HEIGHT)
        .legend(
            common.VizLegendOptions()
            .show_legend(panel.unit is not Unit.STATE)
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
        )
    )
    for letter, (legend, query) in zip("ABCDEFGH", panel.queries.items(), strict=False):
        builder = builder.with_target(
            prometheus.Dataquery().ref_id(letter).expr(query).legend_format(legend).range().datasource(SOURCE)
        )
    for letter, metric in zip("ABCDEFGH", panel.metrics, strict=False):
        builder = builder.with_target(_measured(metric, letter, alone=len(panel.metrics) == 1))
    return builder.time_from(f"{panel.days}d") if panel.days else builder


def _measured(metric: Metric, letter: str, *, alone: bool) -> cloudwatch.MetricsQuery:
    """A search for the metric of every resource; its label is CloudWatch's (User Guide, "Using dynamic labels")."""
    resource = f"${{PROP('Dim.{metric.dimension}')}}"
    return (
        cloudwatch.MetricsQuery()
        .ref_id(letter)
        .query_mode(QueryMode.METRICS)
        .metric_query_type(MetricQueryType.SEARCH)
        .metric_editor_mode(MetricEditorMode.BUILDER)
        .region("default")
        .namespace(metric.namespace)
        .metric_name(metric.name)
        .dimensions(dict.fromkeys((metric.dimension, *metric.further), "*"))
        .match_exact(True)
        .statistic(metric.statistic)
        .period(str(metric.period_seconds))
        .label(resource if alone else f"{resource} ${{PROP('MetricName')}}")
        .datasource(AWS)
    )


def _lines(limits: Mapping[Severity, float] | None) -> timeseries.Panel:
    lines = timeseries.Panel().min(0)
    if not limits:
        return lines
    steps = sorted((value, COLORS[severity]) for severity, value in limits.items())
    return lines.thresholds(_thresholds("transparent", *steps)).thresholds_style(
        common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.LINE)
    )


def _states() -> statetimeline.Panel:
    """A bar for each series, whose colour shows its state."""
    return (
        statetimeline.Panel()
        .color_scheme(builders.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(_thresholds("orange", (1, "green")))
        .show_value(VisibilityMode.AUTO)
    )


def _thresholds(below: str, *steps: tuple[float, str]) -> builders.ThresholdsConfig:
    """Colours by threshold, in ascending order; Grafana requires the colour below the first threshold first."""
    colors = [Threshold(color=below), *(Threshold(value=value, color=color) for value, color in steps)]
    return builders.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(colors)
