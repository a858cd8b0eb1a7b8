"""Validates a stack's configuration, and reports all its problems at once."""

import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from project_files import merged
from settings import explain, secrets
from settings.account import AccountSettings
from settings.block import Block
from settings.edge import EdgeSettings
from settings.edge_secrets import EDGE_CHECKS
from settings.model import Settings
from settings.problems import Path, Problem, shown
from settings.shapes import LABEL

StackSettings = Settings | EdgeSettings | AccountSettings

TRUTH = {"true": True, "false": False}
NONE = "none"
"""The value in a stack's file for a block that Pulumi.yaml has and the stack does not."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of stack: its settings, and its secrets."""

    model: type[Settings] | type[EdgeSettings] | type[AccountSettings]
    secrets: Mapping[str, secrets.Check]

    def annotation(self, name: str) -> Any:
        """The type of a setting."""
        return self.model.model_fields[name].annotation


REGION = Kind(model=Settings, secrets={**secrets.CHECKS, **secrets.OPTIONAL})
EDGE = Kind(model=EdgeSettings, secrets=EDGE_CHECKS)
ACCOUNT = Kind(model=AccountSettings, secrets={})


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A stack's settings and their problems; a setting with a problem cannot be read."""

    kind: Kind
    settings: StackSettings
    problems: list[Problem]


def judge(stack: str, given: Mapping[str, Any], shared: Mapping[str, Any], encrypted: Set[str]) -> Judgement:
    """Validate a stack's configuration, except its secrets.

    `given` are its values by key: text as the engine passes it, or blocks and lists. `shared` are the values of
    Pulumi.yaml, the defaults for `given`; `encrypted` are the keys that the stack's file encrypts.
    """
    kind = _kind(given, shared)
    found = [problem for name in sorted(given) if (problem := _misplaced(kind, name, given[name], shared, encrypted))]
    hidden = {str(problem.path[0]) for problem in found}
    fields = kind.model.model_fields
    own = {name: _decoded(kind, name, value) for name, value in given.items() if name in fields and name not in hidden}
    common = {name: value for name, value in shared.items() if name in fields and name not in hidden}
    raw = {name: value for name, value in merged(common, own).items() if not _is_left_out(kind, name, value)}
    settings, of_values = _validated(kind, raw, hidden, stack)
    problems = [*found, *of_values, *settings.broken_rules()]
    written = {name: own.get(name, value) for name, value in given.items() if not _is_shared(name, value, shared)}
    placed = [replace(each, shared=_known(each.path, shared) > _known(each.path, written)) for each in problems]
    return Judgement(kind=kind, settings=settings, problems=placed)


def _known(path: Path, values: Any) -> int:
    """How many parts of a path lead to something in the values."""
    for depth, part in enumerate(path):
        if not isinstance(values, Mapping) or part not in values:
            return depth
        values = values[part]
    return len(path)


def _kind(given: Mapping[str, Any], shared: Mapping[str, Any]) -> Kind:
    """The kind that matches most of the file's own keys; if several do, the one of the role, which may be wrong."""
    own = {name for name, value in given.items() if not _is_shared(name, value, shared)}
    by_role = {"edge": EDGE, "account": ACCOUNT}.get(str(given.get("role")), REGION)
    return max((by_role, REGION, EDGE, ACCOUNT), key=lambda kind: len(own & {*kind.model.model_fields, *kind.secrets}))


def _is_shared(name: str, value: Any, shared: Mapping[str, Any]) -> bool:
    """Whether a value is the default in Pulumi.yaml, which the engine passes to stacks of every kind."""
    return name in shared and _json(value) == as_handed_over(shared[name])


def _misplaced(kind: Kind, name: str, value: Any, shared: Mapping[str, Any], encrypted: Set[str]) -> Problem | None:
    """The problem of an unknown key, or of an encrypted setting; neither value is shown."""
    if name in kind.secrets:
        return None
    if name not in kind.model.model_fields:
        if name not in encrypted and _is_shared(name, value, shared):
            return None
        return Problem(path=(name,), text=explain.unknown(name, kind.model, tuple(kind.secrets)))
    if name in encrypted:
        secret_names = ", ".join(kind.secrets)
        return Problem(path=(name,), text=f"is encrypted (not shown), but is not a secret; secrets are {secret_names}")
    return None


def _decoded(kind: Kind, name: str, value: Any) -> Any:
    """The engine passes blocks and lists as JSON, and everything else as text."""
    annotation = explain.bare(kind.annotation(name))
    if not isinstance(value, str):
        return value
    if annotation is bool:
        return TRUTH.get(value, value)
    if annotation is int:
        return int(value) if re.fullmatch(r"-?[0-9]+", value) else value
    return value if annotation is str else _json(value)


def _json(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def as_handed_over(value: Any) -> Any:
    """A value of a file as the engine would pass it: as text, except blocks and lists."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool | int | float) else value


def _is_left_out(kind: Kind, name: str, value: Any) -> bool:
    field = kind.model.model_fields[name]
    return value == NONE and not field.is_required() and explain.block_of(field.annotation) is not None


def _validated(kind: Kind, raw: dict[str, Any], hidden: Set[str], stack: str) -> tuple[StackSettings, list[Problem]]:
    found: list[Problem] = []
    broken: set[Path] = {(name,) for name in hidden}
    settings: StackSettings | None = None
    try:
        settings = kind.model.model_validate(raw)
    except ValidationError as error:
        found = [problem for problem in explain.problems(kind.model, error) if problem.path[0] not in hidden]
        broken |= {_setting(kind.model, details["loc"]) for details in error.errors(include_url=False)}
    environment = raw.get("environment")
    if ("environment",) not in broken and environment != stack:
        # A copied file would declare resources with another stack's names.
        named = (
            f"want {stack}" if LABEL.fullmatch(stack) else "name the stack with 1 to 12 lower-case letters and digits"
        )
        found.insert(0, Problem(path=("environment",), text=f"{shown(environment)} is not this stack; {named}"))
        broken.add(("environment",))
    return settings if settings and not broken else _readable(kind.model, raw, (), broken), found


def _setting(annotation: Any, location: Path) -> Path:
    """The part of pydantic's location that is a setting: a list or map with an invalid entry is invalid as a whole."""
    if not location:
        return ()
    first, *rest = location
    annotation = explain.bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Block):
        field = annotation.model_fields.get(str(first))
        return (first, *_setting(field.annotation, tuple(rest))) if field else (first,)
    inner = get_args(annotation)[-1] if get_origin(annotation) is dict else None
    if isinstance(inner, type) and issubclass(inner, Block) and explain.KEY not in rest[:1]:
        return (first, *_setting(inner, tuple(rest)))
    return ()


def _readable(annotation: Any, raw: Any, path: Path, broken: Set[Path]) -> Any:
    """`raw` as a model, without the settings in `broken`."""
    if not isinstance(raw, dict):
        return raw
    kept = {name: value for name, value in raw.items() if (*path, name) not in broken}
    annotation = explain.bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Block):
        fields = {name: field for name, field in annotation.model_fields.items() if name in kept}
        values = {n: _readable(field.annotation, kept[n], (*path, n), broken) for n, field in fields.items()}
        block = annotation.model_construct(**values)
        for name in (name for name in annotation.model_fields if (*path, name) in broken):
            # Its default would not be the file's value.
            block.__dict__.pop(name, None)
        return block
    inner = get_args(annotation)[1]
    return {name: _readable(inner, value, (*path, name), broken) for name, value in kept.items()}
