"""Small stacks for one rule: a compliant one, and twins that differ in one property."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from policies.configuration import Configuration, Enforcement, Level
from policies.judge import Judge
from policies.rule import Resource, Rule, Stack

HOME, AWAY, ELSEWHERE = "eu-central-1", "eu-west-1", "us-east-1"
STACK, STANDBY = "home", "away"
UNSET, GONE = object(), object()
"""A missing property, and a missing resource."""
AT, CALLED, KIND, WITHIN = "#region", "#name", "#type", "#stack"
"""Instead of a property: the subject's region, name and type, and the stack's name."""
OTHER = "@"
"""Begins the name of another resource than the subject; a property may follow after a colon."""

Change = Mapping[str, Any]
Outcome = Literal["fires", "passes", "undecided"]

CONFIGURATION = Configuration(
    allowed_regions=frozenset({HOME, AWAY}),
    account_stack=STACK,
    independent_of_region={STANDBY: HOME},
    worker_timeout_seconds=60,
    rpo_minutes=60,
    rto_minutes=30,
    takeover_minutes={
        "noticed": 3,
        "answered": 15,
        "decided": 3,
        "promote": 6,
        "first_backup": 4,
        "second_zone": 5,
        "cache": 8,
        "health_check": 0.5,
        "flip": 2,
    },
    admin_hosts=frozenset({"admin"}),
    pair=(STACK, STANDBY),
    may_lack={STANDBY: frozenset({"aws:a:A"})},
    enforcement=Enforcement(default=Level.MANDATORY, rules={}, stacks={}),
)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource of a scene; `links` are the names of what a property was made from, "it" for the subject."""

    type: str
    props: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    region: str | None = HOME


@dataclass(frozen=True, kw_only=True)
class Case:
    """A rule's expected outcomes for a compliant scene's twins. A rule about a whole stack has no subject `it`."""

    rule: Rule
    it: Made | None = None
    others: Mapping[str, Made] = field(default_factory=dict)
    fires: tuple[Change, ...]
    passes: tuple[Change, ...] = ()
    undecided: tuple[Change, ...] = ()

    def outcome(self, change: Change, rule: Rule | None = None) -> Outcome:
        """The outcome of the scene after a change, from the pack's own judge."""
        within = change.get(WITHIN, STACK)
        judge = Judge(
            stack=within,
            rules=[rule or self.rule],
            configuration=CONFIGURATION,
            exceptions=[],
            today=date(2026, 1, 1),
        )
        stack = self._stack(change, within)
        violations = [each for resource in stack.resources for each in judge.resource(resource)]
        violations += judge.whole(stack)
        if any(each.resource is None or each.resource.urn == "it" for each in violations):
            return "fires"
        return "undecided" if judge.undecided else "passes"

    def _stack(self, change: Change, within: str) -> Stack:
        made = {**({"it": self.it} if self.it else {}), **self.others}
        props = {name: copy.deepcopy(dict(each.props)) for name, each in made.items()}
        for key, value in change.items():
            if key.startswith(OTHER):
                name, _colon, path = key.removeprefix(OTHER).partition(":")
            else:
                name, path = "it", key
            if value is GONE:
                del made[name]
            elif key not in (AT, CALLED, KIND, WITHIN):
                _put(props[name], path, value)
        resources = [_resource(name, each, props[name], within) for name, each in made.items()]
        if "it" in made:
            it = resources[0]
            resources[0] = replace(
                it, region=change.get(AT, it.region), name=change.get(CALLED, it.name), type=change.get(KIND, it.type)
            )
        return Stack(name=within, resources=tuple(resources), configuration=CONFIGURATION)


def _resource(name: str, made: Made, props: dict[str, Any], within: str) -> Resource:
    return Resource(
        type=made.type,
        name=made.name or name,
        urn=name,
        stack=within,
        props=props,
        configuration=CONFIGURATION,
        region=made.region,
        links={key: frozenset({source}) for key, source in made.links.items()},
    )


def _put(props: Any, path: str, value: Any) -> None:
    *before, last = (int(step) if step.isdigit() else step for step in path.split("."))
    for step in before:
        props = props[step]
    if value is UNSET:
        del props[last]
    else:
        props[last] = value


def in_both(name: str, kind: str, /, **props: Any) -> dict[str, Made]:
    """A resource in each region of the account."""
    return {
        f"{name}-{where}": Made(type=kind, props=props, region=at) for where, at in (("home", HOME), ("away", AWAY))
    }


def each(*paths: str, value: Any) -> tuple[Change, ...]:
    """A change for each of the properties."""
    return tuple({path: value} for path in paths)


def values(path: str, *found: Any) -> tuple[Change, ...]:
    """A change for each of a property's values."""
    return tuple({path: value} for value in found)
