"""How the emulated services read the statements of a policy: each of their parts is one value, or a list."""

import json
from fnmatch import fnmatchcase
from typing import Any


def listed(value: Any) -> list[Any]:
    """The values of a part."""
    return value if isinstance(value, list) else [value]


def statements(policy: str) -> list[dict[str, Any]]:
    """The statements of a policy's text."""
    return listed(json.loads(policy)["Statement"])


def is_about(statement: dict[str, Any], action: str) -> bool:
    """Whether a statement names an action, in whatever case and by whatever pattern."""
    return any(fnmatchcase(action.lower(), known.lower()) for known in listed(statement["Action"]))
