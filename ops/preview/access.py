"""Access that a change widens: rules of security groups and network ACLs, and statements of policies."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ops.preview.changes import CREATED, DELETED, SAME, UNKNOWN, Change
from ops.preview.danger import Danger, Kind, danger
from ops.preview.openings import ACL_RULE, SINGLE, denials, listed, openings
from policies.statements import Statement, parsed
from policies.values import MalformedError

DOCUMENTS = ("policy", "assumeRolePolicy", "accessPolicy")
"""Inputs that are policy documents."""
ACCESS_POLICY = "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


class Grant(NamedTuple):
    """What one statement allows to one principal; `conditions` as JSON."""

    principal: str
    action: str
    resource: str
    conditions: str

    def covers(self, other: "Grant") -> bool:
        """Whether this already allows everything that `other` does."""
        return (
            fnmatchcase(other.principal, self.principal)
            and fnmatchcase(other.action.lower(), self.action.lower())
            and fnmatchcase(other.resource, self.resource)
            and self.conditions in ("{}", other.conditions)
        )

    def __str__(self) -> str:
        who = f"{self.principal}: " if self.principal else ""
        bound = "" if self.conditions == "{}" else f" if {self.conditions}"
        return f"{who}{self.action} on {self.resource}{bound}"


def widened(change: Change) -> Iterator[Danger]:
    """New openings and grants of a resource; for a new resource, what is open to everyone."""
    yield from _no_longer_denied(change)
    if change.operation in (DELETED, SAME):
        return
    before, after = openings(change.type, change.old), openings(change.type, change.new)
    for opening in (each for each in after if not any(old.covers(each) for old in before)):
        if change.operation != CREATED or opening.world or change.type in SINGLE:
            world = ", every address" if opening.world else ""
            yield danger(Kind.ACCESS, change, f"{opening}{world}")
    for key in DOCUMENTS:
        yield from _document(change, key)
    if change.type == ACCESS_POLICY:
        for included in listed(change.new.get("includes")):
            if included not in listed(change.old.get("includes")) and included != UNKNOWN:
                yield danger(Kind.ACCESS, change, f"includes {json.dumps(included, sort_keys=True)}")
    if change.operation == CREATED and change.type == ATTACHMENT:
        yield danger(Kind.ACCESS, change, f"attaches {change.new.get('policyArn')} to {change.new.get('role')}")


def _no_longer_denied(change: Change) -> Iterator[Danger]:
    """What a network ACL denied; the deletion of a whole ACL counts as removed protection."""
    if change.operation == DELETED and change.type != ACL_RULE:
        return
    denied = denials(change.type, change.new)
    for gone in denials(change.type, change.old):
        if not any(each.covers(gone) for each in denied):
            yield danger(Kind.ACCESS, change, f"no longer denies {gone.opening}")


def grants(document: Any) -> tuple[set[Grant], set[str]]:
    """What a policy document allows, and its denials as JSON. Empty for a document that is not known yet."""
    try:
        found = parsed(document)
    except MalformedError:
        return set(), set()
    allowed = {grant for each in found if each.allows for grant in _grants(each)}
    return allowed, {each.text for each in found if not each.allows}


def _grants(statement: Statement) -> Iterator[Grant]:
    conditions = json.dumps(statement.conditions, sort_keys=True)
    # An identity-based policy names no principal.
    for principal in [name for _kind, name in statement.principals] or [""]:
        for action in statement.actions:
            for resource in statement.resources:
                yield Grant(str(principal), str(action), str(resource), conditions)


def _document(change: Change, key: str) -> Iterator[Danger]:
    before, denied_before = grants(change.old.get(key))
    after, denied = grants(change.new.get(key))
    if change.new.get(key) == UNKNOWN:
        if change.operation != CREATED:
            yield danger(Kind.ACCESS, change, f"{key}: {UNKNOWN}, so it cannot be compared")
        return
    for grant in sorted(after):
        new = not any(old.covers(grant) for old in before)
        if new and (change.operation != CREATED or "*" in (grant.principal, grant.action)):
            yield danger(Kind.ACCESS, change, f"{key} allows {grant}")
    for gone in sorted(denied_before - denied) if change.new.get(key) else ():
        yield danger(Kind.ACCESS, change, f"{key} no longer denies {gone}")
