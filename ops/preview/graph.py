"""The dependents of changes, and a picture of the changed part of the graph."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ops.preview.changes import CREATED, DELETED, REPLACED, SAME, UPDATED, About, Change

NODES = 24
"""With more nodes there is no picture: GitHub draws it too small to read."""
COLOURS = {CREATED: "#2da44e", UPDATED: "#bf8700", REPLACED: "#cf222e", DELETED: "#82071e", SAME: "#d0d7de"}


@dataclass(frozen=True, kw_only=True)
class Dependents(About):
    """The dependents of a changed resource: `direct` ones, and `all`, also through others."""

    direct: tuple[str, ...]
    all: int


def dependents(changes: Iterable[Change]) -> list[Dependents]:
    """The dependents of everything that changes, of one stack."""
    every = {change.urn: change for change in changes}
    users = _users(every)
    return [
        Dependents(
            stack=change.stack,
            type=change.type,
            name=change.name,
            direct=tuple(sorted(every[urn].name for urn in users[change.urn])),
            all=len(_closure(change.urn, users)),
        )
        for change in every.values()
        if change.operation not in (SAME, CREATED) and users[change.urn]
    ]


def picture(changes: Iterable[Change]) -> str:
    """The changed resources and their dependents, as Mermaid; empty if nothing changes."""
    every = {change.urn: change for change in changes}
    users = _users(every)
    changed = [urn for urn, change in every.items() if change.operation != SAME]
    near = {user for urn in changed for user in users[urn]} - set(changed)
    shown = [*changed, *sorted(near)][:NODES]
    if not changed:
        return ""
    number = {urn: f"n{place}" for place, urn in enumerate(shown)}
    lines = ["graph LR"]
    for urn in shown:
        change = every[urn]
        label = f"{change.name}<br/>{change.type.rpartition(':')[2]}, {change.operation}"
        lines.append(f'  {number[urn]}["{label}"]:::{change.operation}')
    for urn in shown:
        edges = sorted(number[user] for user in users[urn] if user in number)
        lines += [f"  {number[urn]} --> {user}" for user in edges]
    left = len(changed) + len(near) - len(shown)
    if left:
        lines.append(f'  more["and {left} more"]')
    used = {every[urn].operation for urn in shown}
    lines += [f"  classDef {name} stroke:{COLOURS[name]},stroke-width:2px" for name in COLOURS if name in used]
    return "\n".join(lines)


def _users(every: Mapping[str, Change]) -> Mapping[str, set[str]]:
    """The dependents of each resource."""
    users: dict[str, set[str]] = defaultdict(set)
    for change in every.values():
        for urn in change.needs & every.keys():
            users[urn].add(change.urn)
    return users


def _closure(urn: str, users: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [urn]
    while waiting:
        new = users[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached - {urn}
