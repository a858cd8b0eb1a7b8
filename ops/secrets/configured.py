"""Secrets of the stack files: set in both files, brought to AWS by `pulumi up`; the cache takes two for a while."""

import hashlib
from datetime import datetime
from typing import Any

from ops.core import busy, facts
from ops.core.actions import Action
from ops.core.aws import client
from ops.core.engine import summary
from ops.core.pair import RegionStack
from ops.core.settle import engine_of
from ops.core.stack_files import StackFile
from ops.core.steps import Step, StepRun
from ops.secrets.rotation import CACHE, Place
from ops.secrets.value import Value

GROUPS = ("**aws:elasticache/replicationGroup:ReplicationGroup::*",)
IDENTIFIER_LIMIT = 40
CACHE_SECONDS = 3600.0
"""Ours: the nodes take the token one after the other."""
SET = Step(
    name="set the new value in the stack files",
    does="Writes it, encrypted, into both files of the pair.",
    unless="they have it, or it is `database`",
)
ACCEPT = Step(
    name="have the cache take both tokens",
    does="Runs `pulumi up` of the cache alone, which adds the token (ElastiCache's strategy ROTATE), and waits.",
    unless="it was done, or another secret is rotated",
)
UP = Step(
    name="bring {stack} up",
    does="Runs `pulumi up`: Secrets Manager has the new value.",
    unless="it was done, its region does not answer, or it is `database`",
)
END = Step(
    name="have the cache take the new token alone",
    does="Ends the former token (ElastiCache's strategy SET, which it takes after ROTATE alone), and waits.",
    unless="it was done, or another secret is rotated",
)


def setting(place: Place, value: Value) -> Action:
    """The value in the files. Which stack has it already is told from the encrypted text of before."""
    name, rotation, pair = place.rotation.name, place.rotation, place.session.pair
    both = (place.live.stack, pair.other)

    def lacking() -> list[str]:
        return [stack for stack in both if digest(stack, name) == rotation.former.get(stack, digest(stack, name))]

    def do(_: StepRun) -> str:
        left = lacking()
        # On the way on from a kill the value is in the first file.
        known = place.session.engine.secret(both[0], name) if both[0] not in left else value.new()
        for stack in left:
            place.session.engine.set_secret(stack, name, known)
        return f"commit {' and '.join(pair[stack].file.path.name for stack in both)}"

    return Action(
        step=SET,
        do=do,
        done=lambda: "" if lacking() else "they have it",
        needs=lambda: [text for stack in place.stacks if (text := engine_of(place.session.engine, stack.stack))],
    )


def accepting(place: Place) -> Action:
    """Both tokens are valid where there is a cache."""

    def do(step: StepRun) -> str:
        for stack in _with_cache(place):
            busy.up(place.session, stack, step, GROUPS)
            _await_cache(stack)
        place.end("accept")
        return _listed(place)

    return Action(step=ACCEPT, do=do, done=lambda: place.has_ended("accept"))


def bringing(place: Place, stack: RegionStack) -> Action:
    """The stack's secrets in AWS are those of its file."""
    mark = f"up {stack.stack}"

    def do(step: StepRun) -> str:
        place.session.ledger.require_hold()
        told = summary(busy.up(place.session, stack, step))
        place.end(mark)
        return told

    def done() -> str:
        if stack not in place.stacks:
            return f"{stack.region} does not answer: `pulumi up --stack {stack.stack}` when it is back"
        return place.has_ended(mark)

    named = Step(name=UP.name.format(stack=stack.stack), does=UP.does, unless=UP.unless)
    return Action(step=named, do=do, done=done)


def ending(place: Place) -> Action:
    """The former token is valid no more."""

    def do(_: StepRun) -> str:
        for stack in _with_cache(place):
            _end_former(place, stack)
        place.end("end")
        return _listed(place)

    return Action(step=END, do=do, done=lambda: place.has_ended("end"))


def digest(stack: str, name: str) -> str:
    """Of a secret's encrypted text in the stack file, which is another after each change; empty where there is none."""
    value = StackFile.of(stack).get(name)
    return hashlib.sha256(str(value["secure"]).encode()).hexdigest() if isinstance(value, dict) else ""


def _end_former(place: Place, stack: RegionStack) -> None:
    """Once: ElastiCache refuses it a second time, so when the token changed last is noted before."""
    changed = _changed(_cache(stack))
    if place.rotation.tokens.setdefault(stack.stack, changed) != changed:
        return
    place.keep()
    token = place.session.engine.secret(stack.stack, CACHE)
    client("elasticache", stack.region).modify_replication_group(
        ReplicationGroupId=_identifier(stack), AuthToken=token, AuthTokenUpdateStrategy="SET", ApplyImmediately=True
    )
    _await_cache(stack)


def _changed(group: dict[str, Any]) -> str:
    found = group.get("AuthTokenLastModifiedDate")
    return found.isoformat() if isinstance(found, datetime) else ""


def _with_cache(place: Place) -> list[RegionStack]:
    return [stack for stack in place.stacks if stack.settings.cached]


def _listed(place: Place) -> str:
    return ", ".join(stack.stack for stack in _with_cache(place)) or "no region has a cache"


def _identifier(stack: RegionStack) -> str:
    return stack.naming.physical("cache", IDENTIFIER_LIMIT)


def _cache(stack: RegionStack) -> dict[str, Any]:
    answer = client("elasticache", stack.region).describe_replication_groups(ReplicationGroupId=_identifier(stack))
    (found,) = answer["ReplicationGroups"]
    return dict(found)


def _await_cache(stack: RegionStack) -> None:
    def settled(group: dict[str, Any]) -> bool:
        return group["Status"] == "available"

    facts.wait(f"the cache of {stack.stack}", lambda: _cache(stack), settled, seconds=CACHE_SECONDS)
