"""Replaces the Systems Manager agent on booted instances: runs the commands of the emulated AWS."""

import json
import subprocess
import threading
from contextlib import suppress
from typing import Any
from urllib.request import Request, urlopen

from sandbox.instances.boot import Machine

ASK_SECONDS = 0.2
ANSWER_SECONDS = 10


class Agent:
    """Runs the commands for all machines, one after the other, as with `MaxConcurrency` 1; as root, like on EC2."""

    def __init__(self, aws: str) -> None:
        self._place = f"{aws}/_sandbox/agent"
        self._machines: list[Machine] = []
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True, name="agent")
        self._thread.start()

    def serve(self, machine: Machine) -> None:
        """Commands for the machine's instance now run there."""
        self._ask("GET", machine.name)
        with self._lock:
            self._machines.append(machine)

    def leave(self, machine: Machine) -> None:
        """Run no more commands there, after waiting for a running one."""
        with self._lock:
            if machine in self._machines:
                self._machines.remove(machine)
                with suppress(OSError):
                    self._ask("DELETE", machine.name)

    def close(self) -> None:
        """Stop for all machines."""
        self._over.set()
        self._thread.join()
        for machine in list(self._machines):
            self.leave(machine)

    def _run(self) -> None:
        while not self._over.wait(ASK_SECONDS):
            # The emulated AWS may stop before the machines.
            with self._lock, suppress(OSError):
                for machine in self._machines:
                    for command in self._ask("GET", machine.name):
                        self._ask("PUT", f"{machine.name}/{command['id']}", _ran(machine, command["lines"]))

    def _ask(self, method: str, place: str, body: dict[str, object] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self._place}/{place}", content, method=method), timeout=ANSWER_SECONDS) as answer:
            return json.loads(answer.read())


def _ran(machine: Machine, lines: list[str]) -> dict[str, object]:
    """The exit code and output of shell lines in a machine."""
    command = [*machine.entrance(), "sh", "-c", "\n".join(lines)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return {"code": done.returncode, "output": done.stdout, "error": done.stderr}
