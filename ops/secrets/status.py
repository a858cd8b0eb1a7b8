"""The age of each secret in both regions, read in parallel; every call is bounded, and none reads a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from ops.core.aws import answered, reachable
from ops.core.engine import Engine
from ops.core.facts import side_by_side
from ops.core.ledger import Ledger
from ops.core.pair import Pair, RegionStack
from ops.core.region_table import UNKNOWN, Facts, Found
from ops.core.secret_values import SecretValue, values
from ops.core.steps import say, show_table
from ops.secrets.rotation import DATABASE, HOLDS, USED_BY, Rotation, key

Answer = tuple[list[Facts], list[str], dict[str, str | None]]
"""Of a region: its rows, what is to be done there, and the version of each account."""


@dataclass(frozen=True, kw_only=True)
class Status(Found):
    """The secrets of both regions, and what has to be done.

    A secret has its `stack`, `region` and name, and as text its `age`, when it was `rotated` and is `due`.
    """

    secrets: list[Facts]
    lines: list[str]


def status() -> Status:
    """Read both regions."""
    pair = Pair(Engine())
    pair.read()
    found = side_by_side({stack: partial(_region, pair[stack]) for stack in pair.stacks})
    unfinished = _unfinished()
    # An unfinished rotation brings them itself.
    left = [] if DATABASE in unfinished else _left(pair, found)
    return Status(
        secrets=[row for rows, *_ in found.values() for row in rows],
        lines=[*unfinished.values(), *(line for _, lines, _ in found.values() for line in lines), *left],
    )


def show(found: Status) -> None:
    """The status as text for the operator."""
    heads = {"stack": "stack", "secret": "secret", "age": "age", "rotated": "last rotation", "due": "next due"}
    show_table("Secrets", heads.values(), ([row[name] for name in heads] for row in found.secrets))
    for line in found.lines or ["no rotation is due"]:
        say(line)


def _unfinished() -> dict[str, str]:
    """The unfinished rotations by what they rotate, each with the command to continue."""
    ledger = Ledger()
    found = [Rotation.known(ledger, key(name)) for name in USED_BY]
    return {
        each.name: f"the rotation of {each.name}, started {each.started:%Y-%m-%d %H:%M:%S} UTC, is not finished: "
        f"`ops secrets rotate {each.name}` continues"
        for each in found
        if each
    }


def _left(pair: Pair, found: Mapping[str, Answer]) -> list[str]:
    """That a region was left out of a rotation, in which it did not answer."""
    there, here = (found[stack][2] for stack in (pair.other, pair.live))
    older = [name for name in sorted(there.keys() & here.keys()) if here[name] and there[name] != here[name]]
    last = f"{pair.other} does not have the accounts of {pair.live}"
    command = "`ops secrets rotate database`; a failover or failback takes them over"
    return [f"{last} ({', '.join(older)}): {command}"] if older else []


def _region(stack: RegionStack) -> Answer:
    unknown = [_row(stack, UNKNOWN, UNKNOWN)]
    if not reachable(stack.region):
        return unknown, [f"{stack.region} does not answer"], {}
    return answered(partial(_known, stack), lambda why: (unknown, [f"{stack.stack}: {why}"], {}))


def _known(stack: RegionStack) -> Answer:
    asked = [*values(stack)]
    rows = [
        _row(stack, each.name, f"{each.age_days} days", f"{each.written:%Y-%m-%d}", f"{each.due:%Y-%m-%d}")
        if each.written
        else _row(stack, each.name, "no value", "never", "now")
        for each in asked
    ]
    versions = {each.name: each.version for each in asked if each.name in stack.accounts}
    return rows, [line for each in asked if (line := _to_do(stack, each))], versions


def _row(stack: RegionStack, secret: str, age: str, rotated: str = UNKNOWN, due: str = UNKNOWN) -> Facts:
    return {"stack": stack.stack, "region": stack.region, "secret": secret, "age": age, "rotated": rotated, "due": due}


def _to_do(stack: RegionStack, found: SecretValue) -> str:
    commands = ", ".join(f"`ops secrets rotate {name}`" for name in HOLDS.get(found.name, (DATABASE,)))
    if found.written is None:
        command = commands if found.name in stack.accounts else f"`pulumi up --stack {stack.stack}`"
        return f"{stack.stack}: {found.name} has no value: {command}"
    if found.is_overdue:
        return f"{stack.stack}: {found.name} is {found.age_days} days old, {found.kept_days} are allowed: {commands}"
    return ""
