"""Finds in the clouds what a state lacks, adds it to the state, and has the engine refresh it."""

import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ops.core.aws import errors
from ops.core.cloudflare import TOKEN, TOKEN_VARIABLE, EdgeApi
from ops.core.engine import UNKNOWN, Engine
from ops.core.recovery.finders import AGAIN, FINDERS, NotKnownYetError, Wanted
from ops.core.recovery.states import Resource, State, is_provider, logical_name
from ops.errors import OpsError, one_line

SEARCHES_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Found:
    """An existing resource that the state lacks."""

    resource: Resource
    wanted: Wanted
    identifier: str

    def __str__(self) -> str:
        return f"{logical_name(self.resource['urn'])} ({self.identifier})"


def search(state: State, missing: Iterable[Resource], edge: EdgeApi) -> list[Found]:
    """Which of the missing resources exist. Raises OpsError with the names if two match one resource."""
    asked = [(resource, _wanted(state, resource, edge)) for resource in missing if resource["type"] in FINDERS]
    with ThreadPoolExecutor(SEARCHES_AT_ONCE) as pool:
        answers = list(pool.map(_identifiers, (wanted for _, wanted in asked)))
    of_others = {type_token: taken(state, type_token, edge) for type_token in {wanted.type for _, wanted in asked}}
    found: list[Found] = []
    problems: list[str] = []
    for (resource, wanted), answer in zip(asked, answers, strict=True):
        identifiers = [identifier for identifier in answer if identifier not in of_others[wanted.type]]
        if len(identifiers) > 1:
            problems.append(
                f"{wanted.name}: {len(identifiers)} things match it by {FINDERS[wanted.type].by}: "
                f"{', '.join(identifiers)}; remove those that are not in use, then run this again"
            )
        elif identifiers:
            found.append(Found(resource=resource, wanted=wanted, identifier=identifiers[0]))
    if problems:
        raise OpsError("\n".join(problems))
    return found


def taken(state: State, type_token: str, edge: EdgeApi) -> frozenset[str]:
    """The identifiers of a type's resources in the state, under any URN, as its finder returns them."""
    known = [resource for resource in state.resources if resource["type"] == type_token]
    identified = FINDERS[type_token].identified
    return frozenset(identified(_wanted(state, each, edge), str(each.get("id", ""))) for each in known)


def best(found: list[Found]) -> list[Found]:
    """The resources of which every input is known, because providers check inputs together; if there are none, all.

    The others wait for a resource that is found in the same round, or that only `up` creates.
    """
    known = [each for each in found if UNKNOWN not in json.dumps(each.wanted.inputs)]
    return known or found


def unknown_types(missing: Iterable[Resource]) -> list[str]:
    """Types without a finder: existing resources of these are not found."""
    types = {resource["type"] for resource in missing if resource.get("custom") and not is_provider(resource)}
    return sorted(types - FINDERS.keys() - AGAIN.keys())


def settle(found: Iterable[Found]) -> None:
    """Wait until a resource that was still being created can be changed."""
    slow = [(FINDERS[each.wanted.type].settled, each) for each in found]
    with ThreadPoolExecutor(SEARCHES_AT_ONCE) as pool:
        for done in [pool.submit(wait, each.wanted, each.identifier) for wait, each in slow if wait]:
            done.result()


def read(engine: Engine, stack: str, urns: list[str], edge: EdgeApi) -> None:
    """Have the engine refresh resources."""
    if any("cloudflare:" in urn for urn in urns) and not os.environ.get(TOKEN_VARIABLE):
        # A restored provider lacks its token, which a preview hides, until `up` sets it.
        os.environ[TOKEN_VARIABLE] = edge.secret(TOKEN)
    engine.refresh(stack, lambda _line: None, urns)


def read_back(engine: Engine, stack: str, found: list[Found], edge: EdgeApi) -> None:
    """Have the engine refresh what was adopted. Raises OpsError for what its provider does not find."""
    read(engine, stack, [each.resource["urn"] for each in found], edge)
    there = {resource["urn"] for resource in State(engine.export(stack)).resources}
    lost = [str(each) for each in found if each.resource["urn"] not in there]
    if lost:
        raise OpsError(f"stack {stack}: found, but not readable to the provider: {', '.join(lost)}")


def _wanted(state: State, resource: Resource, edge: EdgeApi) -> Wanted:
    return Wanted(
        type=resource["type"],
        name=logical_name(resource["urn"]),
        inputs=resource.get("inputs") or {},
        region=state.region(resource),
        edge=edge,
    )


def _identifiers(wanted: Wanted) -> list[str]:
    try:
        return FINDERS[wanted.type].find(wanted)
    except (NotKnownYetError, KeyError):
        return []
    except errors() as error:
        raise OpsError(f"{wanted.name}: cannot be looked for: {one_line(error)[:300]}") from None
