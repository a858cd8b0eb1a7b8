"""`make policies`: previews the stacks with the pack, and prints one line per violation."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from policies.configuration import read_configuration
from policies.parity import PARITY, differences, types

PACK = Path(__file__).resolve().parent
PREVIEW_SECONDS = 600
MANDATORY = "mandatory"


@dataclass(frozen=True, kw_only=True)
class Event:
    """A violation as the engine reports it."""

    stack: str
    level: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.stack}: {self.level}: {self.message}"

    @property
    def blocks(self) -> bool:
        """Whether it fails a preview."""
        return self.level == MANDATORY


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A stack's preview with the pack: its violations, and the engine's output if it failed for another reason."""

    stack: str
    events: tuple[Event, ...]
    types: frozenset[str]
    failure: str

    @property
    def passes(self) -> bool:
        """Whether the stack breaks no mandatory rule."""
        return not self.failure and not any(event.blocks for event in self.events)


def preview(stack: str, *arguments: str) -> Preview:
    """Preview a stack with the pack."""
    done, log = asked(stack, *arguments)
    return judged(stack, log, done.stdout + done.stderr if done.returncode else "")


def asked(stack: str, *arguments: str, folder: Path | None = None) -> tuple[subprocess.CompletedProcess[str], str]:
    """Preview a stack of the project in a folder, by default the current one, with the pack.

    Returns the event log too: only it contains the violations.
    """
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "events.json"
        done = subprocess.run(
            ["pulumi", "preview", "--stack", stack, "--policy-pack", str(PACK), "--event-log", str(log), *arguments],
            # Without it, the engine hides the flag --event-log.
            env={**os.environ, "PULUMI_DEBUG_COMMANDS": "true"},
            cwd=folder,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PREVIEW_SECONDS, check=False,
        )  # fmt: skip
        return done, log.read_text() if log.exists() else ""


def judged(stack: str, log: str, failed: str) -> Preview:
    """The result for a stack from its event log; `failed` is the engine's output if it ended with an error."""
    events = read(stack, log)
    blocked = any(event.blocks for event in events)
    return Preview(stack=stack, events=events, types=types(log), failure="" if blocked else failed.strip())


def read(stack: str, log: str) -> tuple[Event, ...]:
    """The violations in an event log, which has one JSON document per line."""
    found = [event for line in log.splitlines() if (event := json.loads(line).get("policyEvent"))]
    events = [
        Event(stack=stack, level=each["enforcementLevel"], rule=each["policyName"], message=_line(each["message"]))
        for each in found
    ]
    return tuple(dict.fromkeys(events))


def compared(previews: list[Preview]) -> list[Preview]:
    """The previews, with the types that one stack of the pair lacks. Event logs omit resources that break a rule."""
    if not all(each.passes for each in previews):
        return previews
    lacking = lacks({each.stack: each.types for each in previews})
    return [
        replace(each, events=(*each.events, *(event for event in lacking if event.stack == each.stack)))
        for each in previews
    ]


def lacks(declared: Mapping[str, frozenset[str]]) -> list[Event]:
    """The types that one stack of the pair lacks, from the types that each stack declares."""
    configuration = read_configuration()
    level = configuration.enforcement.level
    return [
        Event(stack=stack, level=level(PARITY.id, stack), rule=PARITY.id, message=message)
        for stack, message in differences(declared, configuration)
    ]


def declared_stacks() -> list[str]:
    """The stacks in the configuration: account, pair and edge. Other stacks are checked by name."""
    configuration = read_configuration()
    return sorted({configuration.account_stack, *configuration.pair, *configuration.independent_of_region})


def main(stacks: list[str]) -> int:
    """Preview the stacks and print violations; 1 if a mandatory rule is broken or a preview fails."""
    previews = compared([preview(stack) for stack in stacks or declared_stacks()])
    for each in previews:
        for line in (*each.events, *each.failure.splitlines()):
            print(line)
        levels = Counter(event.level for event in each.events)
        counts = ", ".join(f"{number} {level}" for level, number in sorted(levels.items())) or "no violation"
        print(f"{each.stack}: {'passes' if each.passes else 'FAILS'}: {counts}", flush=True)
    return 0 if all(each.passes for each in previews) else 1


def _line(message: str) -> str:
    return " ".join(message.replace("<{%reset%}>", "").split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
