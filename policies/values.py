"""The values of a resource's properties: unset, unknown before the update, secret, or plain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


class NotKnownYetError(Exception):
    """A value is known only after the update, so the rule cannot be checked in this preview."""


class MalformedError(ValueError):
    """A value does not have the form that its property requires."""


class Unknown:
    """A value that is known only after the update."""

    def __repr__(self) -> str:
        return "known after the update"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the program marked secret."""

    value: Any


def lookup(values: Any, path: str) -> Any:
    """The value at a dotted path, unchanged: None if unset, UNKNOWN, or a Secret."""
    found = values
    for step in path.split("."):
        if isinstance(found, Secret):
            found = found.value
        if found is UNKNOWN or found is None:
            return found
        if isinstance(found, list):
            found = found[int(step)] if step.isdigit() and int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


def known(value: Any, path: str) -> Any:
    """The plain value of a possible secret. Raises NotKnownYetError if any of it is unknown."""
    if value is UNKNOWN:
        raise NotKnownYetError(path)
    if isinstance(value, Secret):
        return known(value.value, path)
    if isinstance(value, list):
        return [known(each, path) for each in value]
    if isinstance(value, dict):
        return {key: known(each, f"{path}.{key}") for key, each in value.items()}
    return value


def shown(value: Any) -> str:
    """A value as text for a message."""
    if isinstance(value, Secret):
        return "[secret]"
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(shown(each) for each in value) or "none"
    return str(value)


def secrets(value: Any) -> Iterator[str]:
    """All secret values inside a value, as text."""
    if isinstance(value, Secret):
        yield shown(value.value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from secrets(each)
    elif isinstance(value, list):
        for each in value:
            yield from secrets(each)


def is_true(value: Any) -> bool:
    """Whether a boolean is true; launch templates have theirs as text."""
    return value is True or value == "true"


def is_false(value: Any) -> bool:
    """Whether a boolean is explicitly false."""
    return value is False or value == "false"


def region_of(arn: str) -> str:
    """The region of an ARN, empty if the service has none. Raises MalformedError if it is not an ARN."""
    parts = arn.split(":")
    if parts[0] != "arn" or len(parts) < 6:
        raise MalformedError(f"{arn} is no ARN")
    return parts[3]
