"""The sandbox's servers and the states of its clouds."""

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from sandbox import clouds, environment, processes
from sandbox.paths import Paths, write_private
from sandbox.processes import KINDS, Server
from sandbox.steps import SandboxError

AWS = KINDS[0]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path, tmp_path / ".sandbox")
    (tmp_path / "Pulumi.yaml").write_text("name: askproai\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {'askproai:region': moon-1}\n")
    for folder in (made.run, made.state, made.python.parent):
        folder.mkdir(parents=True)
    return made


def server(instance: str, pid: int = 1) -> Server:
    return Server(name="aws", pid=pid, started=0.0, port=1, instance=instance)


def record_state(paths: Paths, latest: dict[str, object]) -> Path:
    file = paths.state / ".pulumi" / "stacks" / "askproai" / "prod.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    return file


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


def test_a_state_is_kept_while_its_cloud_lives(paths: Paths) -> None:
    clouds.forget_lost_states(paths, {"aws": server("one")})
    file = record_state(paths, {})
    assert clouds.forget_lost_states(paths, {"aws": server("one")}) is None
    assert file.exists()


def test_a_state_is_moved_away_when_its_cloud_was_restarted(paths: Paths) -> None:
    clouds.forget_lost_states(paths, {"aws": server("one")})
    file = record_state(paths, {})
    assert "is empty" in str(clouds.forget_lost_states(paths, {"aws": server("two")}))
    assert not file.exists()
    assert clouds.forget_lost_states(paths, {"aws": server("two")}) is None


def test_only_the_last_lost_states_are_kept(paths: Paths) -> None:
    for number in range(clouds.LOST_STATES_KEPT + 2):
        (paths.lost_states / f"2000010{number}-000000").mkdir(parents=True)
    record_state(paths, {})
    clouds.move_states_away(paths)
    assert len(list(paths.lost_states.iterdir())) == clouds.LOST_STATES_KEPT


def test_a_change_that_was_killed_is_noticed(paths: Paths) -> None:
    file = record_state(paths, {"resources": [{}, {}]})
    assert (clouds.cut_off(paths), clouds.resources(paths, "prod")) == (False, 2)
    file.write_text(json.dumps({"checkpoint": {"latest": {"pending_operations": [{}]}}}))
    assert clouds.cut_off(paths)


def test_the_lock_of_a_killed_engine_is_released(paths: Paths) -> None:
    lock = paths.state / ".pulumi" / "locks" / "organization" / "askproai" / "prod" / "x.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": 2**22 + 1}))
    clouds.release_dead_locks(paths)
    assert not lock.exists()


def test_the_environment_leads_to_the_sandbox_alone(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://real")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "real")
    made = environment.environment(paths, "http://127.0.0.1:1")
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "PULUMI_ACCESS_TOKEN"} & set(made)
    assert made["AWS_REGION"] == "moon-1"
    assert made["PATH"].split(os.pathsep)[0] == str(paths.bin)
