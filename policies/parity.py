"""The stacks of a pair declare the same resource types, which no stack alone can show."""

import json
from collections.abc import Iterator, Mapping

from policies.configuration import Configuration
from policies.rule import HIGH, Rule, Stack

CLOUD = "aws:"


def _elsewhere(_stack: Stack) -> tuple[()]:
    return ()


PARITY = Rule(
    id="stack-like-its-pair",
    says="The stacks of a pair declare the same resource types.",
    severity=HIGH,
    controls=("own",),
    remedy="Declare it in both, or say under may_lack in policies/configuration.yaml why one does not need it.",
    on=(),
    among=True,
    judge=_elsewhere,
)


def types(log: str) -> frozenset[str]:
    """The resource types that a preview declares, from the engine's event log."""
    found = (json.loads(line).get("resourcePreEvent", {}).get("metadata", {}) for line in log.splitlines())
    return frozenset(
        each["type"] for each in found if each.get("type", "").startswith(CLOUD) and not each["op"].startswith("delete")
    )


def differences(declared: Mapping[str, frozenset[str]], configuration: Configuration) -> Iterator[tuple[str, str]]:
    """A stack of the pair and a message, for each type that it lacks and the other has."""
    pair = [stack for stack in configuration.pair if stack in declared]
    everything = frozenset().union(*(declared[stack] for stack in pair))
    for stack in pair:
        for kind in sorted(everything - declared[stack] - configuration.may_lack.get(stack, frozenset())):
            yield stack, f"{PARITY.id}: {stack}: found no {kind}; wanted one as in its pair [own]. {PARITY.remedy}"
