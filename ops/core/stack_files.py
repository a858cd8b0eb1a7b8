"""Reads and writes the committed stack files; comments, order and quotes stay as the operator wrote them."""

import io
import os
import re
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ops.errors import OpsError

PROJECT_VARIABLE = "ASKPROAI_PROJECT"
CHECKOUT = Path(__file__).resolve().parents[2]
LOGICAL = {"true": True, "false": False}


def project_folder() -> Path:
    """The folder of Pulumi.yaml and the stack files: the checkout, or the folder that ASKPROAI_PROJECT names."""
    return Path(os.environ.get(PROJECT_VARIABLE) or CHECKOUT).resolve()


def project_name() -> str:
    """The project's name, which is the namespace of its settings."""
    return str(_plain(project_folder() / "Pulumi.yaml")["name"])


def stacks() -> list[str]:
    """The stacks that have a file here."""
    return sorted(path.name.split(".")[1] for path in project_folder().glob("Pulumi.*.yaml"))


class StackFile:
    """One stack's file. Keys are dotted and without the project's prefix: `database.generation`."""

    def __init__(self, path: Path, project: str) -> None:
        self.path = path
        self._project = project

    @classmethod
    def of(cls, stack: str) -> "StackFile":
        """The file of a stack. Raises OpsError where there is none."""
        path = project_folder() / f"Pulumi.{stack}.yaml"
        if not path.is_file():
            raise OpsError(f"no stack {stack}: {path} is not there; there are: {', '.join(stacks()) or 'none'}")
        return cls(path, project_name())

    def get(self, key: str, default: Any = None) -> Any:
        """A setting's value, `default` where the file has none."""
        found: Any = _plain(self.path).get("config") or {}
        for part in self._parts(key):
            if not isinstance(found, Mapping) or part not in found:
                return default
            found = found[part]
        # `pulumi config set` writes every plain value as text.
        return LOGICAL.get(found, found) if isinstance(found, str) else found

    def set(self, values: Mapping[str, Any]) -> list[str]:
        """Write settings in one move; the keys whose value changed. Raises OpsError for a key inside no block."""
        changed = self.changes(values)
        if changed:
            _replace(self.path, self.with_values(values))
        return changed

    def changes(self, values: Mapping[str, Any]) -> list[str]:
        """The keys whose value is another than the one given."""
        return [key for key, value in values.items() if self.get(key) != value]

    def with_values(self, values: Mapping[str, Any]) -> str:
        """The file's text with other values."""
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
            for part in outer:
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
        return [f"{self._project}:{first}", *rest]


def _indentation(text: str) -> dict[str, int]:
    """How the file indents, as ruamel.yaml wants it said: what it is not told, it would change."""
    block = re.search(r"^config:\n(?: *#.*\n)*( +)", text, re.MULTILINE)
    mapping = len(block[1]) if block else 2
    dash = re.search(r"^( *)[^\s#-][^\n]*:[ ]*(?:#[^\n]*)?\n( *)- ", text, re.MULTILINE)
    offset = len(dash[2]) - len(dash[1]) if dash else mapping
    return {"mapping": mapping, "sequence": offset + 2, "offset": offset}


def _plain(path: Path) -> dict[str, Any]:
    try:
        content = _parsed(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise OpsError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    if not isinstance(content, dict):
        raise OpsError(f"{path}: expected keys and values")
    return content


@lru_cache(maxsize=16)
def _parsed(text: str) -> Any:
    """YAML's content. A command asks the same file dozens of times, and parsing it takes 30 ms."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _replace(path: Path, text: str) -> None:
    """Write a file so that a reader, or a kill, meets the old text or the new one and nothing between."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(path.stat().st_mode & 0o777)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
