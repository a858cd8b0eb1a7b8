"""The dashboards show what the manuals require, and query what an alarm reads."""

import json

import pytest
from regions import region
from stack_files import ROOT, settings_of

from monitoring.dashboards.catalogue import DASHBOARDS, texts
from monitoring.dashboards.dashboard import Panel, metrics, watched


def test_the_dashboards_of_the_manual_are_there_and_that_of_recovery() -> None:
    assert [each.title for each in DASHBOARDS] == [
        *("Application overview", "Infrastructure", "Business metrics", "Recovery"),
    ]
    panels = {panel.title: panel for each in DASHBOARDS for panel in each.panels}
    assert {"Request rate", "Error rate", "CPU usage", "Memory usage", "Disk I/O", "Network traffic"} <= panels.keys()
    assert [*panels["Response time"].queries] == ["p50", "p95", "p99"]


def test_what_is_asked_of_cloudwatch_is_what_an_alarm_reads() -> None:
    """By name and dimensions: a search without one of them finds nothing."""
    read = {
        (metric["namespace"], metric["metricName"], *metric["dimensions"])
        for stack in ("prod", "dr")
        for made in region(stack).of("aws:cloudwatch/metricAlarm:MetricAlarm")
        for metric in [made.inputs, *(query.get("metric", {}) for query in made.inputs.get("metricQueries", []))]
        if "dimensions" in metric
    }
    asked = {
        (target["namespace"], target["metricName"], *target["dimensions"])
        for text in texts().values()
        for panel in json.loads(text)["panels"]
        for target in panel["targets"]
        if panel["datasource"]["type"] == "cloudwatch"
    }
    assert len(asked) == 11
    # Watched by no alarm: rules that allow requests are counted (AWS WAF, "AWS WAF metrics and dimensions").
    assert asked - read == {("AWS/WAFV2", "AllowedRequests", "Region", "Rule", "WebACL")}
    rules = region("prod").one("aws:wafv2/webAcl:WebAcl").inputs["rules"]
    counted = {rule["visibilityConfig"]["metricName"] for rule in rules if "allow" in rule.get("action", {})}
    assert counted == {f"webhooks-of-{name}" for name in settings_of("prod").webhooks}


def test_lag_and_backups_and_each_node_of_the_cache_have_panels() -> None:
    titles = [panel.title for each in DASHBOARDS for panel in each.panels if panel.metrics]
    assert titles == [
        *("CPU of each cache node", "Memory of each cache node", "Lag of each cache node"),
        "Webhooks of each service",
        *("Lag of the replica", "Backup jobs", "Copy jobs"),
    ]


@pytest.mark.parametrize("panel", [panel for each in DASHBOARDS for panel in each.panels], ids=lambda one: one.title)
def test_a_panel_asks_prometheus_or_cloudwatch(panel: Panel) -> None:
    assert bool(panel.queries) != bool(panel.metrics)


def test_an_alert_without_a_metric_has_no_panel_of_cloudwatch() -> None:
    with pytest.raises(ValueError, match="edge-down"):
        metrics("edge-down", "Name")


def test_an_alert_without_a_query_has_no_panel() -> None:
    with pytest.raises(ValueError, match="unhealthy"):
        watched("unhealthy", title="Hosts", why="None.", legend="all")


def test_the_program_can_do_without_the_sdk() -> None:
    assert "grafana" not in (ROOT / "requirements.txt").read_text()
    assert "grafana-foundation-sdk==" in (ROOT / "requirements-dev.txt").read_text()
