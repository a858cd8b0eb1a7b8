"""The generated files, by their paths on the monitoring host."""

from collections.abc import Mapping
from typing import Any

import yaml

from monitoring import rules
from monitoring.host import alertmanager, grafana, prometheus
from monitoring.host.watch import DATA, RECEIVERS, Watch

ALERTMANAGER = "/etc/prometheus/alertmanager.yml"


def files(watch: Watch) -> Mapping[str, str]:
    """Text by path."""
    return {
        "/etc/prometheus/prometheus.yml": _yaml(prometheus.configuration(watch)),
        "/etc/prometheus/rules.yml": rules.rules(),
        "/etc/prometheus/blackbox.yml": _yaml(prometheus.modules()),
        ALERTMANAGER: _yaml(alertmanager.configuration(watch)),
        "/etc/default/prometheus": _arguments(
            f"--storage.tsdb.path={DATA}/prometheus",
            f"--storage.tsdb.retention.time={watch.retention_days}d",
            # Prometheus's units are powers of two, and it needs room for what it writes before it deletes.
            f"--storage.tsdb.retention.size={watch.data_volume_gib * 4 * 1024 // 5}MB",
            f"--web.external-url=https://monitoring.{watch.domain}/",
            f"--web.listen-address={_local(prometheus.PROMETHEUS)}",
        ),
        "/etc/default/prometheus-alertmanager": _arguments(
            f"--config.file={RECEIVERS}/alertmanager.yml",
            f"--storage.path={DATA}/alertmanager",
            f"--web.listen-address={_local(prometheus.ALERTMANAGER)}",
            # A single instance: there is no cluster to gossip with.
            "--cluster.listen-address=",
        ),
        "/etc/default/prometheus-blackbox-exporter": _arguments(
            "--config.file=/etc/prometheus/blackbox.yml", f"--web.listen-address={_local(prometheus.BLACKBOX)}"
        ),
        **(grafana.files(watch.grafana, watch.domain, prometheus.PROMETHEUS, watch.region) if watch.grafana else {}),
    }


def _local(address: str) -> str:
    return address.replace("localhost", "127.0.0.1")


def _arguments(*arguments: str) -> str:
    """The arguments with which Debian's units start their programs."""
    return f'ARGS="{" ".join(arguments)}"\n'


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, width=120)
