"""What changed between two sets of inputs, path by path."""

import re
from typing import Any

from sandbox.plugins.cloudflare.kinds import Kind
from sandbox.plugins.cloudflare.properties import Secret, bare, has_unknown
from sandbox.plugins.protocol import provider_pb2

ADD, DELETE, UPDATE = "ADD", "DELETE", "UPDATE"
MISSING = object()


def differences(kind: Kind, old: dict[str, Any], new: dict[str, Any], ignored: list[str]) -> dict[str, str]:
    """The change of each changed path. An omitted input equals its default."""
    found: dict[str, str] = {}
    for name in sorted({*old, *new}):
        if name.startswith("__") or name in ignored:
            continue
        if name in old or name in new:
            found |= _compare(kind, name, *_sides(kind, name, name, old, new))
    return {path: how for path, how in found.items() if not any(_under(path, place) for place in ignored)}


def answer(kind: Kind, found: dict[str, str]) -> Any:
    """The differences in the engine's form."""
    replacing = {"zoneId", "accountId", *kind.replaces}
    response = provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
        hasDetailedDiff=True,
    )
    for path, how in found.items():
        name = path.split(".")[0].split("[")[0]
        replace = kind.made_anew or name in replacing
        label = f"{how}_REPLACE" if replace else how
        response.detailedDiff[path].kind = provider_pb2.PropertyDiff.Kind.Value(label)
        response.detailedDiff[path].inputDiff = True
        if name not in response.diffs:
            response.diffs.append(name)
        if replace and name not in response.replaces:
            response.replaces.append(name)
    # If an owner has only one, it must be deleted before a new one is created.
    response.deleteBeforeReplace = kind.single
    return response


def _sides(kind: Kind, path: str, name: str, *objects: dict[str, Any]) -> list[Any]:
    """The values of a property in both objects, or its default."""
    default = kind.defaults.get(re.sub(r"\[\d+\]", "[]", path), MISSING)
    return [each.get(name, default) for each in objects]


def _compare(kind: Kind, path: str, before: Any, after: Any) -> dict[str, str]:
    if before is MISSING or before is None:
        return {} if after is MISSING or after is None else {path: ADD}
    if after is MISSING or after is None:
        return {path: DELETE}
    if isinstance(before, Secret) or isinstance(after, Secret) or has_unknown(after):
        same = not has_unknown(after) and bare(before) == bare(after)
        return {} if same else {path: UPDATE}
    if isinstance(before, dict) and isinstance(after, dict):
        found: dict[str, str] = {}
        for name in sorted({*before, *after}):
            found |= _compare(kind, f"{path}.{name}", *_sides(kind, f"{path}.{name}", name, before, after))
        return found
    if isinstance(before, list) and isinstance(after, list):
        found = {}
        for position in range(max(len(before), len(after))):
            items = [each[position] if position < len(each) else MISSING for each in (before, after)]
            found |= _compare(kind, f"{path}[{position}]", *items)
        return found
    return {} if before == after else {path: UPDATE}


def _under(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}.", f"{place}["))
