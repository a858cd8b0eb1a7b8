"""The dashboards as a page: each Prometheus panel of Grafana's files as a picture of Prometheus's answers."""

import html
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from itertools import groupby
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import DateFormatter, HourLocator
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter

from monitoring.host.grafana import DATASOURCE
from tools.dashboards.prometheus import STEP_SECONDS, Line

Ask = Callable[[str], Sequence[Line]]
LABEL = re.compile(r"{{(\w+)}}")
UNITS = {"Bps": "B/s", "ops": "/s"}
"""Units that are shortened to thousands and millions; others are written in full."""
LINE_WIDTH = 1.4
DAY_SECONDS = 86400
STYLE = (
    "body{font:15px sans-serif;margin:24px auto;max-width:1240px;color:#222}"
    "h2{margin:40px 0 4px}p{margin:4px 0 12px;color:#555}"
    ".panels{display:grid;grid-template-columns:1fr 1fr;gap:16px}"
    "figure{margin:0;border:1px solid #ddd;border-radius:4px;padding:10px}"
    "figcaption{font-weight:bold}figure p{font-size:13px;margin:2px 0 6px}svg{width:100%;height:auto}"
)


def page(texts: Mapping[str, str], ask: Ask) -> str:
    """HTML of the dashboards in `texts`, which are Grafana's files; `ask` answers a query."""
    body = "\n".join(_dashboard(json.loads(text), ask) for text in texts.values())
    head = f'<meta charset="utf-8"><title>Dashboards</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body><h1>Dashboards</h1>\n{body}\n</body></html>\n'


def _dashboard(content: Mapping[str, Any], ask: Ask) -> str:
    figures = "\n".join(_figure(panel, ask) for panel in content["panels"])
    title, why = html.escape(content["title"]), html.escape(content["description"])
    return (
        f'<section id="{content["uid"]}"><h2>{title}</h2>\n<p>{why}</p>\n<div class="panels">{figures}</div></section>'
    )


def _figure(panel: Mapping[str, Any], ask: Ask) -> str:
    caption = f"<figcaption>{html.escape(panel['title'])}</figcaption><p>{html.escape(panel['description'])}</p>"
    drawn = picture(panel, ask) if panel["datasource"]["uid"] == DATASOURCE else "<p>Asked of CloudWatch.</p>"
    return f"<figure>{caption}{drawn}</figure>"


def picture(panel: Mapping[str, Any], ask: Ask) -> str:
    """SVG of a panel, with a line or a bar for each series of its queries and a line for each threshold."""
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    axes = figure.add_subplot()
    found = [*_lines(panel, ask)]
    if panel["type"] == "state-timeline":
        _states(axes, found, panel["fieldConfig"]["defaults"]["thresholds"]["steps"])
    else:
        _graph(axes, found, panel["fieldConfig"]["defaults"])
    axes.xaxis.set_major_locator(HourLocator())
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=UTC))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def _lines(panel: Mapping[str, Any], ask: Ask) -> Iterator[tuple[str, Line]]:
    for target in panel["targets"]:
        for line in ask(target["expr"]):
            labels = line.labels
            yield LABEL.sub(lambda found, own=labels: own.get(found[1], ""), target["legendFormat"]), line


def _days(line: Line) -> list[float]:
    """Matplotlib counts the days since 1970 (its documentation, "matplotlib.dates", `get_epoch`)."""
    return [at / DAY_SECONDS for at, _ in line.points]


def _graph(axes: Axes, found: Sequence[tuple[str, Line]], defaults: Mapping[str, Any]) -> None:
    for legend, line in found:
        axes.plot(_days(line), [value for _, value in line.points], label=legend, linewidth=LINE_WIDTH)
    for step in defaults.get("thresholds", {}).get("steps", ()):
        if step["value"] is not None:
            axes.axhline(step["value"], color=step["color"], linewidth=1, linestyle="--")
    # A line at the top must not be cut.
    axes.set_ylim(bottom=0, top=1.05 * axes.get_ylim()[1])
    axes.yaxis.set_major_formatter(_formatter(defaults["unit"]))
    axes.grid(color="#eee")
    if found:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, fontsize=7, frameon=False)


def _states(axes: Axes, found: Sequence[tuple[str, Line]], steps: Sequence[Mapping[str, Any]]) -> None:
    """As in Grafana, the colour of a value is that of the last threshold that it reaches."""

    def color(point: tuple[float, float]) -> str:
        reached = [step["color"] for step in steps if step["value"] is None or point[1] >= step["value"]]
        return str(reached[-1])

    for row, (_, line) in enumerate(found):
        for shade, points in groupby(line.points, color):
            times = [at / DAY_SECONDS for at, _ in points]
            length = times[-1] - times[0] + STEP_SECONDS / DAY_SECONDS
            axes.broken_barh([(times[0], length)], (row - 0.35, 0.7), color=shade)
    axes.set_yticks(range(len(found)), [legend for legend, _ in found])


def _formatter(unit: str) -> EngFormatter | FuncFormatter:
    if unit in UNITS:
        return EngFormatter(unit=UNITS[unit])
    suffix = {"percent": " %", "s": " s", "d": " d"}.get(unit, "")

    def written(value: float, _: int) -> str:
        return f"{value:g}{suffix}"

    return FuncFormatter(written)
