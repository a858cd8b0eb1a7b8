"""All dashboards, and where their files are."""

from collections.abc import Mapping
from pathlib import Path

from monitoring.dashboards.application import APPLICATION
from monitoring.dashboards.business import BUSINESS
from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.infrastructure import INFRASTRUCTURE
from monitoring.dashboards.recovery import RECOVERY

DASHBOARDS: tuple[Dashboard, ...] = (APPLICATION, INFRASTRUCTURE, BUSINESS, RECOVERY)
RENDERED = Path(__file__).parent / "rendered"
"""The output of `make dashboards`: Grafana's SDK is not part of the program."""


def texts() -> Mapping[str, str]:
    """The dashboards in Grafana's format, by file name."""
    names = [f"{dashboard.uid}.json" for dashboard in DASHBOARDS]
    return {name: (RENDERED / name).read_text() for name in names}
