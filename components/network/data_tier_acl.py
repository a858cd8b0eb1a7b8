"""The data tier's network ACL: a second barrier, in case a security group is opened by mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.ports import CACHE, DATABASE
from components.site import Site
from settings import NetworkSettings
from settings.network import ZONE_LETTERS

REPLY_PORTS = (1024, 65535)
"""The ports of replies: NAT and VPN gateways use more than Linux's own range (VPC User Guide, "Ephemeral ports"). VPN
clients have addresses of the app subnets."""

ALL_PORTS = (0, 65535)
INSIDE = "Replication: AWS does not document how the nodes of a cluster connect, so nothing between them is blocked."


@dataclass(frozen=True, kw_only=True)
class AclRow:
    """Who reaches which ports in or from the data tier; a row uses `first_number` and the nine numbers after it."""

    first_number: int
    direction: Literal["in", "out"]
    ports: tuple[int, int]
    peer: Literal["app", "data"]
    why: str


ROWS = (
    AclRow(
        first_number=100,
        direction="in",
        ports=(DATABASE, DATABASE),
        peer="app",
        why="Queries of the application, and of engineers on the VPN.",
    ),
    AclRow(
        first_number=120,
        direction="in",
        ports=(CACHE, CACHE),
        peer="app",
        why="The application's cache and sessions.",
    ),
    AclRow(
        first_number=130,
        direction="in",
        ports=ALL_PORTS,
        peer="data",
        why=INSIDE,
    ),
    AclRow(
        first_number=100,
        direction="out",
        ports=REPLY_PORTS,
        peer="app",
        why="Replies: a network ACL is stateless.",
    ),
    AclRow(
        first_number=120,
        direction="out",
        ports=ALL_PORTS,
        peer="data",
        why=INSIDE,
    ),
)


@dataclass(frozen=True, kw_only=True)
class DataTierAclArgs:
    """`subnets` are the data tier's; the peers' addresses come from `settings`.

    While the region is `fenced`, nothing outside the data tier reaches it.
    """

    site: Site
    settings: NetworkSettings
    vpc: aws.ec2.Vpc
    subnets: Sequence[aws.ec2.Subnet]
    fenced: bool


class DataTierAcl(Component):
    """One network ACL that owns all its rules: `up --refresh` removes a rule that was added by hand."""

    acl: aws.ec2.NetworkAcl

    def __init__(self, name: str, args: DataTierAclArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network:DataTierAcl", name, args.site, opts=opts)
        self.acl = aws.ec2.NetworkAcl(
            f"{name}-acl",
            vpc_id=args.vpc.id,
            subnet_ids=[subnet.id for subnet in args.subnets],
            ingress=[
                aws.ec2.NetworkAclIngressArgs(
                    rule_no=number,
                    action="allow",
                    protocol="tcp",
                    from_port=row.ports[0],
                    to_port=row.ports[1],
                    cidr_block=cidr,
                )
                for row, number, cidr in _rules(args, "in")
            ],
            egress=[
                aws.ec2.NetworkAclEgressArgs(
                    rule_no=number,
                    action="allow",
                    protocol="tcp",
                    from_port=row.ports[0],
                    to_port=row.ports[1],
                    cidr_block=cidr,
                )
                for row, number, cidr in _rules(args, "out")
            ],
            opts=self.child(),
        )
        self.register_outputs({"acl_id": self.acl.id})


def _rules(args: DataTierAclArgs, direction: Literal["in", "out"]) -> list[tuple[AclRow, int, str]]:
    """Each row once for every CIDR block of its peer; adding or removing a zone renumbers no rule.

    A fence must be here: removing a rule of a security group leaves established connections open, removing one of a
    network ACL ends them (VPC User Guide, "Security group connection tracking").
    """
    settings = args.settings
    ranges = {
        "app": _by_position(settings.subnet_cidrs("app")),
        "data": _by_position(settings.subnet_cidrs("data")),
    }
    return [
        (row, row.first_number + position, cidr)
        for row in ROWS
        if row.direction == direction and (row.peer == "data" or not args.fenced)
        for position, cidr in ranges[row.peer].items()
    ]


def _by_position(cidrs: Mapping[str, str]) -> dict[int, str]:
    return {ZONE_LETTERS.index(letter): cidr for letter, cidr in cidrs.items()}
