"""Reads and writes the committed stack files; comments, order and quotes stay as the operator wrote them."""

import io
import os
import re
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from project_files import Project, UnreadableFileError

PROJECT_VARIABLE = "ASKPROAI_PROJECT"
CHECKOUT = Path(__file__).resolve().parents[2]
LOGICAL = {"true": True, "false": False}


def project_folder() -> Path:
    """The folder of Pulumi.yaml and the stack files: the checkout, or the folder that ASKPROAI_PROJECT names."""
    return project().folder


def project() -> Project:
    """The project whose files these are."""
    return _project(os.environ.get(PROJECT_VARIABLE) or CHECKOUT)


@cache
def _project(folder: str | Path) -> Project:
    return Project(Path(folder).absolute())


def project_name() -> str:
    """The project's name, which is the namespace of its settings."""
    try:
        return project().name
    except UnreadableFileError as error:
        raise OpsError(str(error)) from None


def stacks() -> list[str]:
    """The stacks with a file here."""
    return project().stacks


class StackFile:
    """One stack's file. Keys are dotted and without the project's prefix: `database.generation`."""

    def __init__(self, path: Path, stack: str) -> None:
        self.path = path
        self._stack = stack
        self._project = Project(path.parent)

    @classmethod
    def of(cls, stack: str) -> "StackFile":
        """The file of a stack. Raises OpsError if there is none."""
        path = project().file(stack)
        if not path.is_file():
            raise OpsError(f"no stack {stack}: {path} is not there; there are: {', '.join(stacks()) or 'none'}")
        return cls(path, stack)

    def values(self) -> Mapping[str, Any]:
        """Every setting in the file or in Pulumi.yaml, by key. Raises OpsError for an unreadable file."""
        try:
            return self._project.values(self._stack)
        except UnreadableFileError as error:
            raise OpsError(str(error)) from None

    def get(self, key: str, default: Any = None) -> Any:
        """A setting's value: from the file, else from Pulumi.yaml; `default` if neither has it."""
        return value_in(self.values(), key, default)

    def set(self, values: Mapping[str, Any]) -> list[str]:
        """Write settings atomically. Returns the keys whose value changed. Raises OpsError for a key outside of every
        block."""
        changed = self.changes(values)
        if changed:
            replace(self.path, self.with_values(values))
        return changed

    def changes(self, values: Mapping[str, Any]) -> list[str]:
        """The keys whose value differs from the given one."""
        return [key for key, value in values.items() if self.get(key) != value]

    def with_values(self, values: Mapping[str, Any]) -> str:
        """The file's text with new values."""
        # Loaded here: only a command that writes needs it.
        from ruamel.yaml import YAML
        from ruamel.yaml.comments import CommentedSeq

        text = self.path.read_text()
        round_trip = YAML()
        round_trip.preserve_quotes = True
        round_trip.width = 4096
        round_trip.indent(**_indentation(text))
        content = round_trip.load(text)
        for key in self.changes(values):
            *outer, last = self._parts(key)
            place = content.setdefault("config", {})
            for depth, part in enumerate(outer, 1):
                # A block that is only in Pulumi.yaml starts here with the one value that differs.
                if part not in place and isinstance(self.get(".".join(key.split(".")[:depth])), Mapping):
                    place[part] = {}
                if not isinstance(place.get(part), Mapping):
                    raise OpsError(f"{self.path.name}: {key}: there is no block {part}")
                place = place[part]
            value = values[key]
            if isinstance(value, list):
                value = CommentedSeq(value)
                value.fa.set_flow_style()
            place[last] = value
        written = io.StringIO()
        round_trip.dump(content, written)
        return written.getvalue()

    def _parts(self, key: str) -> list[str]:
        first, *rest = key.split(".")
        return [f"{project_name()}:{first}", *rest]


def value_in(values: Mapping[str, Any], key: str, default: Any = None) -> Any:
    """The value under a dotted key; `default` if there is none."""
    found: Any = values
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return default
        found = found[part]
    # `pulumi config set` writes every plain value as text.
    return LOGICAL.get(found, found) if isinstance(found, str) else found


def _indentation(text: str) -> dict[str, int]:
    """The file's indentation, for ruamel.yaml, which would otherwise change it."""
    block = re.search(r"^config:\n(?: *#.*\n)*( +)", text, re.MULTILINE)
    mapping = len(block[1]) if block else 2
    dash = re.search(r"^( *)[^\s#-][^\n]*:[ ]*(?:#[^\n]*)?\n( *)- ", text, re.MULTILINE)
    offset = len(dash[2]) - len(dash[1]) if dash else mapping
    return {"mapping": mapping, "sequence": offset + 2, "offset": offset}


def replace(path: Path, text: str) -> None:
    """Write a file atomically: a reader, or a kill, sees the old or the new text."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
