"""A rule, and the resources that it checks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from policies.configuration import Configuration
from policies.values import is_false, is_true, known, lookup, shown


class Severity(StrEnum):
    """How severe a violation is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


LOW, MEDIUM, HIGH, CRITICAL = Severity


class Finding(NamedTuple):
    """What breaks a rule, and what the rule requires instead."""

    found: str
    wanted: str


Findings = Iterable[Finding]
EVERY = ("*",)
"""Resources of all types."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a stack; `links` are the URNs that each property depends on."""

    type: str
    name: str
    urn: str
    stack: str
    props: Mapping[str, Any]
    configuration: Configuration
    region: str | None = None
    links: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def raw(self, path: str) -> Any:
        """The value at a dotted path: None if unset, UNKNOWN, or a Secret."""
        return lookup(self.props, path)

    def get(self, path: str) -> Any:
        """The value at a dotted path, None if unset. Raises NotKnownYetError."""
        return known(self.raw(path), path)

    def has(self, path: str) -> bool:
        """Whether a property is set, though its value may be known only after the update."""
        return self.raw(path) not in (None, "", [])

    def each(self, path: str) -> list[str]:
        """The paths of a list's items. Raises NotKnownYetError if not even their number is known."""
        value = self.raw(path)
        return [f"{path}.{place}" for place in range(len(value if isinstance(value, list) else self.get(path) or []))]

    def wants(self, path: str, *allowed: Any) -> list[Finding]:
        """A property must have one of the values."""
        value = self.get(path)
        fits = any(
            is_true(value) if one is True else is_false(value) if one is False else value == one for one in allowed
        )
        return [] if fits else [Finding(f"{path} {shown(value)}", f"{path} {' or '.join(map(shown, allowed))}")]

    def wants_any(self, *paths: str) -> list[Finding]:
        """One of the properties must be set."""
        return [] if any(map(self.has, paths)) else [Finding(f"{' and '.join(paths)} not set", f"{' or '.join(paths)}")]

    def wants_at_least(self, path: str, floor: float) -> list[Finding]:
        """A property must be a number at or above the floor."""
        value = self.get(path)
        fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= floor
        return [] if fits else [Finding(f"{path} {shown(value)}", f"{path} at least {floor}")]

    def wants_all(self, path: str, wanted: Iterable[str]) -> list[Finding]:
        """A list must contain all of the values."""
        value = self.get(path) or []
        missing = sorted(set(wanted) - set(value))
        return [Finding(f"{path} without {shown(missing)}", f"{path} with {shown(sorted(wanted))}")] if missing else []


@dataclass(frozen=True, kw_only=True)
class Stack:
    """All resources of a stack."""

    name: str
    resources: tuple[Resource, ...]
    configuration: Configuration

    @property
    def has_account(self) -> bool:
        """Whether it is the account stack."""
        return self.name == self.configuration.account_stack

    def regions_without(self, kind: str, on: Callable[[Resource], bool] = lambda _each: True) -> list[str]:
        """The account's regions without an enabled resource of a type; empty for other stacks.

        The rule data-in-allowed-region ensures that there are no data in other regions.
        """
        if not self.has_account:
            return []
        return sorted(self.configuration.allowed_regions - {each.region for each in self.of(kind) if on(each)})

    def of(self, *types: str) -> list[Resource]:
        """The resources of some types."""
        return [resource for resource in self.resources if resource.type in types]

    def made_from(self, resource: Resource, kind: str, *properties: str) -> list[Resource]:
        """The resources of a type with a property (by default any) that depends on `resource`."""
        return [
            other
            for other in self.of(kind)
            if any(resource.urn in urns for name, urns in other.links.items() if not properties or name in properties)
        ]

    def sources(self, resource: Resource, kind: str, name: str) -> list[Resource]:
        """The resources of a type that a property of `resource` depends on."""
        return [other for other in self.of(kind) if other.urn in resource.links.get(name, ())]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule about resources of the types `on`, or without types about a whole stack.

    `among`: it also needs the stack's other resources, so it is checked when all of them are known.
    """

    id: str
    says: str
    severity: Severity
    controls: tuple[str, ...]
    remedy: str
    on: tuple[str, ...]
    among: bool
    judge: Callable[..., Findings]

    def about(self, resource: Resource) -> bool:
        """Whether the rule applies to a resource."""
        return resource.type in self.on or self.on == EVERY


def rule(
    *, severity: Severity, controls: str, remedy: str, on: str | tuple[str, ...] = (), among: bool = False
) -> Callable[[Callable[..., Findings]], Rule]:
    """Make a function a rule: its name is the rule's ID, its docstring the rule's text.

    `controls` are separated by semicolons; "(own)" marks our own mapping.
    """

    def made(judge: Callable[..., Findings]) -> Rule:
        assert judge.__doc__, judge.__name__
        types = (on,) if isinstance(on, str) else on
        return Rule(
            id=judge.__name__.replace("_", "-"),
            says=judge.__doc__,
            severity=severity,
            controls=tuple(controls.split("; ")),
            remedy=remedy,
            on=types,
            among=among or not types,
            judge=judge,
        )

    return made
