"""Writes the dashboards: `python -m tools.dashboards files` those of Grafana, `... page` their pictures."""

import tempfile
from functools import partial
from pathlib import Path

import typer

from monitoring.dashboards.catalogue import RENDERED, texts
from sandbox.instances.root import made
from sandbox.project.paths import Paths
from tools.dashboards import grafana, page, prometheus, series

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def files() -> None:
    """Write `monitoring/dashboards/rendered/` from the data."""
    RENDERED.mkdir(exist_ok=True)
    for path in RENDERED.glob("*.json"):
        path.unlink()
    for name, text in grafana.files().items():
        (RENDERED / name).write_text(text)


@app.command(name="page")
def write_page(to: Path = Path("reports", "dashboards.html")) -> None:
    """Draw each panel with the answers of Debian's Prometheus about six generated hours; needs root."""
    with (
        tempfile.TemporaryDirectory() as folder,
        prometheus.serving(made(Paths.of()), Path(folder), series.everything()) as url,
    ):
        text = page.page(texts(), partial(prometheus.answer, url))
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text)
    typer.echo(f"{to}: open it in a browser")


if __name__ == "__main__":
    app()
