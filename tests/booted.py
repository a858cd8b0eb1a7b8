"""A booted instance, and requests to it from outside."""

import http.client
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from sandbox.instances.boot import Machine
from sandbox.instances.surroundings import Surroundings

ANSWER_SECONDS = 10
POLL_SECONDS = 0.1


class Answer(NamedTuple):
    """What a host answered to a request."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass
class Host:
    """A booted instance; `started` and `healthy_seconds` are measured with the monotonic clock."""

    around: Surroundings
    machine: Machine
    address: str
    started: float = field(default_factory=time.monotonic)
    healthy_seconds: float = 0.0

    @classmethod
    def of(cls, around: Surroundings, instance: str) -> "Host":
        """Boot an instance, without waiting for it."""
        machine = around.boot(instance)
        return cls(around, machine, around.address(instance))

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        port: int = 80,
    ) -> Answer:
        """Send a request from the load balancer's address."""
        connection = http.client.HTTPConnection(self.address)
        connection.sock = self.around.connection(self.address, port, ANSWER_SECONDS)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
        finally:
            connection.close()

    def wait(self, path: str, status: int, seconds: float, port: int = 80) -> str:
        """The answer as soon as it has this status."""
        deadline = time.monotonic() + seconds
        found: object = None
        while time.monotonic() < deadline:
            with suppress(OSError):
                found = answer = self.ask(path, port=port)
                if answer.status == status:
                    return answer.text
            time.sleep(POLL_SECONDS)
        log = self.machine.run("sh", "-c", "tail -n 20 /var/log/cloud-init-output.log; systemctl --failed", check=False)
        pytest.fail(f"{path} does not answer {status} but {found}\n{log}")

    def main_pid(self, unit: str) -> int:
        """The PID of a unit's process in the host; 0 if it has none."""
        return int(self.machine.run("systemctl", "show", "--value", "--property=MainPID", unit))

    def kill(self, unit: str, seconds: float) -> None:
        """Kill a unit's process, and wait until another one replaces it."""
        before = self.main_pid(unit)
        assert before, f"{unit} does not run"
        self.machine.run("kill", "-KILL", str(before))
        deadline = time.monotonic() + seconds
        while self.main_pid(unit) in (before, 0):
            assert time.monotonic() < deadline, self.machine.run("journalctl", "-u", unit, "-n", "20", check=False)
            time.sleep(POLL_SECONDS)
