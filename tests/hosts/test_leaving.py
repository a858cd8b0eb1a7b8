"""The termination of a host, and a worker while its region does not serve."""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from programs import REGION, program


class Host:
    """The host around the program: the answers of its metadata and systemd, in order, and its actions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, states: list[str | None], running: list[str]) -> None:
        self.program = program("finish_jobs")
        self.did: list[str] = []
        told = {"autoscaling/target-lifecycle-state": states, "instance-id": ["i-1"]}

        def metadata(path: str) -> str | None:
            return told[path].pop(0)

        def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
            self.did.append(command[1])
            told = b"" if command[1] in ("start", "stop") else running.pop(0).encode()
            return subprocess.CompletedProcess(command, 0, told)

        def client(_: str) -> Host:
            return self

        monkeypatch.setattr(self.program, "metadata", metadata)
        monkeypatch.setattr(self.program, "group_of", {"i-1": "workers"}.get)
        monkeypatch.setattr(self.program.subprocess, "run", run)
        monkeypatch.setattr(self.program.boto3, "client", client)
        monkeypatch.setattr(self.program.time, "sleep", self.slept)

    def slept(self, _: float) -> None:
        self.did.append("wait")

    def record_lifecycle_action_heartbeat(self, **action: str) -> None:
        self.did.append(f"hold {action['AutoScalingGroupName']} {action['LifecycleHookName']}")

    def complete_lifecycle_action(self, **action: str) -> None:
        self.did.append(f"let {action['InstanceId']} go")


def test_an_instance_goes_when_its_last_job_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch, [], ["a job runs", "a job runs", ""])
    host.program.finish("finish")
    held = ["list-units", "hold workers finish", "wait"]
    assert host.did == ["stop", *held, *held, "list-units", "let i-1 go"]


@pytest.mark.parametrize(("state", "leaving"), [("InService", False), ("Terminated", True), (None, False)])
def test_an_instance_leaves_when_termination_is_its_target(
    monkeypatch: pytest.MonkeyPatch, state: str | None, leaving: bool
) -> None:
    assert Host(monkeypatch, [state], []).program.leaving() is leaving


@pytest.fixture
def visitors(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, bytes]]]:
    """The answers that visitors get, one after the other, from a server."""
    answers: list[tuple[int, bytes]] = []

    class Edge(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Edge)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("ASKPROAI_VISITORS_URL", f"http://127.0.0.1:{server.server_port}/api/health")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    yield answers
    server.shutdown()
    server.server_close()


def test_a_worker_rests_while_another_region_serves(
    monkeypatch: pytest.MonkeyPatch, visitors: list[tuple[int, bytes]]
) -> None:
    host = Host(monkeypatch, [], [])
    here, away = json.dumps({"region": REGION}).encode(), b'{"region": "eu-west-1"}'
    steps: list[tuple[tuple[int, bytes], bool | None, list[str]]] = [
        ((503, b"nobody"), None, []),
        ((200, away), True, ["stop"]),
        ((200, away), True, []),
        # Nothing answers: an idle region must not start because the other has a bad minute.
        ((503, away), True, []),
        ((200, b"<html>"), True, []),
        ((200, b"[]"), True, []),
        ((200, here), False, ["start"]),
        ((200, here), False, []),
        ((502, b""), False, []),
        ((200, away), True, ["stop"]),
    ]
    rests: bool | None = None
    for number, (answer, expected, did) in enumerate(steps):
        visitors.append(answer)
        host.did.clear()
        rests = host.program.follow_visitors(rests)
        assert (rests, host.did) == (expected, did), number


def test_an_instance_checks_the_visitors_region_until_it_is_terminated(
    monkeypatch: pytest.MonkeyPatch, visitors: list[tuple[int, bytes]]
) -> None:
    host = Host(monkeypatch, ["InService", "InService", "Terminated"], [])
    visitors.append((200, b'{"region": "eu-west-1"}'))
    host.program.work()
    assert host.did == ["stop", "wait", "wait"]
    assert visitors == []
