"""Systems Manager commands for booted instances: whoever booted one runs them there, and reports the result."""

import json
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import WSGIEnvironment

from sandbox.aws.asked import BadRequestError

Invocation = dict[str, Any]


@dataclass(frozen=True)
class Waiting:
    """A pending command: its lines, and its record in the emulated Systems Manager."""

    lines: list[str]
    shown: Invocation


@dataclass
class Agents:
    """The pending commands, by instance."""

    waiting: dict[str, list[Waiting]] = field(default_factory=dict)

    def send(self, invocation: Invocation, lines: list[str]) -> None:
        """Keep a command pending if its instance is booted."""
        if invocation["InstanceId"] in self.waiting:
            invocation.update({"Status": "InProgress", "StatusDetails": "InProgress", "ResponseCode": -1})
            self.waiting[invocation["InstanceId"]].append(Waiting(lines, invocation))

    def listen(self, instance: str) -> list[dict[str, object]]:
        """The commands that an instance has to run; after its first call, commands stay pending for it."""
        waiting = self.waiting.setdefault(instance, [])
        return [{"id": each.shown["CommandId"], "lines": each.lines} for each in waiting]

    def end(self, place: str, environ: WSGIEnvironment) -> object:
        """Record the result of the command INSTANCE/COMMAND. Raises BadRequestError."""
        instance, _, command = place.partition("/")
        found = [each for each in self.waiting.get(instance, []) if each.shown["CommandId"] == command]
        if not found:
            raise BadRequestError(f"command {place!r}: none of that name waits; want INSTANCE/COMMAND")
        told = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        status = "Failed" if told["code"] else "Success"
        found[0].shown.update(
            {
                "Status": status,
                "StatusDetails": status,
                "ResponseCode": told["code"],
                "StandardOutputContent": told["output"],
                "StandardErrorContent": told["error"],
            }
        )
        self.waiting[instance].remove(found[0])
        return {"status": status}

    def leave(self, instance: str) -> object:
        """Make an instance a plain record again, whose commands end immediately."""
        self.waiting.pop(instance, None)
        return sorted(self.waiting)


AGENTS = Agents()
