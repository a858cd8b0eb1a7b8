"""One step of a preview, and what is dangerous in it."""

from typing import Any

from ops.preview.changes import changes
from ops.preview.danger import Danger, Kind
from ops.preview.report import RULES


def step(kind: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """A step as the engine writes it."""
    sides = {"oldState": old, "newState": new}
    states = {side: {"inputs": inputs} for side, inputs in sides.items() if inputs is not None}
    return {"op": op, "urn": f"urn:pulumi:prod::askproai::askproai:x:X${kind}::thing", **states, **more}


def found(kind: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[Danger]:
    """The dangers of one step."""
    (change,) = changes("prod", [step(kind, op, old, new)])
    return [danger for rule in RULES for danger in rule(change)]


def kinds(kind: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> set[Kind]:
    """Their kinds."""
    return {each.kind for each in found(kind, op, old, new)}
