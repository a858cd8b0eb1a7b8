"""What security groups and network ACLs allow: peers, protocols and ports."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
RULES: Mapping[str, str] = {
    "aws:ec2/securityGroupRule:SecurityGroupRule": "",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ingress",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "egress",
}
"""Types that are single rules of a group, with the direction if the type has it."""
ACLS = ("aws:ec2/networkAcl:NetworkAcl", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")
ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
SINGLE = frozenset({*RULES, ACL_RULE})
"""Types whose resources are single rules."""
ALL = "-1"
PROTOCOLS: Mapping[str, str] = {"all": ALL, "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
"""EC2 also accepts the protocol's number (IANA, "Assigned Internet Protocol Numbers")."""
LISTS = ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups")
ONE = (
    "cidrBlock", "ipv6CidrBlock", "cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId",
    "sourceSecurityGroupId",
)  # fmt: skip
DIRECTIONS = ("ingress", "egress")


class Opening(NamedTuple):
    """What a peer may send through a security group or a network ACL; both ports are inclusive."""

    direction: str
    protocol: str
    first: int
    last: int
    peer: str

    def covers(self, other: "Opening") -> bool:
        """Whether this already opens everything that `other` does."""
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


class Denial(NamedTuple):
    """What a rule of a network ACL denies, and what rules with lower numbers, which come before it, allow."""

    opening: Opening
    before: tuple[Opening, ...]

    def covers(self, other: "Denial") -> bool:
        """Whether this denies everything that `other` does."""
        return self.opening.covers(other.opening) and all(
            any(known.covers(allowed) for known in other.before) for allowed in self.before
        )


def openings(kind: str, inputs: Mapping[str, Any]) -> list[Opening]:
    """Everything that a security group, a network ACL, or a rule of one, opens."""
    if kind in GROUPS:
        rules = [(way, rule) for way in DIRECTIONS for rule in listed(inputs.get(way))]
    elif kind in RULES and inputs:
        rules = [(RULES[kind] or str(inputs.get("type")), inputs)]
    else:
        rules = [(way, rule) for way, rule in _acl_rules(kind, inputs) if _action(rule) == "allow"]
    return [opening for way, rule in rules if isinstance(rule, Mapping) for opening in _openings(way, rule)]


def denials(kind: str, inputs: Mapping[str, Any]) -> list[Denial]:
    """Everything that a network ACL, or a rule of one, denies."""
    allowed: list[Opening] = []
    denied: list[Denial] = []
    for way, rule in _acl_rules(kind, inputs):
        found = list(_openings(way, rule))
        if _action(rule) == "allow":
            allowed += found
        else:
            denied += (Denial(each, tuple(one for one in allowed if one.direction == way)) for each in found)
    return denied


def _acl_rules(kind: str, inputs: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The rules of a network ACL with their direction, in the order of evaluation."""
    if kind == ACL_RULE and inputs:
        return [("egress" if inputs.get("egress") is True else "ingress", inputs)]
    rules = [(way, rule) for way in DIRECTIONS for rule in listed(inputs.get(way)) if kind in ACLS]
    return sorted((each for each in rules if isinstance(each[1], Mapping)), key=lambda each: each[1].get("ruleNo") or 0)


def _action(rule: Mapping[str, Any]) -> str:
    return str(rule.get("ruleAction") or rule.get("action")).lower()


def _openings(direction: str, rule: Mapping[str, Any]) -> Iterator[Opening]:
    protocol = str(rule.get("protocol") or rule.get("ipProtocol") or ALL)
    protocol = PROTOCOLS.get(protocol, protocol)
    first, last = (_port(rule.get(key), default) for key, default in (("fromPort", 0), ("toPort", 65535)))
    many = [peer for key in LISTS for peer in listed(rule.get(key))]
    one = [rule[key] for key in ONE if rule.get(key)]
    own = ["the group itself"] if rule.get("self") is True else []
    for peer in (*many, *one, *own):
        yield Opening(direction, protocol, first, last, str(peer))


def _holds(outer: str, inner: str) -> bool:
    one, other = _network(outer), _network(inner)
    # Of two networks that overlap, one contains the other.
    within = one is not None and other is not None and one.overlaps(other) and one.prefixlen <= other.prefixlen
    return outer == inner or within


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _port(value: Any, default: int) -> int:
    return int(value) if isinstance(value, int | float) else default


def listed(value: Any) -> list[Any]:
    """A value as a list, empty if it is not set."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
