"""YAML as the engine reads it: a key that a block has twice is refused, and only `true` and `false` are truth values.

PyYAML alone would silently take the last of two equal keys, and read `yes` and `on` as true, which the engine takes as
text.
"""

import re
from typing import Any

import yaml

TRUTH = "tag:yaml.org,2002:bool"
# Without libyaml there is only the loader in Python, which is ten times slower.
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlTextError(ValueError):
    """A text that is not YAML, or has a key twice; the message is one line, with the number of the text's line."""


def parse(text: str) -> Any:
    """The content of a YAML text. Raises YamlTextError."""
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError) as error:
        # PyYAML leaves a date that no calendar has to `datetime`.
        raise YamlTextError(_line(error)) from None


def _line(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return str(error).splitlines()[0]


class _Loader(LOADER):
    def construct_document(self, node: yaml.Node) -> Any:
        _refuse_twice(node, set())
        return super().construct_document(node)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in rows if tag != TRUTH] for first, rows in LOADER.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(TRUTH, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))


def _refuse_twice(node: yaml.Node, seen: set[yaml.Node]) -> None:
    """Refuse a key that a block has twice. What a block merges from another with `<<` it may have too."""
    if isinstance(node, yaml.ScalarNode) or node in seen:
        return
    seen.add(node)
    if not isinstance(node, yaml.MappingNode):
        for item in node.value:
            _refuse_twice(item, seen)
        return
    places: dict[Any, yaml.Mark] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            place = places.setdefault(key.value, key.start_mark)
            if place is not key.start_mark:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value} is in line {place.line + 1} already; keep one of the two",
                    problem_mark=key.start_mark,
                )
        _refuse_twice(value, seen)
