"""Converts properties from pulumi-aws's form to the bridge's and back, without loss.

A shape says where the two differ: one property is renamed, or a block of at most one item is an object here and a list
of one there. Equal parts are not touched.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf.struct_pb2 import ListValue, Struct, Value

TABLE = Path(__file__).with_name("shapes.json")

# Wire constants of the Pulumi engine (sdk/go/common/resource/properties.go).
SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# Keeps which blocks the bridge had as empty lists: an object cannot tell an empty list from none.
EMPTY_BLOCKS = "__emptyBlocks"
# The bridge's own list of properties that it filled with defaults.
DEFAULTS = "__defaults"


@dataclass(frozen=True)
class Difference:
    """How one property differs: its name on the other side, whether it changes between one and a list, and inside."""

    name: str
    listed: bool = False
    inside: "Shape | None" = None


@dataclass
class Shape:
    """The differences of one object: by pulumi-aws name, by bridge name, and arguments the provider does not know."""

    to_bridge: dict[str, Difference] = field(default_factory=dict)
    to_sdk: dict[str, Difference] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Mapping:
    """The bridge's token for a pulumi-aws token, and the shape of its properties."""

    terraform: str
    token: str
    shape: Shape


class UnknownTokenError(Exception):
    """A type that the table of tokens does not have."""


def bridge_token(terraform: str, *, prefix: str = "") -> str:
    """`aws_launch_template` is `aws:index/launchTemplate:LaunchTemplate`; a data source has the prefix `get`."""
    pascal = "".join(part[:1].upper() + part[1:] for part in terraform.removeprefix("aws_").split("_"))
    member = prefix + pascal if prefix else pascal
    return f"aws:index/{member[0].lower()}{member[1:]}:{member}"


@cache
def table() -> dict[str, Any]:
    """What `generate` wrote."""
    return json.loads(TABLE.read_text())


@cache
def mapping(token: str) -> Mapping:
    """The mapping of a resource type. Raises UnknownTokenError."""
    row = table()["resources"].get(token)
    if row is None:
        raise UnknownTokenError(
            f"{token} is not in sandbox/plugins/aws/tokens.yaml: add it with its Terraform type, then `make shapes`"
        )
    return Mapping(row["terraform"], bridge_token(row["terraform"]), _shape(row["shape"]))


@cache
def function(token: str) -> str:
    """The bridge's token of a function. Raises UnknownTokenError."""
    terraform = table()["functions"].get(token)
    if terraform is None:
        raise UnknownTokenError(f"{token} is not in sandbox/plugins/aws/tokens.yaml: add it with its data source")
    return bridge_token(terraform, prefix="get")


@cache
def _shape(name: str) -> Shape:
    row = table()["shapes"].get(name, {})
    shape = Shape(missing=frozenset(row.get("missing", ())))
    for sdk, (bridge, listed, inside) in row.get("differences", {}).items():
        nested = _shape(inside) if inside else None
        shape.to_bridge[sdk] = Difference(bridge, listed, nested)
        shape.to_sdk[bridge] = Difference(sdk, listed, nested)
    return shape


def to_bridge(properties: Struct, shape: Shape) -> None:
    """Convert in place, from pulumi-aws to the bridge."""
    fields = properties.fields
    empty = [v.string_value for v in fields[EMPTY_BLOCKS].list_value.values] if EMPTY_BLOCKS in fields else []
    fields.pop(EMPTY_BLOCKS, None)
    _rename_defaults(fields, shape.to_bridge)
    for sdk, difference in _present(fields, shape.to_bridge):
        value = fields.pop(sdk)
        if difference.inside:
            _convert_inside(value, difference.inside, to_bridge)
        fields[difference.name].CopyFrom(_listed(value) if difference.listed else value)
    for sdk in empty:
        fields[shape.to_bridge[sdk].name].list_value.SetInParent()


def to_sdk(properties: Struct, shape: Shape) -> None:
    """Convert in place, from the bridge to pulumi-aws."""
    fields = properties.fields
    empty: list[str] = []
    _rename_defaults(fields, shape.to_sdk)
    for bridge, difference in _present(fields, shape.to_sdk):
        value = fields.pop(bridge)
        if difference.inside:
            _convert_inside(value, difference.inside, to_sdk)
        if difference.listed:
            items = _payload(value)
            if items.WhichOneof("kind") == "list_value" and not items.list_value.values:
                empty.append(difference.name)
                continue
            value = _single(value)
        fields[difference.name].CopyFrom(value)
    if empty:
        fields[EMPTY_BLOCKS].list_value.extend(sorted(empty))


def unknown_arguments(properties: Struct, shape: Shape, path: str = "") -> list[str]:
    """Paths of the arguments that the Terraform provider does not know."""
    found = [path + name for name in properties.fields if name in shape.missing and _is_set(properties.fields[name])]
    for name, difference in _present(properties.fields, shape.to_bridge):
        if difference.inside:
            for item in _objects(properties.fields[name]):
                found += unknown_arguments(item, difference.inside, f"{path}{name}.")
    return found


def path_to_sdk(path: str, shape: Shape) -> str:
    """A property path (`rules[0].filters[0].prefix`) of the bridge, in pulumi-aws's names."""
    return _path(path, shape, "to_sdk")


def path_to_bridge(path: str, shape: Shape) -> str:
    """A property path of pulumi-aws, in the bridge's names."""
    return _path(path, shape, "to_bridge")


def _path(path: str, shape: Shape, direction: str) -> str:
    parts = re.findall(r"[^.\[\]]+|\[[^\]]*\]", path)
    out, current, skip = "", shape, False
    for position, part in enumerate(parts):
        if part.startswith("["):
            out += "" if skip else part
            skip = False
            continue
        difference = getattr(current, direction).get(part)
        out += ("." if out else "") + (difference.name if difference else part)
        skip = bool(difference and difference.listed and direction == "to_sdk")
        # The whole property is the list; only paths inside it are in its one item.
        if difference and difference.listed and direction == "to_bridge" and position + 1 < len(parts):
            out += "[0]"
        current = (difference.inside if difference else None) or Shape()
    return out


def _present(fields: Any, differences: dict[str, Difference]) -> list[tuple[str, Difference]]:
    return [(name, difference) for name, difference in differences.items() if name in fields]


def _rename_defaults(fields: Any, differences: dict[str, Difference]) -> None:
    if DEFAULTS in fields:
        for value in fields[DEFAULTS].list_value.values:
            if value.string_value in differences:
                value.string_value = differences[value.string_value].name


def _payload(value: Value) -> Value:
    """The value inside the engine's wrappers (secrets, outputs), or the value itself."""
    while value.WhichOneof("kind") == "struct_value" and SIGNATURE_KEY in value.struct_value.fields:
        if "value" not in value.struct_value.fields:
            break
        value = value.struct_value.fields["value"]
    return value


def _objects(value: Value) -> list[Struct]:
    """The objects in a value: itself, or those in its list."""
    inner = _payload(value)
    kind = inner.WhichOneof("kind")
    if kind == "list_value":
        return [found for item in inner.list_value.values for found in _objects(item)]
    return [inner.struct_value] if kind == "struct_value" else []


def _convert_inside(value: Value, shape: Shape, convert: Any) -> None:
    for item in _objects(value):
        if SIGNATURE_KEY not in item.fields:
            convert(item, shape)


def _is_unknown(payload: Value) -> bool:
    """The unknown is a constant of its own, or a wrapper around nothing."""
    return payload.string_value == UNKNOWN or SIGNATURE_KEY in payload.struct_value.fields


def _is_set(value: Value) -> bool:
    return _payload(value).WhichOneof("kind") not in (None, "null_value")


def _listed(value: Value) -> Value:
    """The value as a list of one, inside its wrapper; null and unknown values stay unchanged."""
    out = Value()
    out.CopyFrom(value)
    inner = _payload(out)
    if inner.WhichOneof("kind") not in (None, "null_value", "list_value") and not _is_unknown(inner):
        item = Value()
        item.CopyFrom(inner)
        inner.list_value.CopyFrom(ListValue(values=[item]))
    return out


def _single(value: Value) -> Value:
    """The one item of a list, inside its wrapper."""
    out = Value()
    out.CopyFrom(value)
    inner = _payload(out)
    if inner.WhichOneof("kind") == "list_value":
        item = Value()
        item.CopyFrom(inner.list_value.values[0])
        inner.CopyFrom(item)
    return out
