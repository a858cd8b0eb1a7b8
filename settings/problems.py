"""The problems of a stack file: one per line, each with its key as in the stack file."""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
SHOWN_LENGTH = 60
LIKENESS = 0.75
"""From this similarity on, one word counts as a misspelling of the other."""


class ConfigurationError(Exception):
    """A stack file that the program refuses; the message, for the terminal, has one line per problem."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem: the key, and a sentence that starts with the value and ends with what to write instead.

    `shared` means that Pulumi.yaml has the value, not the stack's own file.
    """

    path: Path
    text: str
    shared: bool = False

    def under(self, prefix: Path) -> "Problem":
        """The same problem, seen from the block that holds this one at `prefix`."""
        return Problem(path=(*prefix, *self.path), text=self.text)


def key(project: str, path: Path) -> str:
    """The key as for `pulumi config set --path`: `askproai:web.blue.min_size`, `askproai:network.zones[1]`."""
    words = []
    for part in path:
        if isinstance(part, int):
            words.append(f"[{part}]")
        elif PLAIN_KEY.fullmatch(part):
            words.append(f".{part}")
        else:
            words.append(f"[{json.dumps(part)}]")
    return f"{project}:{''.join(words).removeprefix('.')}"


def shown(value: Any) -> str:
    """The value for a message: on one line, cut if long, and without the content of a block or list."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a block"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value if len(value) <= SHOWN_LENGTH else f"{value[:SHOWN_LENGTH]}...")
    return str(value)


def closest(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` if one of `known` is similar to `word`, else nothing; the first of equals."""

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, word, name).ratio()

    best = max(known, key=likeness, default="")
    return f"; did you mean {best}?" if likeness(best) >= LIKENESS else ""
