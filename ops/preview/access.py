"""Access that a change widens: rules of security groups, and statements of policies, that nothing before covered."""

import ipaddress
import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ops.preview.changes import CREATED, DELETED, SAME, UNKNOWN, Change
from ops.preview.danger import Danger, Kind, danger

GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULES: Mapping[str, str] = {
    "aws:ec2/securityGroupRule:SecurityGroupRule": "",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ingress",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "egress",
}
"""Types that are one rule of a group each, with the direction where it is in the type."""
DOCUMENTS = ("policy", "assumeRolePolicy", "accessPolicy")
"""Inputs that are policy documents."""
ALL = "-1"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


class Opening(NamedTuple):
    """Who may send what through a security group; ports are both included."""

    direction: str
    protocol: str
    first: int
    last: int
    peer: str

    def covers(self, other: "Opening") -> bool:
        """Whether everything that `other` opens is open already."""
        return (
            self.direction == other.direction
            and self.protocol in (ALL, other.protocol)
            and (self.protocol == ALL or (self.first <= other.first and other.last <= self.last))
            and _holds(self.peer, other.peer)
        )

    def __str__(self) -> str:
        ports = "all ports" if self.protocol == ALL else f"{self.protocol} {self.first}-{self.last}"
        return f"{self.direction} {ports} {'from' if self.direction == 'ingress' else 'to'} {self.peer}"

    @property
    def world(self) -> bool:
        """Whether it is open to every address."""
        return _network(self.peer) is not None and self.peer.endswith("/0")


class Grant(NamedTuple):
    """What one statement allows to one principal; `conditions` as JSON."""

    principal: str
    action: str
    resource: str
    conditions: str

    def covers(self, other: "Grant") -> bool:
        """Whether everything that `other` allows is allowed already."""
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
    """Openings and grants of a resource that the resource did not have; of a new one, what is open to all."""
    if change.operation in (DELETED, SAME):
        return
    before, after = openings(change.type, change.old), openings(change.type, change.new)
    for opening in (each for each in after if not any(old.covers(each) for old in before)):
        if change.operation != CREATED or opening.world or change.type in RULES:
            world = ", every address" if opening.world else ""
            yield danger(Kind.ACCESS, change, f"{opening}{world}")
    for key in DOCUMENTS:
        yield from _document(change, key)
    if change.operation == CREATED and change.type == ATTACHMENT:
        yield danger(Kind.ACCESS, change, f"attaches {change.new.get('policyArn')} to {change.new.get('role')}")


def openings(kind: str, inputs: Mapping[str, Any]) -> list[Opening]:
    """Everything that a security group, or a rule of one, opens."""
    if kind == GROUP:
        rules = [(way, rule) for way in ("ingress", "egress") for rule in _listed(inputs.get(way))]
    elif kind in RULES and inputs:
        rules = [(RULES[kind] or str(inputs.get("type")), inputs)]
    else:
        return []
    return [opening for way, rule in rules if isinstance(rule, Mapping) for opening in _openings(way, rule)]


def _openings(direction: str, rule: Mapping[str, Any]) -> Iterator[Opening]:
    protocol = str(rule.get("protocol") or rule.get("ipProtocol") or ALL)
    protocol = ALL if protocol == "all" else protocol
    first, last = (_port(rule.get(key), default) for key, default in (("fromPort", 0), ("toPort", 65535)))
    many = [peer for key in ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups")
            for peer in _listed(rule.get(key))]  # fmt: skip
    one = [rule[key] for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId",
                                 "sourceSecurityGroupId") if rule.get(key)]  # fmt: skip
    own = ["the group itself"] if rule.get("self") is True else []
    for peer in (*many, *one, *own):
        yield Opening(direction, protocol, first, last, str(peer))


def grants(document: Any) -> tuple[set[Grant], set[str]]:
    """What a policy document allows, and its denials as JSON. Empty for what is no document yet."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return set(), set()
    statements = _listed(document.get("Statement")) if isinstance(document, Mapping) else []
    allowed = [each for each in statements if each.get("Effect") == "Allow"]
    denied = {json.dumps(each, sort_keys=True) for each in statements if each.get("Effect") == "Deny"}
    return {grant for each in allowed for grant in _grants(each)}, denied


def _grants(statement: Mapping[str, Any]) -> Iterator[Grant]:
    conditions = json.dumps(statement.get("Condition") or {}, sort_keys=True)
    for principal in _principals(statement):
        # NotAction and NotResource leave open whatever they do not name.
        for action in _listed(statement.get("Action", "*")):
            for resource in _listed(statement.get("Resource", "*")):
                yield Grant(principal, str(action), str(resource), conditions)


def _principals(statement: Mapping[str, Any]) -> list[str]:
    given = "*" if "NotPrincipal" in statement else statement.get("Principal")
    if isinstance(given, Mapping):
        return [str(name) for names in given.values() for name in _listed(names)]
    # A policy of an identity names no principal.
    return [str(given)] if given else [""]


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


def _holds(outer: str, inner: str) -> bool:
    if outer == inner:
        return True
    one, other = _network(outer), _network(inner)
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return other.subnet_of(one)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return other.subnet_of(one)
    return False


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _port(value: Any, default: int) -> int:
    return int(value) if isinstance(value, int | float) else default


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
