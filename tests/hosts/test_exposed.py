"""The metrics of the dashboards' series are those of Debian's own exporters, by name and labels."""

import re
from collections.abc import Mapping

import pytest
from debian import Host
from host_values import WATCH, values_of

from hosts.bundle import rendered
from hosts.roles import MONITORING
from monitoring.alerts.alert import Job
from monitoring.host.files import files
from sandbox.instances.root import made, unavailable
from sandbox.project.paths import Paths
from tools.dashboards import series

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
OF_PROMETHEUS = {"up", "ALERTS"}
ADDED = {"job", "instance", "group"}
"""Labels that Prometheus adds."""
SAMPLE = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="')
PROBED = (Job.OTHER_REGION, Job.EDGE, Job.DEPENDENCIES)
SCRIPT = """#!/bin/sh
# Database, cache and a web server with TLS, each with the exporter of the monitoring host in front of it.
exec 2>/var/tmp/log
mount -t sysfs sysfs /sys
data=/var/tmp/database
mkdir -p /run/mysqld
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -days 30 \
    -keyout /var/tmp/key -out /var/tmp/certificate
cat /var/tmp/certificate >>/etc/askproai/rds-ca.pem
mariadb-install-db --user=root --datadir=$data >/dev/null
mariadbd --user=root --datadir=$data --socket=$data/socket --bind-address=127.0.0.1 --require-secure-transport=ON \
    --ssl-cert=/var/tmp/certificate --ssl-key=/var/tmp/key >/dev/null &
redis-server --port 6379 --maxmemory 64mb --dir /var/tmp >/dev/null &
nginx -c /var/tmp/nginx.conf
for _ in $(seq 600); do
    mariadb --skip-ssl --socket=$data/socket --execute="CREATE USER watch@localhost IDENTIFIED BY 'a'" && break
    sleep 0.2
done
mariadb --skip-ssl --socket=$data/socket --execute="GRANT PROCESS ON *.* TO watch@localhost"
export DB_HOST=127.0.0.1 DB_PORT=3306 DB_USERNAME=watch DB_PASSWORD=a
prometheus-node-exporter &
@mysqld@ &
prometheus-redis-exporter --redis.addr=redis://127.0.0.1:6379 &
prometheus-blackbox-exporter --config.file=/var/tmp/blackbox.yml &
ask() {
    echo "=== $1"
    curl --silent --fail --retry 120 --retry-delay 1 --retry-all-errors "http://127.0.0.1:$2"
}
ask node 9100/metrics
ask mysql 9104/metrics
ask redis 9121/metrics
ask probe "9115/probe?module=serves&target=https://127.0.0.1:4443/"
"""
NGINX = """events {}
http { server { listen 4443 ssl; ssl_certificate /var/tmp/certificate; ssl_certificate_key /var/tmp/key;
    location / { return 200; } } }
"""


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, set[str]]]:
    """By exporter, the names of its metrics, each with the names of its labels."""
    host = Host(
        made(Paths.of()), tmp_path_factory.mktemp("host"), MONITORING, rendered(MONITORING, values_of(MONITORING))
    )
    unit = host.read("/etc/systemd/system/prometheus-mysqld-exporter.service.d/askproai.conf")
    [command] = [line.removeprefix("ExecStart=") for line in unit.splitlines() if line.startswith("ExecStart=/")]
    host.write("/ask", SCRIPT.replace("@mysqld@", command))
    host.write("/var/tmp/nginx.conf", NGINX)
    modules = files(WATCH)["/etc/prometheus/blackbox.yml"]
    # The certificate is its own authority.
    skipped = "tls_config:\n        insecure_skip_verify: true\n      fail_if_not_ssl:"
    host.write("/var/tmp/blackbox.yml", modules.replace("fail_if_not_ssl:", skipped))
    done = host.run(
        *(
            "unshare",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            "ip link set lo up && /ask; cat /var/tmp/log >&2",
        )
    )
    found: dict[str, dict[str, set[str]]] = {}
    assert done.stdout.count("=== ") == 4, done.stderr
    for part in done.stdout.split("=== ")[1:]:
        exporter, _, text = part.partition("\n")
        metrics = found.setdefault(exporter, {})
        for sample in SAMPLE.finditer(text):
            metrics.setdefault(sample["name"], set()).update(LABEL.findall(sample["labels"] or ""))
    return found


MADE_UP = {
    (each.labels["job"], each.name): each.labels.keys() - ADDED
    for each in series.everything()
    if each.name not in OF_PROMETHEUS and each.labels["job"] != Job.APPLICATION
}


@pytest.mark.parametrize(("job", "name"), MADE_UP, ids=lambda value: str(value))
def test_an_exporter_exposes_it(exposed: Mapping[str, Mapping[str, set[str]]], job: str, name: str) -> None:
    metrics = exposed["probe" if job in PROBED else job]
    assert name in metrics
    assert MADE_UP[job, name] <= metrics[name]


def test_no_exporter_exposes_the_lag_of_a_replica(exposed: Mapping[str, Mapping[str, set[str]]]) -> None:
    """The reason why the recovery dashboard queries CloudWatch for it."""
    assert [name for name in exposed["mysql"] if "behind" in name] == []
