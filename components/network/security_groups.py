"""Every security group of the region, with all rules in one table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.cloudflare_ranges import CLOUDFLARE_RANGES
from components.network.network import ANYWHERE, Network
from components.network.ports import CACHE, DATABASE, HTTP, HTTPS, MAIL, SSH
from components.site import Site
from hosts.roles import BASTION, MONITORING, ROLES, WEB, HostRole
from monitoring.host.prometheus import NODE_EXPORTER
from settings import NetworkSettings

NAME_LIMIT = 255


class Service(StrEnum):
    """What has a security group, besides the hosts."""

    LOAD_BALANCER = "balancer"
    DATABASE = "database"
    CACHE = "cache"
    ENDPOINTS = "endpoints"
    VPN = "vpn"


Member = Service | HostRole
"""What a security group is for."""

MEMBERS: tuple[Member, ...] = (
    Service.VPN,
    BASTION,
    Service.LOAD_BALANCER,
    # Before the hosts that it scrapes.
    MONITORING,
    *(role for role in ROLES if role not in (BASTION, MONITORING)),
    Service.DATABASE,
    Service.CACHE,
    Service.ENDPOINTS,
)
"""In the order of creation: a group comes after those that its ingress rules name."""
OPTIONAL: tuple[Member, ...] = (Service.VPN, BASTION)
"""Groups that a region may lack; the rules that name them are then omitted."""

DESCRIPTIONS = {
    Service.LOAD_BALANCER: "The load balancer, for Cloudflare alone",
    Service.DATABASE: "The database, for hosts and VPN clients",
    Service.CACHE: "The cache, for hosts",
    Service.ENDPOINTS: "Endpoints of AWS services, for hosts",
    Service.VPN: "Clients of the VPN, whom nobody calls",
}
"""EC2 cannot change a group's description: another text replaces the group."""


class Range(StrEnum):
    """Peers that are known by their addresses."""

    CLOUDFLARE = "cloudflare"
    APP_SUBNETS = "app subnets"
    DATA_SUBNETS = "data subnets"
    INTERNET = "internet"


@dataclass(frozen=True, kw_only=True)
class IngressRule:
    """A connection that a group accepts; `why` is the rule's description in EC2."""

    group: Member
    port: int
    peer: Member | Range
    why: str


@dataclass(frozen=True, kw_only=True)
class EgressRule:
    """A connection that a group may open.

    Its peer is a range: if two groups named each other, neither could be created first.
    """

    group: Member
    port: int
    peer: Range
    why: str


Rule = IngressRule | EgressRule


def _ingress(group: Member, port: int, peer: Member | Range, why: str) -> IngressRule:
    return IngressRule(group=group, port=port, peer=peer, why=why)


def _egress(group: Member, port: int, peer: Range, why: str) -> EgressRule:
    return EgressRule(group=group, port=port, peer=peer, why=why)


def _of_host(role: HostRole) -> Iterator[Rule]:
    if role.behind_load_balancer:
        yield _ingress(role, role.port, Service.LOAD_BALANCER, "Requests and health checks")
    if role.runs_application:
        yield _ingress(role, NODE_EXPORTER, MONITORING, "Metrics of the host")
    if role != BASTION:
        yield _ingress(role, SSH, BASTION, "SSH through the bastion")
    if role.uses_data:
        yield _egress(role, DATABASE, Range.DATA_SUBNETS, "Queries")
        yield _egress(role, CACHE, Range.DATA_SUBNETS, "Cache and sessions")
    yield _egress(role, HTTPS, Range.INTERNET, "AWS, Cal.com, Retell.ai and other APIs, by NAT or an endpoint")
    yield _egress(role, HTTP, Range.INTERNET, "Ubuntu package archives, which sign what they send in the clear")


DATA_USERS = tuple(role for role in ROLES if role.uses_data)

CLOSED_BY_FENCE = tuple(_ingress(Service.DATABASE, DATABASE, role, f"Queries of {role.title}") for role in DATA_USERS)
"""Omitted while the region is fenced, so that nothing is written here while another region writes."""

RULES: tuple[Rule, ...] = (
    _ingress(Service.LOAD_BALANCER, HTTPS, Range.CLOUDFLARE, "Visitors, who all come through Cloudflare"),
    _ingress(Service.LOAD_BALANCER, HTTP, Range.CLOUDFLARE, "Visitors without TLS, to be redirected"),
    *(
        _egress(Service.LOAD_BALANCER, port, Range.APP_SUBNETS, "Requests and health checks")
        for port in sorted({role.port for role in ROLES if role.behind_load_balancer})
    ),
    _ingress(WEB, HTTP, MONITORING, "Metrics of the application"),
    _egress(MONITORING, NODE_EXPORTER, Range.APP_SUBNETS, "Metrics of the hosts"),
    _egress(MONITORING, MAIL, Range.INTERNET, "Alerts as mail"),
    *(rule for role in ROLES for rule in _of_host(role)),
    *CLOSED_BY_FENCE,
    _ingress(Service.DATABASE, DATABASE, Service.VPN, "Queries of engineers on the VPN"),
    _ingress(BASTION, SSH, Service.VPN, "SSH of operators on the VPN"),
    _egress(BASTION, SSH, Range.APP_SUBNETS, "SSH of operators to other hosts"),
    _egress(Service.VPN, DATABASE, Range.DATA_SUBNETS, "Queries of engineers"),
    _egress(Service.VPN, SSH, Range.APP_SUBNETS, "SSH to the bastion"),
    *(_ingress(Service.CACHE, CACHE, role, f"Cache and {role.keeps_in_cache} of {role.title}") for role in DATA_USERS),
    *(_ingress(Service.ENDPOINTS, HTTPS, role, f"AWS APIs for {role.title}") for role in ROLES),
)


@dataclass(frozen=True, kw_only=True)
class SecurityGroupsArgs:
    """`fenced` closes the database to the hosts. `present` are those of OPTIONAL that the region has."""

    site: Site
    network: Network
    fenced: bool = False
    present: Collection[Member] = OPTIONAL


class SecurityGroups(Component):
    """The security groups, `security_groups[Service.CACHE]` or `security_groups[WEB]`.

    Each owns its rules exclusively, so that `up --refresh` removes a rule that was added by hand.
    """

    def __init__(self, name: str, args: SecurityGroupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network:Firewall", name, args.site, opts=opts)
        self._groups: dict[Member, aws.ec2.SecurityGroup] = {}
        for member in (each for each in MEMBERS if each not in OPTIONAL or each in args.present):
            self._groups[member] = self._group(name, args, member)
        self.register_outputs({_name(member): group.id for member, group in self._groups.items()})

    def __getitem__(self, member: Member) -> aws.ec2.SecurityGroup:
        return self._groups[member]

    def _group(self, name: str, args: SecurityGroupsArgs, member: Member) -> aws.ec2.SecurityGroup:
        absent = [each for each in OPTIONAL if each not in args.present]
        rules = [
            rule
            for rule in RULES
            if rule.group == member and rule.peer not in absent and not (args.fenced and rule in CLOSED_BY_FENCE)
        ]
        settings = args.network.settings
        return aws.ec2.SecurityGroup(
            f"{name}-{_name(member)}",
            name=args.site.naming.physical(_name(member), NAME_LIMIT),
            description=member.security_group if isinstance(member, HostRole) else DESCRIPTIONS[member],
            vpc_id=args.network.vpc.id,
            ingress=[_accepted(rule, settings, self._groups) for rule in rules if isinstance(rule, IngressRule)],
            egress=[_opened(rule, settings) for rule in rules if isinstance(rule, EgressRule)],
            # Rules that name each other's groups would prevent the groups' deletion.
            revoke_rules_on_delete=True,
            opts=self.child(),
        )


def _name(member: Member) -> str:
    return member.name if isinstance(member, HostRole) else member.value


def _accepted(
    rule: IngressRule, settings: NetworkSettings, groups: Mapping[Member, aws.ec2.SecurityGroup]
) -> aws.ec2.SecurityGroupIngressArgs:
    peer = rule.peer
    return aws.ec2.SecurityGroupIngressArgs(
        protocol="tcp",
        from_port=rule.port,
        to_port=rule.port,
        description=rule.why,
        security_groups=None if isinstance(peer, Range) else [groups[peer].id],
        cidr_blocks=_addresses(peer, settings) if isinstance(peer, Range) else None,
    )


def _opened(rule: EgressRule, settings: NetworkSettings) -> aws.ec2.SecurityGroupEgressArgs:
    return aws.ec2.SecurityGroupEgressArgs(
        protocol="tcp",
        from_port=rule.port,
        to_port=rule.port,
        description=rule.why,
        cidr_blocks=_addresses(rule.peer, settings),
    )


def _addresses(peer: Range, settings: NetworkSettings) -> list[str]:
    match peer:
        case Range.CLOUDFLARE:
            return list(CLOUDFLARE_RANGES)
        case Range.APP_SUBNETS:
            return list(settings.subnet_cidrs("app").values())
        case Range.DATA_SUBNETS:
            return list(settings.subnet_cidrs("data").values())
        case Range.INTERNET:
            return [ANYWHERE]
