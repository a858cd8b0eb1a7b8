"""Writes the files of `monitoring/dashboards/rendered/` anew: `python -m tools.dashboards`."""

from monitoring.dashboards.catalogue import RENDERED
from tools.dashboards.grafana import files

if __name__ == "__main__":
    RENDERED.mkdir(exist_ok=True)
    for path in RENDERED.glob("*.json"):
        path.unlink()
    for name, text in files().items():
        (RENDERED / name).write_text(text)
