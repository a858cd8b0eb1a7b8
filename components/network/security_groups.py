"""Who may talk to whom: every security group of the region, with all of its rules in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.cloudflare_ranges import CLOUDFLARE_RANGES
from components.network.network import ANYWHERE, Network
from components.network.ports import CACHE, DATABASE, HTTP, HTTPS
from naming import Naming
from settings import NetworkSettings

NAME_LIMIT = 255


class Group(StrEnum):
    """The groups, each before those that let it in."""

    BALANCER = "balancer"
    WEB = "web"
    WORKERS = "workers"
    DATABASE = "database"
    CACHE = "cache"
    ENDPOINTS = "endpoints"


class Range(StrEnum):
    """Peers that are known by their addresses."""

    CLOUDFLARE = "cloudflare"
    APP_SUBNETS = "app subnets"
    DATA_SUBNETS = "data subnets"
    VPN_CLIENTS = "vpn clients"
    INTERNET = "internet"


@dataclass(frozen=True, kw_only=True)
class WayIn:
    """One kind of connection that a group accepts; `why` is what AWS shows beside the rule."""

    group: Group
    port: int
    peer: Group | Range
    why: str


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """One kind of connection that a group may open.

    Its peer is a range: groups that named each other could not be made one after the other.
    """

    group: Group
    port: int
    peer: Range
    why: str


def _in(group: Group, port: int, peer: Group | Range, why: str) -> WayIn:
    return WayIn(group=group, port=port, peer=peer, why=why)


def _out(group: Group, port: int, peer: Range, why: str) -> WayOut:
    return WayOut(group=group, port=port, peer=peer, why=why)


def _host_ways_out(group: Group) -> tuple[WayOut, ...]:
    return (
        _out(group, DATABASE, Range.DATA_SUBNETS, "Queries"),
        _out(group, CACHE, Range.DATA_SUBNETS, "Cache and sessions"),
        _out(group, HTTPS, Range.INTERNET, "AWS, Cal.com, Retell.ai and other APIs, by NAT or an endpoint"),
        _out(group, HTTP, Range.INTERNET, "Ubuntu package archives, which sign what they send in the clear"),
    )


WRITERS = (
    _in(Group.DATABASE, DATABASE, Group.WEB, "Queries of the web hosts"),
    _in(Group.DATABASE, DATABASE, Group.WORKERS, "Queries of the workers"),
)
"""What a fence closes, so that nothing is written here while another region writes."""

RULES = (
    _in(Group.BALANCER, HTTPS, Range.CLOUDFLARE, "Visitors, who all come through Cloudflare"),
    _in(Group.BALANCER, HTTP, Range.CLOUDFLARE, "Visitors without TLS, to be redirected"),
    _out(Group.BALANCER, HTTP, Range.APP_SUBNETS, "Requests and health checks"),
    _in(Group.WEB, HTTP, Group.BALANCER, "Requests and health checks"),
    *_host_ways_out(Group.WEB),
    *_host_ways_out(Group.WORKERS),
    *WRITERS,
    _in(Group.DATABASE, DATABASE, Range.VPN_CLIENTS, "Queries of engineers on the VPN"),
    _in(Group.CACHE, CACHE, Group.WEB, "Cache and sessions of the web hosts"),
    _in(Group.CACHE, CACHE, Group.WORKERS, "Cache and locks of the workers"),
    _in(Group.ENDPOINTS, HTTPS, Group.WEB, "AWS APIs for the web hosts"),
    _in(Group.ENDPOINTS, HTTPS, Group.WORKERS, "AWS APIs for the workers"),
)

PURPOSES = {
    Group.BALANCER: "The load balancer, for Cloudflare alone",
    Group.WEB: "Web hosts, for the load balancer alone",
    Group.WORKERS: "Workers, which nobody calls",
    Group.DATABASE: "The database, for hosts and VPN clients",
    Group.CACHE: "The cache, for hosts",
    Group.ENDPOINTS: "Endpoints of AWS services, for hosts",
}


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """The network whose parts the groups guard; `fenced` keeps the hosts from the database."""

    naming: Naming
    network: Network
    fenced: bool = False


class Firewall(Component):
    """The security groups; each owns its rules exclusively, so that `up --refresh` removes a rule added by hand."""

    balancer: aws.ec2.SecurityGroup
    web: aws.ec2.SecurityGroup
    workers: aws.ec2.SecurityGroup
    database: aws.ec2.SecurityGroup
    cache: aws.ec2.SecurityGroup
    endpoints: aws.ec2.SecurityGroup

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network", name, args.naming, opts=opts)
        groups: dict[Group, aws.ec2.SecurityGroup] = {}
        for group in Group:
            groups[group] = self._group(name, args, group, groups)
        self.balancer = groups[Group.BALANCER]
        self.web = groups[Group.WEB]
        self.workers = groups[Group.WORKERS]
        self.database = groups[Group.DATABASE]
        self.cache = groups[Group.CACHE]
        self.endpoints = groups[Group.ENDPOINTS]
        self.register_outputs({group.value: made.id for group, made in groups.items()})

    def _group(
        self, name: str, args: FirewallArgs, group: Group, others: Mapping[Group, aws.ec2.SecurityGroup]
    ) -> aws.ec2.SecurityGroup:
        rules = [rule for rule in RULES if rule.group is group and not (args.fenced and rule in WRITERS)]
        settings = args.network.settings
        return aws.ec2.SecurityGroup(
            f"{name}-{group}",
            name=args.naming.physical(group, NAME_LIMIT),
            description=PURPOSES[group],
            vpc_id=args.network.vpc.id,
            ingress=[_ingress(rule, settings, others) for rule in rules if isinstance(rule, WayIn)],
            egress=[_egress(rule, settings) for rule in rules if isinstance(rule, WayOut)],
            # Rules that name each other's groups would keep the groups from being deleted.
            revoke_rules_on_delete=True,
            opts=self.child(),
        )


def _ingress(
    rule: WayIn, settings: NetworkSettings, others: Mapping[Group, aws.ec2.SecurityGroup]
) -> aws.ec2.SecurityGroupIngressArgs:
    return aws.ec2.SecurityGroupIngressArgs(
        protocol="tcp",
        from_port=rule.port,
        to_port=rule.port,
        description=rule.why,
        security_groups=[others[rule.peer].id] if isinstance(rule.peer, Group) else None,
        cidr_blocks=None if isinstance(rule.peer, Group) else _addresses(rule.peer, settings),
    )


def _egress(rule: WayOut, settings: NetworkSettings) -> aws.ec2.SecurityGroupEgressArgs:
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
        case Range.VPN_CLIENTS:
            return [settings.vpn_client_cidr]
        case Range.INTERNET:
            return [ANYWHERE]
