"""IAM policy documents: their statements, and to whom they grant what."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.rule import Resource
from policies.values import MalformedError

EVERYBODY = "*"
PINNING_KEYS = frozenset({
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "kms:calleraccount",
})  # fmt: skip
"""Condition keys that limit the caller; keys such as aws:SecureTransport do not."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement, with each of its lists as a list."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    conditions: dict[str, dict[str, Any]]
    text: str
    """The whole statement as JSON with its keys in order."""

    @property
    def keys(self) -> frozenset[str]:
        """The condition keys, in lower case as IAM compares them."""
        return frozenset(key.lower() for test in self.conditions.values() for key in test)

    @property
    def open(self) -> bool:
        """Whether it grants something to everyone."""
        return self.allows and any(name == EVERYBODY for _kind, name in self.principals)

    @property
    def pinned(self) -> bool:
        """Whether a condition limits the caller."""
        return bool(self.keys & PINNING_KEYS)

    def tests(self, operator: str, key: str) -> list[str]:
        """The values to which a condition compares a key, for operators that begin with `operator`."""
        return [
            str(value).lower()
            for name, test in self.conditions.items()
            if name.lower().startswith(operator.lower())
            for each, values in test.items()
            if each.lower() == key.lower()
            for value in _listed(values)
        ]


def statements(resource: Resource, path: str) -> list[Statement]:
    """The statements of a resource's document. Raises NotKnownYetError, and MalformedError if it is not a document."""
    try:
        return parsed(resource.get(path))
    except MalformedError:
        raise MalformedError(f"{path} without statements") from None


def parsed(value: Any) -> list[Statement]:
    """The statements of a document, given as JSON or parsed. Raises MalformedError for anything else."""
    try:
        document = json.loads(value) if isinstance(value, str) else value
        return [
            Statement(
                allows=raw["Effect"] == "Allow",
                # NotAction and NotResource allow everything that they do not name.
                actions=_listed(raw.get("Action", EVERYBODY)),
                resources=_listed(raw.get("Resource", EVERYBODY)),
                principals=tuple(_principals(raw)),
                conditions=raw.get("Condition") or {},
                text=json.dumps(raw, sort_keys=True),
            )
            for raw in _listed(document["Statement"])
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise MalformedError("no document with statements") from None


def _principals(raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    given = EVERYBODY if "NotPrincipal" in raw else raw.get("Principal", {})
    if isinstance(given, str):
        given = {"AWS": given}
    for kind, names in given.items():
        for name in _listed(names):
            yield kind, name


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)
