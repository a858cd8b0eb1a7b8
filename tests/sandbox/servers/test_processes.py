"""The sandbox's servers and the states of its clouds."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sandbox.project import environment, project
from sandbox.project.paths import HOME_VARIABLE, Paths, write_private
from sandbox.servers import clouds, processes
from sandbox.servers.processes import APPLICATION, AWS, CLOUDFLARE, KINDS, Kind, Server
from sandbox.toolchain.steps import SandboxError


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path, tmp_path / ".sandbox")
    (tmp_path / "Pulumi.yaml").write_text("name: askproai\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {'askproai:region': moon-1}\n")
    for folder in (made.run, made.state, made.python.parent):
        folder.mkdir(parents=True)
    return made


def server(instance: str, pid: int = 1, kind: Kind = AWS) -> Server:
    return Server(name=kind.name, pid=pid, started=0.0, port=1, instance=instance)


def record_state(paths: Paths, latest: dict[str, object], stack: str = "prod") -> Path:
    file = paths.state / ".pulumi" / "stacks" / "askproai" / f"{stack}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    return file


@pytest.mark.parametrize("key", ["latest", "Latest"])
def test_a_state_that_the_engine_wrote_with_capitals_is_read_as_well(paths: Paths, key: str) -> None:
    file = record_state(paths, {})
    file.write_text(json.dumps({"version": 3, "checkpoint": {key: {"resources": [{"id": "i-1"}]}}}))
    assert clouds.resources(paths, "prod") == 1


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert processes.free_port([port, port + 1, port + 2]) != port


def test_no_free_port_is_an_error_that_names_the_range() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=f"every port from {port} to {port}"):
            processes.free_port([port])


def test_a_process_that_only_has_the_recorded_number_is_not_ours(paths: Paths) -> None:
    write_private(paths.run / "aws.json", json.dumps(server("x", os.getpid()).__dict__))
    assert processes.running(paths, AWS) is None
    assert not processes.stop(paths, AWS)


def test_a_server_that_dies_is_reported_with_its_log(paths: Paths) -> None:
    paths.python.symlink_to(sys.executable)
    (paths.checkout / "sandbox" / "aws").mkdir(parents=True)
    (paths.checkout / "sandbox" / "aws" / "__main__.py").write_text("raise SystemExit('no such thing')")
    with pytest.raises(SandboxError, match=r"(?s)does not start.*no such thing"):
        processes.start(paths, AWS)


def test_an_engine_is_of_the_sandbox_that_started_it(paths: Paths) -> None:
    tools = paths.checkout / "tools"
    tools.mkdir()
    engine = Path(shutil.copy(shutil.which("sleep") or "", tools / "pulumi"))
    other = Paths(paths.checkout, paths.checkout / "other")
    other.home.mkdir()
    for sandbox in (paths, other):
        sandbox.engine.symlink_to(tools)
    with subprocess.Popen([engine, "60"], env={HOME_VARIABLE: str(other.home)}) as started:
        try:
            assert [process.pid for process in processes.leftovers(other)] == [started.pid]
            assert processes.leftovers(paths) == []
        finally:
            started.kill()


def test_a_state_is_kept_while_its_cloud_lives(paths: Paths) -> None:
    clouds.forget_lost_states(paths, {"aws": server("one")})
    file = record_state(paths, {})
    assert clouds.forget_lost_states(paths, {"aws": server("one")}) == []
    assert file.exists()


def test_clouds_are_stopped_where_other_plugins_would_read_their_states(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[Paths] = []

    def stop(of: Paths) -> list[str]:
        stopped.append(of)
        return ["emulated Cloudflare"]

    monkeypatch.setattr(clouds, "stop", stop)
    for chosen, times in ((None, 0), (None, 0), ("/usr/bin/pulumi", 1), ("/usr/bin/pulumi", 1)):
        paths.toolchain.write_text(json.dumps({"official": chosen}))
        clouds.stop_for_other_plugins(paths)
        assert stopped == [paths] * times


def test_a_state_is_moved_away_when_its_cloud_was_restarted(paths: Paths) -> None:
    clouds.forget_lost_states(paths, {"aws": server("one")})
    file = record_state(paths, {})
    (told,) = clouds.forget_lost_states(paths, {"aws": server("two")})
    assert "are empty" in told
    assert not file.exists()
    assert clouds.forget_lost_states(paths, {"aws": server("two")}) == []


def test_what_operations_wrote_is_forgotten_with_the_cloud_they_worked_on(paths: Paths) -> None:
    project.refresh(paths)
    clouds.forget_lost_states(paths, {"aws": server("one")})
    overlaid = paths.project / "Pulumi.prod.yaml"
    overlaid.write_text("config:\n  askproai:region: moon-1\n  askproai:activated: true\n")
    record_state(paths, {})
    lines = clouds.forget_lost_states(paths, {"aws": server("two")})
    assert lines[1] == "what was set in the sandbox alone is forgotten: Pulumi.prod.yaml as committed"
    assert "activated" not in overlaid.read_text()


def test_a_restarted_application_takes_no_state_away(paths: Paths) -> None:
    clouds.forget_lost_states(paths, {"aws": server("one"), "application": server("x", kind=APPLICATION)})
    file = record_state(paths, {})
    assert clouds.forget_lost_states(paths, {"aws": server("one"), "application": server("y", kind=APPLICATION)}) == []
    assert file.exists()


@pytest.mark.parametrize(
    ("dead", "started"),
    [(None, []), (APPLICATION, ["application"]), (AWS, ["aws", "application", "cloudflare"]),
     (CLOUDFLARE, ["aws", "application", "cloudflare"])],
)  # fmt: skip
def test_the_clouds_start_from_nothing_together(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, dead: Kind | None, started: list[str]
) -> None:
    def running(_paths: Paths, kind: Kind) -> Server | None:
        return None if kind == dead else server("old", kind=kind)

    def start(_paths: Paths, kind: Kind, _arguments: Sequence[str]) -> Server:
        return server("new", kind=kind)

    def stop(_paths: Paths, _kind: Kind) -> bool:
        return True

    monkeypatch.setattr(processes, "running", running)
    monkeypatch.setattr(processes, "start", start)
    monkeypatch.setattr(processes, "stop", stop)
    servers, fresh = clouds.start(paths)
    assert fresh == started
    assert [servers[kind.name].instance for kind in KINDS] == ["new" if k.name in started else "old" for k in KINDS]


def test_servers_are_told_what_the_stacks_say(paths: Paths) -> None:
    (paths.checkout / "Pulumi.prod.yaml").write_text(
        "config: {'askproai:region': moon-1, 'askproai:account_id': '12', 'askproai:domain': p.de}\n"
    )
    (paths.checkout / "Pulumi.edge.yaml").write_text(
        "config: {'askproai:zone_id': abc, 'askproai:cloudflare_account_id': def, 'askproai:domain': e.de}\n"
    )
    servers = {"aws": server("x")}
    assert clouds.arguments(paths, AWS, {}) == ["--account", "12"]
    assert clouds.arguments(paths, APPLICATION, servers) == ["--aws", "http://127.0.0.1:1", "--region", "moon-1"]
    record = str(paths.run / "application.json")
    told = ["--application-record", record, "--account", "def", "--zone", "abc=e.de"]
    assert clouds.arguments(paths, CLOUDFLARE, servers) == told


def test_only_the_last_lost_states_are_kept(paths: Paths) -> None:
    for number in range(clouds.LOST_STATES_KEPT + 2):
        (paths.lost_states / f"2000010{number}-000000").mkdir(parents=True)
    record_state(paths, {})
    clouds.move_states_away(paths)
    assert len(list(paths.lost_states.iterdir())) == clouds.LOST_STATES_KEPT


def test_a_change_that_was_killed_is_noticed(paths: Paths) -> None:
    file = record_state(paths, {"resources": [{}, {}]})
    record_state(paths, {}, "dr")
    assert (clouds.cut_off(paths), clouds.resources(paths, "prod")) == ([], 2)
    file.write_text(json.dumps({"checkpoint": {"latest": {"pending_operations": [{}]}}}))
    assert clouds.cut_off(paths) == ["prod"]


def test_a_damaged_state_is_noticed(paths: Paths) -> None:
    file = record_state(paths, {"resources": [{}]})
    file.write_text(file.read_text()[:20])
    assert (clouds.cut_off(paths), clouds.resources(paths, "prod")) == (["prod"], 0)


def test_a_state_that_was_lost_is_noticed_and_one_that_was_removed_is_gone(paths: Paths) -> None:
    record_state(paths, {"resources": [{}]}).rename(paths.state / ".pulumi/stacks/askproai/prod.json.bak")
    record_state(paths, {}, "dr").rename(paths.state / ".pulumi/stacks/askproai/dr.json.bak")
    assert (clouds.initialised(paths, "prod"), clouds.initialised(paths, "dr")) == (True, False)
    assert clouds.cut_off(paths) == ["prod"]


def test_the_lock_of_a_killed_engine_is_released(paths: Paths) -> None:
    lock = paths.state / ".pulumi" / "locks" / "organization" / "askproai" / "prod" / "x.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": 2**22 + 1}))
    clouds.release_dead_locks(paths)
    assert not lock.exists()


def test_the_environment_knows_the_sandbox_alone(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://real")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "real")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "real")
    monkeypatch.setenv("ASKPROAI_EDGE_URL", "https://real")
    made = environment.environment(paths, {"aws": "http://127.0.0.1:1"})
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "PULUMI_ACCESS_TOKEN", "CLOUDFLARE_API_TOKEN"} & set(made)
    assert "ASKPROAI_EDGE_URL" not in made
    assert made["AWS_REGION"] == "moon-1"
    assert made["PATH"].split(os.pathsep)[0] == str(paths.bin)


def test_clients_of_the_clouds_and_operators_commands_find_their_way(paths: Paths) -> None:
    urls = {"aws": "http://a", "application": "http://b", "cloudflare": "http://c"}
    made = environment.variables(paths, urls)
    assert made["AWS_ENDPOINT_URL"] == "http://a"
    assert made["ASKPROAI_APPLICATION_URL"] == "http://b"
    assert made["ASKPROAI_EDGE_URL"] == "http://c"
    assert made["CLOUDFLARE_BASE_URL"] == "http://c/client/v4"
    assert made["ASKPROAI_PROJECT"] == str(paths.project)
