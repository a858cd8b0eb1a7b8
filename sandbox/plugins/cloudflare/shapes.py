"""Properties as pulumi-cloudflare spells them, as the API spells them, and back."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.plugins.cloudflare.properties import Secret, Unknown

TABLE = Path(__file__).with_name("shapes.json")

Shape = dict[str, Any]
"""For each property by Pulumi's name: `[name in the API, kind, shape of the objects inside or None]`."""


@cache
def table() -> dict[str, Any]:
    """What `generate` wrote."""
    return json.loads(TABLE.read_text())


def shape(token: str) -> Shape:
    """The properties of a type."""
    return table()["types"][token]["properties"]


def inputs(token: str) -> list[str]:
    """The names of a type's inputs."""
    return table()["types"][token]["inputs"]


def snake(name: str) -> str:
    """`ipv4Only` is `ipv4_only`."""
    return re.sub(r"(?<!^)([A-Z])", lambda match: f"_{match[1].lower()}", name)


def to_api(values: dict[str, Any], of: Shape) -> dict[str, Any]:
    """An object for the API, secrets in the clear."""
    out = {}
    for name, value in values.items():
        wire, _kind, inside = of.get(name) or [name, "other", None]
        out[wire] = _inside(value, inside, to_api)
    return out


def from_api(values: dict[str, Any], of: Shape) -> dict[str, Any]:
    """An object of the API, in Pulumi's words; what Pulumi does not know and what is not there is left out."""
    names = {wire: (name, kind, inside) for name, (wire, kind, inside) in of.items()}
    out = {}
    for wire, value in values.items():
        if wire not in names or value is None:
            continue
        name, kind, inside = names[wire]
        # Where Pulumi has a text and the API an object, the text is the object in JSON.
        as_text = kind == "text" and not isinstance(value, str)
        out[name] = json.dumps(value) if as_text else _inside(value, inside, from_api)
    return out


def unknown_arguments(values: dict[str, Any], of: Shape, known: list[str] | None = None, path: str = "") -> list[str]:
    """Paths of the arguments that a type does not have."""
    found: list[str] = []
    for name, given in values.items():
        value = given.value if isinstance(given, Secret) else given
        if name.startswith("__"):
            continue
        if name not in (of if known is None else known):
            found.append(path + name)
            continue
        _wire, kind, inside = of[name]
        if inside is None:
            continue
        parts = value if isinstance(value, list) else list(value.items()) if kind == "map" and value else [value]
        for position, part in enumerate(parts):
            item = part[1] if kind == "map" else part
            if isinstance(item, dict):
                place = f"{path}{name}[{position}]." if isinstance(value, list) else f"{path}{name}."
                found += unknown_arguments(item, inside, None, place)
    return found


def _inside(value: Any, inside: Shape | None, convert: Any) -> Any:
    if isinstance(value, Secret):
        return _inside(value.value, inside, convert)
    if isinstance(value, list):
        return [_inside(item, inside, convert) for item in value]
    if isinstance(value, dict):
        if inside is None:
            return {key: _inside(item, None, convert) for key, item in value.items()}
        return convert(value, inside)
    if isinstance(value, Unknown):
        raise TypeError("an unknown value has no form in the API")
    return value
