"""The files of Grafana: its configuration, its data sources, its dashboards, and the archive to download."""

from collections.abc import Mapping

import yaml

from monitoring.dashboards.catalogue import texts
from monitoring.host.watch import Archive

DATASOURCE = "prometheus"
"""The uid by which the dashboards name the region's Prometheus."""
CLOUDWATCH = "cloudwatch"
"""The uid of the region's CloudWatch, which Grafana queries with the host's role."""
FOLDER = "/etc/grafana"
PORT = 3000
"""Grafana's own (its documentation, "Configure Grafana", "http_port")."""
PATH = "/grafana/"
"""Its path in Nginx on the monitoring host."""
SETTINGS = {
    "paths": {"provisioning": f"{FOLDER}/provisioning"},
    "server": {"http_addr": "127.0.0.1", "http_port": str(PORT), "serve_from_sub_path": "true"},
    # Visitors have passed Access: everybody may view, and nobody has an account or a password.
    "auth": {"disable_login_form": "true"},
    "auth.anonymous": {"enabled": "true", "org_role": "Viewer"},
    "security": {"disable_initial_admin_creation": "true", "cookie_secure": "true"},
    "analytics": {"reporting_enabled": "false", "check_for_updates": "false", "check_for_plugin_updates": "false"},
    "snapshots": {"external_enabled": "false"},
    "dashboards": {"default_home_dashboard_path": f"{FOLDER}/dashboards/application.json"},
    # Prometheus and Alertmanager have the alerts.
    "unified_alerting": {"enabled": "false"},
    # Nginx does not forward WebSockets, and no panel needs one.
    "live": {"max_connections": "0"},
    "log": {"mode": "console"},
}
"""The values that differ from Grafana's defaults (Grafana documentation, "Configure Grafana")."""


def files(archive: Archive, domain: str, prometheus: str, region: str) -> Mapping[str, str]:
    """Text by path; `prometheus` is the host and port that Grafana queries, and `region` that of CloudWatch."""
    source = {"name": "Prometheus", "uid": DATASOURCE, "type": "prometheus", "url": f"http://{prometheus}"}
    aws = {"authType": "default", "defaultRegion": region}
    provider = {"name": "askproai", "type": "file", "options": {"path": f"{FOLDER}/dashboards"}}
    return {
        "/etc/askproai/grafana.env": f"ASKPROAI_GRAFANA_URL={archive.url}\nASKPROAI_GRAFANA_SHA256={archive.sha256}\n",
        f"{FOLDER}/grafana.ini": _ini(domain),
        f"{FOLDER}/provisioning/datasources/askproai.yaml": _provisioned(
            "datasources",
            {**source, "access": "proxy", "isDefault": True, "editable": False},
            {"name": "CloudWatch", "uid": CLOUDWATCH, "type": "cloudwatch", "jsonData": aws, "editable": False},
        ),
        f"{FOLDER}/provisioning/dashboards/askproai.yaml": _provisioned("providers", provider),
        **{f"{FOLDER}/dashboards/{name}": text for name, text in texts().items()},
    }


def _ini(domain: str) -> str:
    root = {"root_url": f"https://monitoring.{domain}{PATH}"}
    lines: list[str] = []
    for section, settings in SETTINGS.items():
        own = {**settings, **(root if section == "server" else {})}
        lines += [f"[{section}]", *(f"{name} = {value}" for name, value in own.items())]
    return "\n".join(lines) + "\n"


def _provisioned(what: str, *entries: Mapping[str, object]) -> str:
    """A provisioning file (Grafana documentation, "Provision Grafana", "Amazon CloudWatch data source")."""
    return yaml.safe_dump({"apiVersion": 1, what: list(entries)}, sort_keys=False)
