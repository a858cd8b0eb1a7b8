"""A stack's declared resources, with what their price depends on: inputs, region and launch template."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ops.core.engine import provider_urn
from ops.prices.charges import GROUP, TEMPLATE

State = Mapping[str, Any]
"""A resource from the engine, in an export or a step's `newState`."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A resource, as the input of `monthly`."""

    urn: str
    type: str
    inputs: Mapping[str, Any]
    region: str
    template: Mapping[str, Any] | None


def declared(states: Iterable[State]) -> Iterator[Declared]:
    """The AWS resources among the states, each URN once; the last state of a URN counts."""
    known = {state["urn"]: state for state in states}
    for urn, state in known.items():
        if not state["type"].startswith("aws:"):
            continue
        inputs = state.get("inputs") or {}
        yield Declared(
            urn=urn,
            type=state["type"],
            inputs=inputs,
            region=inputs.get("region") or _region(known.get(provider_urn(state))),
            template=_template(state, known) if state["type"] == GROUP else None,
        )


def _region(provider: State | None) -> str:
    return str(((provider or {}).get("inputs") or {}).get("region", ""))


def _template(group: State, known: Mapping[str, State]) -> Mapping[str, Any] | None:
    """The inputs of the launch template on which the group's property depends."""
    dependencies = group.get("propertyDependencies") or {}
    urns = [urn for name in ("launchTemplate", "mixedInstancesPolicy") for urn in dependencies.get(name) or []]
    found = [known[urn] for urn in urns if urn in known and known[urn]["type"] == TEMPLATE]
    return found[0].get("inputs") if found else None
