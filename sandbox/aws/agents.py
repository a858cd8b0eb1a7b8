"""Commands of Systems Manager for booted instances: who booted one runs them there, and says how they ended."""

import json
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import WSGIEnvironment

from sandbox.aws.asked import BadRequestError

Invocation = dict[str, Any]


@dataclass(frozen=True)
class Waiting:
    """A command on its way: its lines, and what the emulated Systems Manager shows of it."""

    lines: list[str]
    shown: Invocation


@dataclass
class Agents:
    """By instance, the commands that wait for their end."""

    waiting: dict[str, list[Waiting]] = field(default_factory=dict)

    def send(self, invocation: Invocation, lines: list[str]) -> None:
        """Have a command wait for its end where its instance is booted."""
        if invocation["InstanceId"] in self.waiting:
            invocation.update({"Status": "InProgress", "StatusDetails": "InProgress", "ResponseCode": -1})
            self.waiting[invocation["InstanceId"]].append(Waiting(lines, invocation))

    def listen(self, instance: str) -> list[dict[str, object]]:
        """What an instance has to run; from the first time that it asks, commands wait for it."""
        waiting = self.waiting.setdefault(instance, [])
        return [{"id": each.shown["CommandId"], "lines": each.lines} for each in waiting]

    def end(self, place: str, environ: WSGIEnvironment) -> object:
        """Note how the command of INSTANCE/COMMAND ended. Raises BadRequestError."""
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
        """Have an instance be a record again, whose commands end at once."""
        self.waiting.pop(instance, None)
        return sorted(self.waiting)


AGENTS = Agents()
