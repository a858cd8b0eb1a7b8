"""What a danger is, and where what is said of it comes from."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of danger, worst first."""

    DATA = "data lost"
    DOWNTIME = "downtime"
    ACCESS = "access widened"
    PROTECTION = "protection removed"


@dataclass(frozen=True, kw_only=True)
class Danger:
    """A change that a reviewer must not miss. `source` is the page that says so, empty where the change itself does."""

    kind: Kind
    stack: str
    type: str
    name: str
    what: str
    source: str = ""


LENGTH_NOT_KNOWN = "length not known"
