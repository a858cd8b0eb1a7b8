"""Properties between the engine's protocol and Python: secrets stay wrapped, the unknown stays unknown."""

from dataclasses import dataclass
from typing import Any

from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

# Wire constants of the Pulumi engine (sdk/go/common/resource/properties.go, sdk/go/common/resource/plugin/rpc.go).
SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWNS = {
    UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}
"""The unknown values of a string, a boolean, a number, a list and an object."""


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts and does not show."""

    value: Any


@dataclass(frozen=True)
class Unknown:
    """A value that is known only after another resource has been created."""


def read(properties: Struct) -> dict[str, Any]:
    """The engine's properties; null counts as not set."""
    return {name: _read(value) for name, value in properties.fields.items() if value.WhichOneof("kind") != "null_value"}


def write(properties: dict[str, Any]) -> Struct:
    """Properties for the engine."""
    out = Struct()
    for name, value in properties.items():
        _write(out.fields[name], value)
    return out


def bare(value: Any) -> Any:
    """A value without the wrappers of its secrets."""
    if isinstance(value, Secret):
        return bare(value.value)
    if isinstance(value, dict):
        return {name: bare(part) for name, part in value.items()}
    if isinstance(value, list):
        return [bare(part) for part in value]
    return value


def has_unknown(value: Any) -> bool:
    """Whether anything in a value is unknown."""
    if isinstance(value, Secret):
        return has_unknown(value.value)
    if isinstance(value, dict):
        return any(has_unknown(part) for part in value.values())
    if isinstance(value, list):
        return any(has_unknown(part) for part in value)
    return isinstance(value, Unknown)


def has_secret(value: Any) -> bool:
    """Whether anything in a value is secret."""
    if isinstance(value, dict):
        return any(has_secret(part) for part in value.values())
    if isinstance(value, list):
        return any(has_secret(part) for part in value)
    return isinstance(value, Secret)


def _read(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE_KEY not in fields:
            return read(value.struct_value)
        if fields[SIGNATURE_KEY].string_value == SECRET:
            return Secret(_read(fields["value"]))
        return _read(fields["value"]) if "value" in fields else Unknown()
    if kind == "list_value":
        return [_read(item) for item in value.list_value.values]
    if kind == "string_value":
        return Unknown() if value.string_value in UNKNOWNS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def _write(out: Value, value: Any) -> None:
    if isinstance(value, Secret):
        out.struct_value.fields[SIGNATURE_KEY].string_value = SECRET
        _write(out.struct_value.fields["value"], value.value)
    elif isinstance(value, Unknown):
        out.string_value = UNKNOWN
    elif isinstance(value, bool):
        out.bool_value = value
    elif isinstance(value, (int, float)):
        out.number_value = value
    elif isinstance(value, str):
        out.string_value = value
    elif isinstance(value, list):
        out.list_value.SetInParent()
        for item in value:
            _write(out.list_value.values.add(), item)
    elif isinstance(value, dict):
        out.struct_value.SetInParent()
        for name, item in value.items():
            _write(out.struct_value.fields[name], item)
    else:
        out.null_value = NULL_VALUE
