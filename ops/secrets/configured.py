"""Secrets of the stack files: set in both files, and applied by `pulumi up`; the cache accepts two for a while."""

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
from ops.core.steps import Step, StepRun, named
from ops.secrets.rotation import CACHE, Place
from ops.secrets.value import Value

GROUPS = ("**aws:elasticache/replicationGroup:ReplicationGroup::*",)
IDENTIFIER_LIMIT = 40
CACHE_SECONDS = 3600.0
"""Our choice: the nodes apply the token one after the other."""
SET = Step(
    name="set the new value in the stack files",
    does="Writes it, encrypted, into both files of the pair.",
    unless="they have it, or it is `database`",
)
ACCEPT = Step(
    name="have the cache accept both tokens",
    does="Runs `pulumi up` for the cache only, which adds the token (ElastiCache's strategy ROTATE), and waits.",
    unless="it was done, or another secret is rotated",
)
UP = Step(
    name="bring {stack} up",
    does="Runs `pulumi up`, which writes the new value to Secrets Manager.",
    unless="it was done, its region does not answer, or it is `database`",
)
END = Step(
    name="have the cache accept only the new token",
    does="Revokes the old token (ElastiCache's strategy SET, which is only possible after ROTATE), and waits.",
    unless="it was done, or another secret is rotated",
)


def before_hosts(place: Place, value: Value) -> list[Action]:
    """The value in the files and in AWS; until hosts have it, a cache accepts both tokens."""
    accepting = [place.once(ACCEPT, "accept", _accept)] if place.rotation.name == CACHE else []
    return [
        Action(
            step=SET,
            do=lambda _: _set(place, value),
            done=lambda: "" if _lacking(place) else "they have it",
            needs=lambda: [text for stack in place.stacks if (text := engine_of(place.session.engine, stack.stack))],
        ),
        *accepting,
        *(_bringing(place, stack) for stack in place.both),
    ]


def after_hosts(place: Place) -> list[Action]:
    """The former token is no longer valid."""
    return [place.once(END, "end", _end_former)] if place.rotation.name == CACHE else []


def _lacking(place: Place) -> list[str]:
    """The stacks whose files have the former value: their encrypted text is unchanged."""
    name, former = place.rotation.name, place.rotation.former
    digests = {stack.stack: digest(stack.stack, name) for stack in place.both}
    return [stack for stack, found in digests.items() if found == former.get(stack, found)]


def _set(place: Place, value: Value) -> str:
    left, (first, _) = _lacking(place), place.both
    # After a kill, the value is in the first file.
    known = value.new() if first.stack in left else place.session.engine.secret(first.stack, place.rotation.name)
    for stack in left:
        place.session.engine.set_secret(stack, place.rotation.name, known)
    return f"commit {' and '.join(stack.file.path.name for stack in place.both)}"


def _accept(place: Place, step: StepRun) -> str:
    for stack in _with_cache(place):
        busy.up(place.session, stack, step, GROUPS)
        _await_cache(stack)
    return _listed(place)


def _bringing(place: Place, stack: RegionStack) -> Action:
    """The stack's secrets in AWS equal those in its file."""

    def bring(_: Place, step: StepRun) -> str:
        place.session.ledger.require_hold()
        return summary(busy.up(place.session, stack, step))

    (step,) = named((UP,), stack=stack.stack)
    unasked = f"{stack.region} does not answer: `pulumi up --stack {stack.stack}` once it does"
    return place.once(step, f"up {stack.stack}", bring, skip="" if stack in place.stacks else unasked)


def digest(stack: str, name: str) -> str:
    """The digest of a secret's encrypted text in the stack file, which differs after each change; empty without one."""
    value = StackFile.of(stack).get(name)
    return hashlib.sha256(str(value["secure"]).encode()).hexdigest() if isinstance(value, dict) else ""


def _end_former(place: Place, _: StepRun) -> str:
    """Only once, because ElastiCache refuses it a second time; so the time of the last change is recorded before."""
    for stack in _with_cache(place):
        last: datetime | None = _cache(stack).get("AuthTokenLastModifiedDate")
        changed = last.isoformat() if last else ""
        if place.rotation.tokens.setdefault(stack.stack, changed) != changed:
            continue
        place.session.save(place.rotation)
        token = place.session.engine.secret(stack.stack, CACHE)
        client("elasticache", stack.region).modify_replication_group(
            ReplicationGroupId=_identifier(stack), AuthToken=token, AuthTokenUpdateStrategy="SET", ApplyImmediately=True
        )
        _await_cache(stack)
    return _listed(place)


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
    what = f"the cache of {stack.stack}"
    facts.wait(what, lambda: _cache(stack), lambda group: group["Status"] == "available", seconds=CACHE_SECONDS)
