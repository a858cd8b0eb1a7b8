"""The region's network: three tiers of subnets in each zone; the data tier has no route to the internet."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.data_tier_acl import DataTierAcl, DataTierAclArgs
from components.network.flow_logs import FlowLogs, FlowLogsArgs
from components.network.s3_endpoint import S3Endpoint, S3EndpointArgs
from components.security.keys import Keys
from components.site import Site
from naming import Naming
from settings import NetworkSettings, Tier

ANYWHERE = "0.0.0.0/0"
VPC_ID_LENGTH = len("-vpc-0123456789abcdef0")
"""With the hyphen before it."""


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`keys` encrypt the flow logs. While the region is `fenced`, nothing outside the data tier reaches it."""

    site: Site
    settings: NetworkSettings
    keys: Keys
    fenced: bool = False


class Network(Component):
    """VPC, subnets, routes and gateways, with their network ACL and flow logs.

    Zones are named by their letter (`network-app-a`), so that logical names are the same in every region.
    """

    vpc: aws.ec2.Vpc
    data_tier_acl: DataTierAcl
    nat_gateways: dict[str, aws.ec2.NatGateway]
    flow_log_group: aws.cloudwatch.LogGroup
    public_subnet_ids: list[pulumi.Output[str]]
    app_subnet_ids: list[pulumi.Output[str]]
    app_subnet_of: dict[str, pulumi.Output[str]]
    data_subnet_ids: list[pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network:Network", name, args.site, opts=opts)
        self._name = name
        self.settings = args.settings
        self.vpc = self._vpc()
        public, app, data = (self._subnets(tier) for tier in ("public", "app", "data"))
        internet = self._open_to_internet(public)
        self.nat_gateways = self._nat_gateways(public, internet)
        app_tables = self._route_through_nat(app, self.nat_gateways)
        self._close_off(data)
        self._guard_and_record(args, app_tables, data)
        self.public_subnet_ids = [subnet.id for subnet in public.values()]
        self.app_subnet_of = {letter: subnet.id for letter, subnet in app.items()}
        self.app_subnet_ids = list(self.app_subnet_of.values())
        self.data_subnet_ids = [subnet.id for subnet in data.values()]
        self.register_outputs({"vpc_id": self.vpc.id})

    def name_in_this_life(self, naming: Naming, role: str, limit: int) -> pulumi.Output[str]:
        """A physical name with the VPC's ID, new in each deployment of the stack.

        For resources that outlive the stack: the next deployment must not use their names.
        """
        return pulumi.Output.concat(naming.physical(role, limit - VPC_ID_LENGTH), "-", self.vpc.id)

    def _vpc(self) -> aws.ec2.Vpc:
        """The VPC, and its default security group without rules: a resource without its own group reaches nothing."""
        vpc = aws.ec2.Vpc(
            f"{self._name}-vpc",
            cidr_block=self.settings.vpc_cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            opts=self.child(),
        )
        aws.ec2.DefaultSecurityGroup(
            f"{self._name}-default-group", vpc_id=vpc.id, ingress=[], egress=[], opts=self.child()
        )
        return vpc

    def _subnets(self, tier: Tier) -> dict[str, aws.ec2.Subnet]:
        """A tier's subnet in each zone, by the zone's letter."""
        cidrs = self.settings.subnet_cidrs(tier)
        return {
            letter: aws.ec2.Subnet(
                f"{self._name}-{tier}-{letter}",
                vpc_id=self.vpc.id,
                availability_zone=zone,
                cidr_block=cidrs[letter],
                # In the public tier too: resources there get a public address explicitly.
                map_public_ip_on_launch=False,
                opts=self.child(),
            )
            for letter, zone in self.settings.zones.items()
        }

    def _open_to_internet(self, public: dict[str, aws.ec2.Subnet]) -> aws.ec2.InternetGateway:
        gateway = aws.ec2.InternetGateway(f"{self._name}-internet", vpc_id=self.vpc.id, opts=self.child())
        table = self._table("public", public)
        aws.ec2.Route(
            f"{self._name}-public-default",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self.child(),
        )
        return gateway

    def _nat_gateways(
        self, public: dict[str, aws.ec2.Subnet], internet: aws.ec2.InternetGateway
    ) -> dict[str, aws.ec2.NatGateway]:
        """A NAT gateway for each zone, or a single one in the zone with the first letter."""
        letters = list(public)
        own = letters if self.settings.nat_gateways == "per_zone" else letters[:1]
        return {letter: self._nat_gateway(letter, public[letter], internet) for letter in own}

    def _nat_gateway(
        self, letter: str, subnet: aws.ec2.Subnet, internet: aws.ec2.InternetGateway
    ) -> aws.ec2.NatGateway:
        address = aws.ec2.Eip(f"{self._name}-nat-{letter}-address", domain="vpc", opts=self.child())
        # A NAT gateway fails to start in a VPC without an internet gateway.
        return aws.ec2.NatGateway(
            f"{self._name}-nat-{letter}",
            allocation_id=address.allocation_id,
            subnet_id=subnet.id,
            opts=self.child(depends_on=[internet]),
        )

    def _route_through_nat(
        self, app: dict[str, aws.ec2.Subnet], gateways: dict[str, aws.ec2.NatGateway]
    ) -> list[aws.ec2.RouteTable]:
        """A route table for each zone, so that the loss of a zone cuts no other zone off from the internet.

        A zone without its own NAT gateway uses the only one.
        """
        [first, *_] = gateways.values()
        tables = {letter: self._table(f"app-{letter}", {letter: subnet}) for letter, subnet in app.items()}
        for letter, table in tables.items():
            aws.ec2.Route(
                f"{self._name}-app-{letter}-default",
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateways.get(letter, first).id,
                opts=self.child(),
            )
        return list(tables.values())

    def _close_off(self, data: dict[str, aws.ec2.Subnet]) -> None:
        """A route table without its own routes: the data tier reaches only the VPC."""
        self._table("data", data)

    def _table(self, role: str, subnets: dict[str, aws.ec2.Subnet]) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(f"{self._name}-{role}-routes", vpc_id=self.vpc.id, opts=self.child())
        for letter, subnet in subnets.items():
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{role.split('-')[0]}-{letter}-routes",
                route_table_id=table.id,
                subnet_id=subnet.id,
                opts=self.child(),
            )
        return table

    def _guard_and_record(
        self, args: NetworkArgs, app_tables: list[aws.ec2.RouteTable], data: dict[str, aws.ec2.Subnet]
    ) -> None:
        acl_args = DataTierAclArgs(
            site=args.site, settings=self.settings, vpc=self.vpc, subnets=list(data.values()), fenced=args.fenced
        )
        self.data_tier_acl = DataTierAcl(f"{self._name}-data-tier", acl_args, self.child())
        S3Endpoint(
            f"{self._name}-objects",
            S3EndpointArgs(site=args.site, vpc=self.vpc, route_tables=app_tables),
            self.child(),
        )
        self.flow_log_group = FlowLogs(
            f"{self._name}-flow-logs",
            FlowLogsArgs(
                site=args.site,
                vpc=self.vpc,
                keys=args.keys,
                retention_days=self.settings.flow_log_retention_days,
            ),
            self.child(),
        ).log_group
