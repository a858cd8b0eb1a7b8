"""Settings with lists changed as by an operator, and the allowed effects of such a change on resources."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fake_cloud import Cloud

from settings.block import Block

ENCODED = ("contentBase64", "userData")
"""Documents of hosts, in base64; the key of a bundle is its checksum."""

B = TypeVar("B", bound=Block)
Lists = Callable[[list[Any]], list[Any]]


def rotated(items: list[Any]) -> list[Any]:
    """Moves the first item to the end: of two or more, none keeps its position."""
    return [*items[1:], *items[:1]]


def with_lists(settings: B, change: Lists, *, but: tuple[str, ...] = ()) -> B:
    """The settings with each of their lists and tables of blocks changed, except the lists in `but`."""
    return settings.model_validate(_changed(settings.model_dump(), change, but))


def _changed(values: Mapping[str, Any], change: Lists, but: tuple[str, ...]) -> dict[str, Any]:
    return {key: value if key in but else _of(value, change, but) for key, value in values.items()}


def _of(value: Any, change: Lists, but: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return change(value)
    if not isinstance(value, dict):
        return value
    # A table of blocks has names that an operator chooses, all with the same keys.
    forms = {tuple(own) if isinstance(own, dict) else None for own in value.values()}
    if len(value) > 1 and len(forms) == 1 and None not in forms:
        return dict(change(list(value.items())))
    return _changed(value, change, but)


def unordered(value: Any) -> Any:
    """A value without the order of its lists, including those in JSON documents."""
    if _is_document(value):
        return unordered(json.loads(value)) if value[0] in "{[" else value
    if isinstance(value, Mapping):
        return {key: unordered(own) for key, own in value.items()}
    if isinstance(value, list):
        return sorted((unordered(own) for own in value), key=lambda own: json.dumps(own, sort_keys=True, default=str))
    return value


def _is_document(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("{", "[", "bundles/"))


def plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that are neither lists nor documents: they include everything that forces a replacement."""
    return {
        key: value
        for key, value in inputs.items()
        if key not in ENCODED and isinstance(value, str | int | float) and not _is_document(value)
    }


def by_urn(cloud: Cloud[Any], of: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any]:
    """The result of `of` for the inputs of every resource."""
    return {record.urn: of(record.inputs) for record in cloud.resources if record.custom}
