"""The project's files: what Pulumi.yaml says for every stack, and under it what each stack's file says otherwise.

The engine hands a stack the defaults of Pulumi.yaml for the keys that its file does not have, but a block of a stack's
file takes the place of the whole default. Here the two are merged key by key, so that a stack's file says only what is
different.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from yaml_text import YamlTextError, parse

PROJECT_FILE = "Pulumi.yaml"


class UnreadableFileError(Exception):
    """A file of the project that is not there, or is not keys and values; the message names it."""


class Project:
    """The folder of Pulumi.yaml and the stack files. What is asked is read anew, since commands write these files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shared_file = folder / PROJECT_FILE
        self._files: dict[str, Path] = {}

    @property
    def name(self) -> str:
        """The project's name, which is the namespace of its keys."""
        return str(read(self.shared_file).get("name"))

    @property
    def stacks(self) -> list[str]:
        """The stacks that have a file, by name."""
        return sorted(
            path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in self.folder.glob("Pulumi.*.yaml")
        )

    def file(self, stack: str) -> Path:
        """Where a stack's file is, or would be."""
        if stack not in self._files:
            self._files[stack] = self.folder / f"Pulumi.{stack}.yaml"
        return self._files[stack]

    @property
    def shared(self) -> Mapping[str, Any]:
        """What Pulumi.yaml says for every stack, by key."""
        return _defaults(read(self.shared_file))

    def own(self, stack: str) -> Mapping[str, Any]:
        """What a stack's file says itself, by key without namespace."""
        return _in_namespace(self.name, read(self.file(stack)))

    def values(self, stack: str) -> Mapping[str, Any]:
        """What a stack's file says, and Pulumi.yaml where the file says nothing."""
        return _merged(*(checked_text(file) for file in (self.shared_file, self.file(stack))))


def _defaults(project: Mapping[str, Any]) -> dict[str, Any]:
    declared = project.get("config") or {}
    entries = {key: entry for key, entry in declared.items() if isinstance(entry, Mapping)}
    return {key: entry["default"] for key, entry in entries.items() if "default" in entry}


def _in_namespace(name: str, stack_file: Mapping[str, Any]) -> dict[str, Any]:
    config = stack_file.get("config") or {}
    start = f"{name}:"
    return {key.removeprefix(start): value for key, value in config.items() if key.startswith(start)}


def edges(stacks: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Of stacks with their values: every edge, with the regions that it names."""
    named = {stack: values.get("regions") for stack, values in stacks.items() if values.get("role") == "edge"}
    return {edge: [str(name) for name in names] if isinstance(names, list) else [] for edge, names in named.items()}


def merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` over `shared`, key by key in blocks; a list is one value."""
    result = dict(shared)
    for key, value in own.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(below, value) if both else value
    return result


def read(path: Path) -> Mapping[str, Any]:
    """A YAML file's content. Raises UnreadableFileError."""
    return _parsed(checked_text(path))


def checked_text(path: Path) -> str:
    """The text of a YAML file that has keys and values. Raises UnreadableFileError."""
    try:
        found = text(path)
        content = _parsed(found)
    except YamlTextError as error:
        raise UnreadableFileError(f"{path}: {error}") from None
    except (OSError, UnicodeError) as error:
        raise UnreadableFileError(f"{path} cannot be read: {error}") from None
    config = (content.get("config") or {}) if isinstance(content, dict) else None
    if not isinstance(config, dict) or not all(isinstance(key, str) for key in config):
        raise UnreadableFileError(f"{path}: expected keys and values")
    return found


def text(path: Path) -> str:
    """A file's text. A command asks the same file dozens of times: it is read again when it was written again."""
    written = path.stat()
    return _text(str(path), written.st_mtime_ns, written.st_ino, written.st_size)


@lru_cache(maxsize=32)
def _text(name: str, *_written: int) -> str:
    return Path(name).read_text()


@lru_cache(maxsize=32)
def _parsed(content: str) -> Any:
    """YAML's content. Parsing it takes 30 ms."""
    return parse(content)


@lru_cache(maxsize=32)
def _merged(shared: str, own: str) -> Mapping[str, Any]:
    """The values that two texts say, which are YAML."""
    project = _parsed(shared)
    return MappingProxyType(merged(_defaults(project), _in_namespace(str(project.get("name")), _parsed(own))))
