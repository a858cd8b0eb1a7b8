"""Finders of network resources: by tag, or without tags by what they connect."""

from ops.core.recovery.finders.wanted import (
    Finder,
    Wanted,
    by_name,
    by_name_tag,
    filters,
    given,
    listed,
    listing,
    same,
    tagged,
    waiter,
)

NAT_SECONDS = 600
"""Terraform's provider, aws_nat_gateway: create within 10 minutes."""


def _route(wanted: Wanted) -> list[str]:
    tables = listed(wanted, "ec2", "describe_route_tables", RouteTableIds=[wanted["routeTableId"]])
    return [
        wanted["destinationCidrBlock"]
        for table in tables
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == wanted["destinationCidrBlock"] and route.get("Origin") == "CreateRoute"
    ]


NETWORK = {
    "aws:ebs/volume:Volume": by_name_tag("describe_volumes", "VolumeId", "creating", "available", "in-use"),
    "aws:ec2/vpc:Vpc": by_name_tag("describe_vpcs", "VpcId"),
    "aws:ec2/eip:Eip": by_name_tag("describe_addresses", "AllocationId"),
    "aws:ec2/internetGateway:InternetGateway": by_name_tag("describe_internet_gateways", "InternetGatewayId"),
    "aws:ec2/natGateway:NatGateway": by_name_tag(
        "describe_nat_gateways", "NatGatewayId", "pending", "available",
        settled=waiter("ec2", "nat_gateway_available", "NatGatewayIds", seconds=NAT_SECONDS),
    ),
    "aws:ec2/networkAcl:NetworkAcl": by_name_tag("describe_network_acls", "NetworkAclId"),
    "aws:ec2/routeTable:RouteTable": by_name_tag("describe_route_tables", "RouteTableId"),
    "aws:ec2/flowLog:FlowLog": by_name_tag("describe_flow_logs", "FlowLogId"),
    "aws:ec2/launchTemplate:LaunchTemplate": by_name(
        "ec2", "describe_launch_templates", "LaunchTemplateNames", "LaunchTemplateId", field="LaunchTemplateName"
    ),
    "aws:ec2/subnet:Subnet": listing(
        "ec2", "describe_subnets", "SubnetId", filters(vpc_id="vpcId", cidr_block="cidrBlock"),
        by="VPC and CIDR: no two subnets share one",
    ),
    "aws:ec2/securityGroup:SecurityGroup": listing(
        "ec2", "describe_security_groups", "GroupId", filters(vpc_id="vpcId", group_name="name"), by="VPC and name"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": listing(
        "ec2", "describe_vpc_endpoints", "VpcEndpointId", filters(vpc_id="vpcId", service_name="serviceName"),
        states=("pending", "available"),
        by="VPC and service",
    ),
    "aws:ec2clientvpn/endpoint:Endpoint": listing(
        # EC2 cannot filter endpoints by tag.
        "ec2", "describe_client_vpn_endpoints", "ClientVpnEndpointId", matches=tagged,
        states=("pending-associate", "available"),
        by="tag Name",
    ),
    "aws:ec2clientvpn/networkAssociation:NetworkAssociation": listing(
        "ec2", "describe_client_vpn_target_networks", "AssociationId",
        given(ClientVpnEndpointId="clientVpnEndpointId"), same(TargetNetworkId="subnetId"),
        states=("associating", "associated"),
        by="endpoint and subnet",
        form="{clientVpnEndpointId},{id}",
    ),
    "aws:ec2clientvpn/authorizationRule:AuthorizationRule": listing(
        "ec2", "describe_client_vpn_authorization_rules", "DestinationCidr",
        given(ClientVpnEndpointId="clientVpnEndpointId"), same(DestinationCidr="targetNetworkCidr"),
        states=("authorizing", "active"),
        by="endpoint and range",
        form="{clientVpnEndpointId},{targetNetworkCidr}",
    ),
    "aws:ec2/route:Route": Finder(
        search=_route, by="route table and destination", form="{routeTableId}_{destinationCidrBlock}"
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": listing(
        "ec2", "describe_route_tables", "RouteTableId",
        filters(**{"association.subnet_id": "subnetId"}), same(RouteTableId="routeTableId"),
        by="subnet and route table",
        form="{subnetId}/{routeTableId}",
    ),
}  # fmt: skip
