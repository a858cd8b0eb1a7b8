"""What is wrong with a stack file: one problem a line, each with its key as the stack file spells it."""

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
"""From here on two words are so alike that one is a slip for the other."""


class ConfigurationError(Exception):
    """A stack file that the program refuses; the message has one line a problem and is meant for the terminal."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One refusal: where, and a sentence that starts with the value and ends with what to write instead.

    `shared` says that Pulumi.yaml has the value, and not the stack's own file.
    """

    path: Path
    text: str
    shared: bool = False

    def under(self, prefix: Path) -> "Problem":
        """The same problem, seen from the block that holds this one at `prefix`."""
        return Problem(path=(*prefix, *self.path), text=self.text)


def key(project: str, path: Path) -> str:
    """The key as `pulumi config set --path` takes it: `askproai:web.blue.min_size`, `askproai:network.zones[1]`."""
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
    """The value as a message shows it: on one line, cut when long, and never the inside of a block or list."""
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
    """`; did you mean X?` when one of `known` is near to `word`, else nothing; of equals the first."""

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, word, name).ratio()

    best = max(known, key=likeness, default="")
    return f"; did you mean {best}?" if likeness(best) >= LIKENESS else ""
