"""Dangers, and the sources of their descriptions."""

from dataclasses import dataclass
from enum import StrEnum

from ops.preview.changes import About, Change


class Kind(StrEnum):
    """The kinds of danger, worst first."""

    DATA = "data lost"
    DOWNTIME = "downtime"
    ACCESS = "access widened"
    PROTECTION = "protection removed"


@dataclass(frozen=True, kw_only=True)
class Danger(About):
    """A change that a reviewer must not miss. `source` is the page that says so, empty if the change itself does."""

    kind: Kind
    what: str
    source: str = ""


def danger(kind: Kind, change: Change, what: str, source: str = "") -> Danger:
    """A danger of a change."""
    return Danger(kind=kind, stack=change.stack, type=change.type, name=change.name, what=what, source=source)
