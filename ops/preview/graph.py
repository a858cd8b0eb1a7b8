"""What depends on what changes, and a picture of the changed part of the graph."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ops.preview.changes import CREATED, DELETED, REPLACED, SAME, UPDATED, Change

NODES = 24
"""More is no picture: GitHub draws it too small to read."""
COLOURS = {CREATED: "#2da44e", UPDATED: "#bf8700", REPLACED: "#cf222e", DELETED: "#82071e", SAME: "#d0d7de"}


@dataclass(frozen=True, kw_only=True)
class Dependents:
    """Who is made from a resource that changes: `direct` from it itself, `all` also through others."""

    stack: str
    type: str
    name: str
    direct: tuple[str, ...]
    all: int


def dependents(changes: Iterable[Change]) -> list[Dependents]:
    """The dependents of everything that changes, of one stack; parts of the program are not counted."""
    every = {change.urn: change for change in changes}
    users = _users(every)
    found: list[Dependents] = []
    for change in every.values():
        if change.operation in (SAME, CREATED) or change.component:
            continue
        direct = {urn for urn in users.get(change.urn, ()) if not every[urn].component}
        if direct:
            names = tuple(sorted(every[urn].name for urn in direct))
            reached = {urn for urn in _closure(change.urn, users) if not every[urn].component}
            found.append(
                Dependents(stack=change.stack, type=change.type, name=change.name, direct=names, all=len(reached))
            )
    return found


def picture(changes: Iterable[Change]) -> str:
    """The resources that change and those made from them, as Mermaid; empty where nothing changes."""
    every = {change.urn: change for change in changes}
    users = _users(every)
    changed = [urn for urn, change in every.items() if change.operation != SAME and not change.component]
    near = {user for urn in changed for user in users.get(urn, ()) if not every[user].component} - set(changed)
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
        edges = sorted(number[user] for user in users.get(urn, ()) if user in number)
        lines += [f"  {number[urn]} --> {user}" for user in edges]
    left = len(changed) + len(near) - len(shown)
    if left:
        lines.append(f'  more["and {left} more"]')
    used = {every[urn].operation for urn in shown}
    lines += [f"  classDef {name} stroke:{COLOURS[name]},stroke-width:2px" for name in COLOURS if name in used]
    return "\n".join(lines)


def _users(every: Mapping[str, Change]) -> dict[str, set[str]]:
    """The resources that are made from each resource."""
    users: dict[str, set[str]] = {}
    for change in every.values():
        for urn in change.needs & every.keys():
            users.setdefault(urn, set()).add(change.urn)
    return users


def _closure(urn: str, users: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [urn]
    while waiting:
        for user in users.get(waiting.pop(), set()) - reached:
            reached.add(user)
            waiting.append(user)
    return reached - {urn}
