"""The project's files: the values of Pulumi.yaml for every stack, and those of each stack's file, which override them.

For keys that a stack's file lacks, the engine passes the defaults of Pulumi.yaml, but a block in a stack's file
replaces the whole default. Here the two are merged key by key, so that a stack's file contains only the differences.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from yaml_text import YamlTextError, parse

PROJECT_FILE = "Pulumi.yaml"


class UnreadableFileError(Exception):
    """A file of the project is missing, or is not a mapping; the message names it."""


class Project:
    """The folder of Pulumi.yaml and the stack files. Files are always read again, because commands write them."""

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
        """The path of a stack's file, which need not exist."""
        if stack not in self._files:
            self._files[stack] = self.folder / f"Pulumi.{stack}.yaml"
        return self._files[stack]

    @property
    def shared(self) -> Mapping[str, Any]:
        """The values of Pulumi.yaml for every stack, by key."""
        return _defaults(read(self.shared_file))

    def own(self, stack: str) -> Mapping[str, Any]:
        """The values of a stack's own file, by key without namespace."""
        return _in_namespace(self.name, read(self.file(stack)))

    def values(self, stack: str) -> Mapping[str, Any]:
        """The values of a stack: of its own file, else of Pulumi.yaml."""
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
    """Every edge among these stacks, with the regions that it names."""
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
    """The text of a YAML file that is a mapping. Raises UnreadableFileError."""
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
    """A file's text. A command reads the same file dozens of times, so it is cached until it is written again."""
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
    """The merged values of two YAML texts."""
    project = _parsed(shared)
    return MappingProxyType(merged(_defaults(project), _in_namespace(str(project.get("name")), _parsed(own))))
