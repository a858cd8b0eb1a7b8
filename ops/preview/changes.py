"""Changes as values: the effect of the engine's steps on each resource, with property differences and without
secrets."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ops.core import engine

SECRET = "[secret]"
UNKNOWN = "known after the update"
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key under which the engine marks a secret, or an asset, inside a value."""
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
INTERNAL = frozenset({"__defaults", "__meta"})
"""Inputs for the plugins' internal use."""
NOTHING_IN_A_CLOUD = ("askproai:", "pulumi:")
"""The prefixes of the types of components and providers, which exist only in the program."""

CREATED, UPDATED, REPLACED, DELETED, SAME = "create", "update", "replace", "delete", "same"
OPERATIONS: Mapping[str, str] = {
    "create": CREATED,
    "import": CREATED,
    "update": UPDATED,
    "replace": REPLACED,
    "create-replacement": REPLACED,
    "delete-replaced": REPLACED,
    "import-replacement": REPLACED,
    "delete": DELETED,
    "same": SAME,
}
"""The effect of each engine operation on a resource; others, such as `read`, have none."""


@dataclass(frozen=True, kw_only=True)
class About:
    """A resource in a report, by its type token and logical name."""

    stack: str
    type: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A property that changes; None if it is not set."""

    path: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.path}: {said(self.old)} to {said(self.new)}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one resource. `old` and `new` are its inputs, {} if it does not exist."""

    stack: str
    urn: str
    operation: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    was_protected: bool = False
    protected: bool = False
    reasons: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()

    @property
    def type(self) -> str:
        """The resource's type token."""
        return _type(self.urn)

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The properties that change. Only the engine's reasons show that a secret changes."""
        if self.operation not in (UPDATED, REPLACED):
            return ()
        found = tuple(differences(self.old, self.new))
        named = {re.split(r"[.\[]", each.path)[0] for each in found}
        silent = sorted({re.split(r"[.\[]", reason)[0] for reason in self.reasons} - named)
        hidden = (Difference(path=key, old=SECRET, new=SECRET) for key in silent if SECRET in str(self.old.get(key)))
        return (*found, *hidden)

    def record(self) -> dict[str, Any]:
        """What changes, for JSON."""
        told = {key: getattr(self, key) for key in ("stack", "operation", "type", "name")}
        return told | {"properties": [asdict(each) for each in self.differences]}


def changes(stack: str, steps: Iterable[Mapping[str, Any]]) -> list[Change]:
    """What the steps of `pulumi preview --json --show-sames` do, one for each resource in a cloud, by URN."""
    found: dict[str, Change] = {}
    for step in steps:
        operation = OPERATIONS.get(step["op"])
        if operation is None or _type(step["urn"]).startswith(NOTHING_IN_A_CLOUD):
            continue
        old, new = step.get("oldState") or {}, step.get("newState") or {}
        before = found.get(step["urn"])
        if before is not None and before.operation == REPLACED:
            # The three steps of a replacement have different parts of the information.
            old = old or {"inputs": before.old, "protect": before.was_protected}
            new = new or {"inputs": before.new, "protect": before.protected}
            operation = REPLACED
        found[step["urn"]] = Change(
            stack=stack,
            urn=step["urn"],
            operation=operation,
            old=masked(old.get("inputs") or {}),
            new={} if operation == DELETED else masked(new.get("inputs") or {}),
            was_protected=bool(old.get("protect")),
            protected=bool(new.get("protect")),
            reasons=tuple(step.get("diffReasons") or step.get("replaceReasons") or ()),
            needs=_needs(new or old),
        )
    return [found[urn] for urn in sorted(found)]


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def masked(value: Any) -> Any:
    """A value of a state without its secrets and the plugins' internal values, and with unknown values as text."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return SECRET
        return {key: masked(each) for key, each in value.items() if key not in INTERNAL}
    if isinstance(value, list):
        return [masked(each) for each in value]
    if isinstance(value, str) and engine.UNKNOWN in value:
        return UNKNOWN
    return value


def differences(old: Any, new: Any, path: str = "") -> Iterator[Difference]:
    """The parts of a value that change, by path. JSON texts are compared by content."""
    old, new = _opened(old), _opened(new)
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _items(old, new, path)
    else:
        yield Difference(path=path, old=old, new=new)


def said(value: Any) -> str:
    """A value as text."""
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _items(old: list[Any], new: list[Any], path: str) -> Iterator[Difference]:
    if len(old) == len(new):
        for place, pair in enumerate(zip(old, new, strict=True)):
            yield from differences(*pair, f"{path}[{place}]")
        return
    # Not by position: a removed item would make all following ones look changed.
    for place, item in enumerate(old):
        if item not in new:
            yield Difference(path=f"{path}[{place}]", old=item, new=None)
    for place, item in enumerate(new):
        if item not in old:
            yield Difference(path=f"{path}[{place}]", old=None, new=item)


def _opened(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _needs(state: Mapping[str, Any]) -> frozenset[str]:
    """The URNs on which a resource depends."""
    by_property = (state.get("propertyDependencies") or {}).values()
    return frozenset(state.get("dependencies") or ()).union(*(urns or () for urns in by_property))
