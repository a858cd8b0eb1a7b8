"""A real Prometheus answers every query of every panel, and real exporters expose the queried metrics."""

import html
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from monitoring.dashboards.catalogue import texts
from sandbox.instances.root import made, unavailable
from sandbox.project.paths import Paths
from tools.dashboards import series
from tools.dashboards.page import page, picture
from tools.dashboards.prometheus import answer, serving

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
PANELS = {
    f"{content['title']}: {panel['title']}": panel
    for content in map(json.loads, texts().values())
    for panel in content["panels"]
    if panel["datasource"]["type"] == "prometheus"
}
FIVE_HOURS = 5 * 60


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(made(Paths.of()), tmp_path_factory.mktemp("prometheus"), series.everything()) as found:
        yield found


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_every_query_of_a_panel_has_data(url: str, panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        lines = answer(url, target["expr"])
        assert lines, target["expr"]
        for line in lines:
            values = [value for _, value in line.points]
            assert len(values) >= FIVE_HOURS
            assert all(math.isfinite(value) for value in values), target["expr"]


def test_a_query_of_what_nobody_exposes_has_none(url: str) -> None:
    assert answer(url, "rate(askproai_appointments_created_total[5m])") == []
    with pytest.raises(ValueError, match="parse error"):
        answer(url, "rate(up[5m]")


def test_each_legend_tells_the_lines_of_its_panel_apart(url: str) -> None:
    for name, panel in PANELS.items():
        legends = [legend for target in panel["targets"] for legend in _legends(url, target)]
        assert len(legends) == len(set(legends)), name
        assert all(legends), name


def _legends(url: str, target: dict[str, Any]) -> Iterator[str]:
    for line in answer(url, target["expr"]):
        legend = target["legendFormat"]
        for label, value in line.labels.items():
            legend = legend.replace(f"{{{{{label}}}}}", value)
        yield legend if "{{" not in legend else ""


def test_the_incident_crosses_the_thresholds_that_its_panel_draws(url: str) -> None:
    panel = PANELS["Application overview: Error rate"]
    limits = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"] if step["value"]]
    [line] = answer(url, panel["targets"][0]["expr"])
    assert limits == [1, 5]
    assert min(value for _, value in line.points) < 1 < 5 < max(value for _, value in line.points)


def test_the_page_has_a_picture_of_each_panel(url: str) -> None:
    text = page(texts(), lambda query: answer(url, query))
    assert text.count("<svg ") == len(PANELS)
    titles = [html.escape(panel["title"]) for panel in PANELS.values()]
    assert [title for title in titles if f"<figcaption>{title}<" not in text] == []
    panel = PANELS["Application overview: Response time"]
    # A line of a plot, and of a legend, has this width.
    drawn = picture(panel, lambda query: answer(url, query)).count("stroke-width: 1.4")
    empty = picture(panel, lambda _: []).count("stroke-width: 1.4")
    assert (drawn, empty) == (6, 0)
