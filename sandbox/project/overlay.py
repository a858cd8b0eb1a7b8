"""The text of the overlay's files: the committed files, with the changes that were made only in the sandbox."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from sandbox.toolchain.steps import SandboxError
from yaml_text import YamlTextError, parse

PROVIDER = ("secretsprovider", "encryptedkey", "encryptionsalt", "environment")
"""Keys of the secrets provider, and of the environments that only Pulumi Cloud has."""
SALT = "encryptionsalt"
_ABSENT = object()


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A stack file of the overlay; `contested` are the keys that the sandbox and the committed file both changed."""

    text: str
    contested: list[str]


def render_project(text: str, name: str, *, interpreter: str, main: str, values: Mapping[str, object]) -> str:
    """The overlay's Pulumi.yaml: the program stays in the checkout, the interpreter is the sandbox's.

    `values` replace shared values, in the blocks that the file has.
    """
    content = read(text, name)
    runtime = content.get("runtime")
    given = runtime if isinstance(runtime, dict) else {"name": runtime}
    options = {**(given.get("options") or {}), "virtualenv": interpreter}
    content.pop("backend", None)
    content["runtime"] = {**given, "options": options}
    content["main"] = main
    config = _config(content)
    for key in values.keys() & config.keys():
        _put(config[key], "default", values[key])
    return _written(content)


def render_stack(committed: str, before: str, current: str | None, name: str, own: set[str]) -> Rendered:
    """A stack file for the sandbox: the committed one, with the sandbox's secrets, and with what was changed there.

    `before` is the committed file that `current`, the overlay's file so far, was made from. `own` are the full keys of
    the secrets that the sandbox makes. Raises SandboxError for a committed secret that is not among them.
    """
    content = _without_provider(read(committed, name), name, own)
    contested: list[str] = []
    if current is not None:
        edited = read(current, name)
        config = _config(edited)
        for key in [key for key, value in config.items() if _is_secret(value) and key not in own]:
            del config[key]
        _carry_over(content, _without_provider(read(before, name), name, own), edited, (), contested)
    return Rendered(text=_written(content), contested=contested)


def _put(content: CommentedMap, key: str, value: object) -> None:
    """Set a value; in a block, only the keys in `value`."""
    if isinstance(value, Mapping) and isinstance(content.get(key), CommentedMap):
        for below, part in value.items():
            _put(content[key], below, part)
    else:
        content[key] = value


def secrets_alone(current: str, name: str) -> str:
    """A stack file of the overlay with only the sandbox's salt and secrets."""
    content = read(current, name)
    kept: dict[str, object] = {"config": {key: v for key, v in _config(content).items() if _is_secret(v)}}
    if SALT in content:
        kept[SALT] = content[SALT]
    return _written(CommentedMap(kept))


def has_secret(text: str, name: str, key: str) -> bool:
    """Whether a stack file has a secret under the full `key`."""
    return _is_secret(_config(read(text, name)).get(key))


def says_the_same(one: str, other: str, name: str) -> bool:
    """Whether two stack files mean the same to the program."""
    return _same(read(one, name), read(other, name))


def read(text: str, name: str) -> CommentedMap:
    """A YAML file's content with its comments. Raises SandboxError for anything but keys and values."""
    try:
        parse(text)
    except YamlTextError as error:
        raise SandboxError(f"{name}: {error}") from None
    content = _yaml().load(text)
    if not isinstance(content, CommentedMap):
        raise SandboxError(f"{name}: expected keys and values")
    return content


def _carry_over(
    content: CommentedMap,
    before: Mapping[str, object],
    current: Mapping[str, object],
    path: tuple[str, ...],
    contested: list[str],
) -> None:
    """Apply the difference between `before` and `current` to `content`; record the keys that both changed."""
    for key in [*before, *(key for key in current if key not in before)]:
        old, edited, new = (part.get(key, _ABSENT) for part in (before, current, content))
        if _same(old, edited) or _same(edited, new):
            continue
        if isinstance(new, CommentedMap) and isinstance(edited, Mapping) and not _is_secret(edited):
            _carry_over(new, old if isinstance(old, Mapping) else {}, edited, (*path, key), contested)
            continue
        if not _same(old, new):
            contested.append(".".join((*path, key)).removeprefix("config."))
        if edited is _ABSENT:
            del content[key]
        elif key == SALT:
            content.insert(0, key, edited)
        else:
            content[key] = edited


def _same(one: object, other: object) -> bool:
    """Whether two values mean the same to the program: `pulumi config set` writes every plain value as text."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other or _text(one) == _text(other)


def _text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else value


def _without_provider(content: CommentedMap, name: str, own: set[str]) -> CommentedMap:
    """A committed stack file without its secrets and their encryption settings."""
    config = _config(content)
    unknown = [key for key, value in config.items() if _is_secret(value) and key not in own]
    if unknown:
        raise SandboxError(
            f"{name}: no sandbox value for {', '.join(unknown)}; add a row to SECRETS in sandbox.project.project"
        )
    for key in PROVIDER:
        content.pop(key, None)
    _drop_secrets(config)
    content["config"] = config
    return content


def _drop_secrets(value: object) -> None:
    if isinstance(value, dict):
        for key in [key for key, part in value.items() if _is_secret(part)]:
            del value[key]
        for part in value.values():
            _drop_secrets(part)
    elif isinstance(value, list):
        for part in value:
            _drop_secrets(part)


def _config(content: CommentedMap) -> CommentedMap:
    config = content.get("config")
    return config if isinstance(config, CommentedMap) else CommentedMap()


def _is_secret(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _written(content: CommentedMap) -> str:
    text = io.StringIO()
    _yaml().dump(content, text)
    return text.getvalue()
