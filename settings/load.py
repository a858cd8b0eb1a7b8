"""Reads the stack's configuration into its settings, or refuses it with everything that is wrong, at once."""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, get_args, get_origin

import pulumi
from pydantic import ValidationError

from settings import explain, secrets
from settings.block import Block
from settings.edge import EdgeSettings
from settings.edge_secrets import EDGE_CHECKS
from settings.model import Settings
from settings.problems import ConfigurationError, Path, Problem, key

TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a stack can be: its settings, and its secrets."""

    model: type[Settings] | type[EdgeSettings]
    secrets: Mapping[str, secrets.Check]

    def annotation(self, name: str) -> Any:
        """The type of a setting."""
        return self.model.model_fields[name].annotation


REGION = Kind(model=Settings, secrets=secrets.CHECKS)
EDGE = Kind(model=EdgeSettings, secrets=EDGE_CHECKS)


def load(stack_file: str | None = None) -> Settings | EdgeSettings:
    """The settings of the stack that runs.

    `stack_file` is the name that messages carry, by default Pulumi's own name for the stack's file.
    Raises ConfigurationError with one line for each problem of the settings and of the secrets.
    """
    config = pulumi.Config()
    given = {name: value for name in _configured_names(config.name) if (value := config.get(name))}
    encrypted = {name for name in given if _is_encrypted(config.full_key(name))}

    kind = _kind(given)
    found = [problem for name in sorted(given) if (problem := _misplaced(kind, name, encrypted))]
    hidden = {str(problem.path[0]) for problem in found}
    raw = {
        name: _decoded(kind, name, value)
        for name, value in given.items()
        if name in kind.model.model_fields and name not in hidden
    }
    settings, of_values = _validated(kind, raw, hidden)
    found += of_values
    found += settings.broken_rules()
    found += secrets.problems(given, encrypted.__contains__, kind.secrets)
    if found:
        file = stack_file or f"Pulumi.{pulumi.get_stack()}.yaml"
        raise ConfigurationError(
            "\n".join(f"{file}: {key(config.name, problem.path)}: {problem.text}" for problem in found)
        )
    return settings


def _kind(given: Mapping[str, str]) -> Kind:
    """What the role says; when it says nothing that is known, what a key says that only the edge has."""
    role = given.get("role")
    return EDGE if role == "edge" or (role not in ("primary", "standby") and "live" in given) else REGION


def _configured_names(project: str) -> list[str]:
    """All keys of the project's namespace, the empty defaults of `Pulumi.yaml` included.

    `pulumi.Config` answers for a known key alone, so this reads what it reads.
    """
    keys = {**pulumi.runtime.config.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    return [name.removeprefix(f"{project}:") for name in keys if name.startswith(f"{project}:")]


def _is_encrypted(full_key: str) -> bool:
    return pulumi.runtime.is_config_secret(full_key) or full_key in pulumi.runtime.config.get_config_secret_keys_env()


def _misplaced(kind: Kind, name: str, encrypted: Set[str]) -> Problem | None:
    """A key that no setting has, or a setting that is encrypted; neither value is shown."""
    if name in kind.secrets:
        return None
    if name not in kind.model.model_fields:
        return Problem(path=(name,), text=explain.unknown(name, kind.model, tuple(kind.secrets)))
    if name in encrypted:
        secret_names = ", ".join(kind.secrets)
        return Problem(path=(name,), text=f"is encrypted (not shown), and is no secret; secrets are {secret_names}")
    return None


def _decoded(kind: Kind, name: str, value: str) -> Any:
    """The engine hands blocks and lists over as JSON, and everything else as text."""
    if kind.annotation(name) is bool and value in TRUTH:
        return TRUTH[value]
    if kind.annotation(name) in (str, str | None) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def _validated(kind: Kind, raw: dict[str, Any], hidden: Set[str]) -> tuple[Settings | EdgeSettings, list[Problem]]:
    """The settings and what is wrong with their values; what has a problem is unreadable in the settings."""
    try:
        return kind.model.model_validate(raw), []
    except ValidationError as error:
        found = [problem for problem in explain.problems(kind.model, error) if problem.path[0] not in hidden]
        broken = {_setting(kind.model, details["loc"]) for details in error.errors(include_url=False)}
        return _readable(kind.model, raw, (), broken), found


def _setting(annotation: Any, location: Path) -> Path:
    """The part of pydantic's location that leads to a setting: a list or map with a bad entry is bad as a whole."""
    if not location:
        return ()
    first, *rest = location
    if isinstance(annotation, type) and issubclass(annotation, Block):
        field = annotation.model_fields.get(str(first))
        return (first, *_setting(field.annotation, tuple(rest))) if field else (first,)
    inner = get_args(annotation)[-1] if get_origin(annotation) is dict else None
    if isinstance(inner, type) and issubclass(inner, Block) and explain.KEY not in rest[:1]:
        return (first, *_setting(inner, tuple(rest)))
    return ()


def _readable(annotation: Any, raw: Any, path: Path, broken: Set[Path]) -> Any:
    """`raw` as the model holds it, without the settings in `broken`."""
    if not isinstance(raw, dict):
        return raw
    kept = {name: value for name, value in raw.items() if (*path, name) not in broken}
    if isinstance(annotation, type) and issubclass(annotation, Block):
        fields = {name: field for name, field in annotation.model_fields.items() if name in kept}
        values = {n: _readable(field.annotation, kept[n], (*path, n), broken) for n, field in fields.items()}
        return annotation.model_construct(**values)
    inner = get_args(annotation)[1]
    return {name: _readable(inner, value, (*path, name), broken) for name, value in kept.items()}
