"""The path to Grafana: its archive is verified, and its address says so if it does not run."""

import hashlib
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from debian import Host
from host_values import WATCH, values_of
from programs import program

from hosts.bundle import rendered
from hosts.roles import MONITORING
from monitoring.dashboards.catalogue import texts
from monitoring.host.files import files
from sandbox.instances.root import PHP_VERSION, made, unavailable
from sandbox.project.paths import Paths

needs_host = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
ASK = """#!/bin/sh
nginx
curl --silent --show-error --write-out ' %{http_code}' http://127.0.0.1:9090/grafana/d/recovery
nginx -s quit
"""
STAND_IN = """#!/bin/sh
PATH=/usr/bin:/bin
for each; do echo "$each"; done
"""


def packed(folder: Path, *homes: str) -> tuple[str, str]:
    """An archive with a program in each folder: its URL, and its SHA-256."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for home in homes:
            member = tarfile.TarInfo(f"{home}/bin/grafana")
            member.size, member.mode = len(STAND_IN), 0o755
            archive.addfile(member, io.BytesIO(STAND_IN.encode()))
    file = folder / "grafana.tar.gz"
    file.write_bytes(buffer.getvalue())
    return file.as_uri(), hashlib.sha256(buffer.getvalue()).hexdigest()


@pytest.fixture
def run() -> ModuleType:
    return program("run_grafana")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def test_the_archive_is_unpacked_once_and_its_predecessor_goes(run: ModuleType, state: Path, tmp_path: Path) -> None:
    for kept in ("former", "data"):
        (state / kept).mkdir()
    url, sha256 = packed(tmp_path, "grafana-v1")
    home = run.fetch(url, sha256, state)
    assert home == state / sha256
    assert {path.name for path in state.iterdir()} == {sha256, "data"}
    (tmp_path / "grafana.tar.gz").unlink()
    assert run.fetch(url, sha256, state) == home


def test_an_archive_of_another_checksum_is_not_started(run: ModuleType, state: Path, tmp_path: Path) -> None:
    url, _ = packed(tmp_path, "grafana-v1")
    with pytest.raises(ValueError, match=r"monitoring\.grafana says ffff"):
        run.fetch(url, "f" * 64, state)
    assert list(state.iterdir()) == []


@pytest.mark.parametrize("homes", [(), ("one", "two")])
def test_an_archive_of_something_else_is_not_started(
    run: ModuleType, state: Path, tmp_path: Path, homes: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="standalone Linux binaries"):
        run.fetch(*packed(tmp_path, *homes), state)
    assert list(state.iterdir()) == []


@needs_host
def test_the_unit_becomes_the_program_of_the_archive(tmp_path: Path) -> None:
    """With the unit's own command line, as its user, with only its state directory."""
    texts_of_host = rendered(MONITORING, replace(values_of(MONITORING), php_version=PHP_VERSION))
    host = Host(made(Paths.of()), tmp_path, MONITORING, texts_of_host)
    _, sha256 = packed(tmp_path, "grafana-v1")
    [start] = [
        line.removeprefix("ExecStart=")
        for line in host.read("/etc/systemd/system/askproai-grafana.service").splitlines()
        if line.startswith("ExecStart=")
    ]
    content = (tmp_path / "grafana.tar.gz").read_bytes()
    host.write_bytes("/var/tmp/grafana.tar.gz", content)
    host.write(
        "/etc/askproai/grafana.env",
        f"ASKPROAI_GRAFANA_URL=file:///var/tmp/grafana.tar.gz\nASKPROAI_GRAFANA_SHA256={sha256}\n",
    )
    host.write(
        "/start",
        f"#!/bin/sh\nset -a\n. /etc/askproai/grafana.env\nSTATE_DIRECTORY=/var/lib/grafana\n"
        f"mkdir -p $STATE_DIRECTORY\nexec {start}\n",
    )
    done = host.run("/start")
    home = f"/var/lib/grafana/{sha256}"
    assert done.stdout.splitlines() == [
        "server",
        f"--homepath={home}",
        "--config=/etc/grafana/grafana.ini",
        "cfg:default.paths.data=/var/lib/grafana/data",
        "cfg:default.paths.plugins=/var/lib/grafana/data/plugins",
    ], done.stderr


@needs_host
def test_without_grafana_its_address_says_so(tmp_path: Path) -> None:
    watch = replace(WATCH, grafana=None)
    values = replace(values_of(MONITORING), php_version=PHP_VERSION, made=files(watch))
    host = Host(made(Paths.of()), tmp_path, MONITORING, rendered(MONITORING, values))
    host.write("/ask", ASK)
    answer = host.run("unshare", "--net", "sh", "-c", "ip link set lo up && /ask")
    assert "monitoring.grafana" in answer.stdout
    assert answer.stdout.endswith(" 503"), answer.stdout + answer.stderr
    assert [path for path in files(watch) if "grafana" in path] == []


def test_every_dashboard_is_provisioned_and_asks_the_source_that_is() -> None:
    made_files = files(WATCH)
    source, aws = yaml.safe_load(made_files["/etc/grafana/provisioning/datasources/askproai.yaml"])["datasources"]
    assert aws["jsonData"] == {"authType": "default", "defaultRegion": WATCH.region}
    assert source["url"] == "http://localhost:9091"
    assert "--web.listen-address=127.0.0.1:9091" in made_files["/etc/default/prometheus"]
    [provider] = yaml.safe_load(made_files["/etc/grafana/provisioning/dashboards/askproai.yaml"])["providers"]
    folder = provider["options"]["path"]
    assert {path.removeprefix(f"{folder}/") for path in made_files if path.startswith(f"{folder}/")} == set(texts())
    for text in texts().values():
        asked = {(each["type"], each["uid"]) for panel in json.loads(text)["panels"] for each in [panel["datasource"]]}
        assert ("prometheus", source["uid"]) in asked
        assert asked <= {(each["type"], each["uid"]) for each in (source, aws)}
