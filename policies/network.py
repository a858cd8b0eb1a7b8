"""The network: nothing is open to the world, the load balancer accepts only Cloudflare, and traffic is logged."""

from collections.abc import Iterator
from functools import cache
from ipaddress import ip_network
from typing import Any, NamedTuple

from policies.rule import CRITICAL, HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESSES = (GROUP, INGRESS, RULE)
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
VPC = "aws:ec2/vpc:Vpc"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
SUBNET = "aws:ec2/subnet:Subnet"
ACL = "aws:ec2/networkAcl:NetworkAcl"
ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
VPN = "aws:ec2clientvpn/endpoint:Endpoint"
VPN_RULE = "aws:ec2clientvpn/authorizationRule:AuthorizationRule"

ADMIN_PORTS = frozenset({22, 3389})
HIGH_RISK_PORTS = frozenset({
    20, 21, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 4333, 5000, 5432, 5500, 5601, 6379, 8080, 8088, 8888,
    9200, 9300, 11211, 27017,
})  # fmt: skip
"""The ports of FSBP EC2.19 without ADMIN_PORTS, plus Redis, Memcached and MongoDB."""
PUBLIC_PORTS = frozenset({80, 443})
"""443 for visitors, and 80 to redirect them to it."""
EVERY_PORT = (0, 65535)
EVERY_PROTOCOL = frozenset({"-1", "all"})
WORLD_PREFIX = 0
CLOUDFLARE = frozenset(map(ip_network, (
    "173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18", "108.162.192.0/18",
    "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13",
    "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
    "2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32", "2a06:98c0::/29",
    "2c0f:f248::/32",
)))  # fmt: skip
"""https://www.cloudflare.com/ips-v4 and ips-v6."""


class Opening(NamedTuple):
    """What a rule allows in: a range of ports, and its sources."""

    first: int
    last: int
    ranges: tuple[str, ...]

    def holds(self, ports: frozenset[int]) -> list[int]:
        """Which of the ports are open."""
        return sorted(port for port in ports if self.first <= port <= self.last)

    @property
    def ports(self) -> str:
        """The ports as text."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def _openings(resource: Resource) -> Iterator[Opening]:
    """What a security group or one of its rules allows in from addresses; other groups are ignored."""
    if resource.type == GROUP:
        for row in resource.each("ingress"):
            yield from _opening(resource, f"{row}.", "protocol")
    elif resource.type == INGRESS:
        yield from _opening(resource, "", "ipProtocol")
    elif resource.get("type") != "egress":
        yield from _opening(resource, "", "protocol")


def _opening(resource: Resource, path: str, protocol: str) -> Iterator[Opening]:
    lists = [resource.get(path + name) or [] for name in ("cidrBlocks", "ipv6CidrBlocks")]
    single = [resource.get(path + name) for name in ("cidrIpv4", "cidrIpv6")]
    ranges = (*(each for found in lists for each in found), *filter(None, single))
    if ranges:
        yield Opening(*_ports(*(resource.get(path + name) for name in (protocol, "fromPort", "toPort"))), ranges)


def _ports(protocol: Any, first: Any, last: Any) -> tuple[int, int]:
    """All ports, if a rule is for all protocols or names none."""
    if str(protocol).lower() in EVERY_PROTOCOL or first is None or last is None or first == -1:
        return EVERY_PORT
    return int(first), int(last)


@cache
def _size(cidr: str) -> int:
    return ip_network(cidr, strict=False).prefixlen


@cache
def _private(cidr: str) -> bool:
    return ip_network(cidr, strict=False).is_private


@cache
def _of_cloudflare(cidr: str) -> bool:
    network = ip_network(cidr, strict=False)
    return any(network.supernet(new_prefix=size) in CLOUDFLARE for size in range(network.prefixlen + 1))


def _world(resource: Resource, ports: frozenset[int]) -> Findings:
    for opening in _openings(resource):
        if (found := opening.holds(ports)) and any(_size(each) == WORLD_PREFIX for each in opening.ranges):
            yield Finding(f"port {', '.join(map(str, found))} open to the world", "no such port")


@rule(
    on=INGRESSES, severity=CRITICAL,
    controls="FSBP EC2.13; FSBP EC2.14; CIS 3.0 5.2; CIS 3.0 5.3; CIS 5.0 5.3; CIS 5.0 5.4; PCI 1.2.8; PCI 1.3.1",
    remedy="Use SSM, or allow only the VPN's range.",
)  # fmt: skip
def group_admin_ports_closed(group: Resource) -> Findings:
    """SSH and RDP are not open to the world."""
    return _world(group, ADMIN_PORTS)


@rule(
    on=INGRESSES, severity=CRITICAL, controls="FSBP EC2.19; PCI 1.3.1",
    remedy="Allow only a security group.",
)  # fmt: skip
def group_risky_ports_closed(group: Resource) -> Findings:
    """Ports of databases, caches and similar services are not open to the world."""
    return _world(group, HIGH_RISK_PORTS)


@rule(
    on=INGRESSES, severity=HIGH, controls="FSBP EC2.18; PCI 1.4.2 (own)",
    remedy="Allow Cloudflare's ranges, on 443 and on 80 to redirect.",
)  # fmt: skip
def group_public_from_cloudflare_alone(group: Resource) -> Findings:
    """Public sources are limited to Cloudflare's addresses, on web ports."""
    for opening in _openings(group):
        public = [each for each in opening.ranges if not _private(each)]
        if not public:
            continue
        if others := [each for each in public if not _of_cloudflare(each)]:
            yield Finding(f"port {opening.ports} open to {', '.join(others)}", "Cloudflare's ranges alone")
        if opening.first != opening.last or opening.first not in PUBLIC_PORTS:
            yield Finding(f"port {opening.ports} open to public addresses", "443, and 80 to redirect")


@rule(
    on=VPC, among=True, severity=HIGH, controls="FSBP EC2.2; CIS 3.0 5.4; CIS 5.0 5.5; PCI 1.3 (own)",
    remedy="Adopt the default security group with a DefaultSecurityGroup without rules.",
)  # fmt: skip
def vpc_default_group_empty(vpc: Resource, stack: Stack) -> Findings:
    """A VPC's default security group allows no traffic."""
    groups = stack.made_from(vpc, DEFAULT_GROUP, "vpcId")
    if not groups:
        yield Finding("a default security group that is not adopted", "one without rules")
    for group in groups:
        for direction in ("ingress", "egress"):
            if group.get(direction):
                yield Finding(f"{direction} rules in {group.name}", "none")


@rule(
    on=VPC, among=True, severity=MEDIUM, controls="FSBP EC2.6; CIS 3.0 3.7; CIS 5.0 3.7; PCI 10.2.1; GDPR 25; GDPR 30",
    remedy="Declare a FlowLog of the VPC with traffic_type ALL or REJECT.",
)  # fmt: skip
def vpc_flow_logged(vpc: Resource, stack: Stack) -> Findings:
    """A VPC has a flow log."""
    found = [log.get("trafficType") for log in stack.made_from(vpc, FLOW_LOG, "vpcId")]
    if not {"ALL", "REJECT"} & set(found):
        yield Finding(
            f"flow log of {found[0]} traffic" if found else "no flow log", "a flow log of ALL or REJECT traffic"
        )


@rule(
    on=SUBNET, severity=MEDIUM, controls="FSBP EC2.15; PCI 1.4 (own)",
    remedy="Set map_public_ip_on_launch to False.",
)  # fmt: skip
def subnet_gives_no_public_ip(subnet: Resource) -> Findings:
    """A subnet assigns no public addresses, and says so explicitly, although this is AWS's default."""
    return subnet.wants("mapPublicIpOnLaunch", False)


@rule(
    on=(ACL, ACL_RULE), severity=MEDIUM, controls="FSBP EC2.21; CIS 3.0 5.1; CIS 5.0 5.2; PCI 1.3 (own)",
    remedy="Allow only named ranges.",
)  # fmt: skip
def acl_admin_ports_closed(acl: Resource) -> Findings:
    """A network ACL does not open SSH or RDP to the world."""
    if acl.type == ACL_RULE and acl.get("egress"):
        return
    for row in (acl.get("ingress") or []) if acl.type == ACL else [_row(acl)]:
        opening = Opening(*_ports(row.get("protocol"), row.get("fromPort"), row.get("toPort")), ())
        world = any(_size(each) == WORLD_PREFIX for each in (row.get("cidrBlock"), row.get("ipv6CidrBlock")) if each)
        if world and row.get("action") == "allow" and (found := opening.holds(ADMIN_PORTS)):
            yield Finding(f"port {', '.join(map(str, found))} open to the world", "no such port")


@rule(
    on=VPN, severity=MEDIUM, controls="FSBP EC2.51; PCI 10.2.1; GDPR 30",
    remedy="Set connection_log_options, with a log group.",
)  # fmt: skip
def vpn_connections_logged(vpn: Resource) -> Findings:
    """A Client VPN endpoint logs connections."""
    yield from vpn.wants("connectionLogOptions.enabled", True)
    yield from vpn.wants_any("connectionLogOptions.cloudwatchLogGroup")


@rule(
    on=VPN_RULE, severity=HIGH, controls="own; PCI 1.3.1 (own)",
    remedy="Authorize the subnets that people need, and use split_tunnel.",
)  # fmt: skip
def vpn_leads_into_the_vpc_alone(authorization: Resource) -> Findings:
    """A Client VPN does not give access to public addresses."""
    cidr = authorization.get("targetNetworkCidr")
    if not _private(cidr):
        yield Finding(f"targetNetworkCidr {cidr}", "a private range")


def _row(acl_rule: Resource) -> dict[str, Any]:
    names = ("protocol", "fromPort", "toPort", "cidrBlock", "ipv6CidrBlock")
    return {"action": acl_rule.get("ruleAction"), **{name: acl_rule.get(name) for name in names}}


POLICIES = (
    group_admin_ports_closed,
    group_risky_ports_closed,
    group_public_from_cloudflare_alone,
    vpc_default_group_empty,
    vpc_flow_logged,
    subnet_gives_no_public_ip,
    acl_admin_ports_closed,
    vpn_connections_logged,
    vpn_leads_into_the_vpc_alone,
)
