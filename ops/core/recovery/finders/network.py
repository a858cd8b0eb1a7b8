"""How what the network is made of is found: by tag, and what has no tag by what it joins."""

from ops.core.recovery.finders.wanted import (
    Finder,
    Wanted,
    by_name,
    by_name_tag,
    filters,
    listed,
    listing,
    same,
    waiter,
)

NAT_SECONDS = 600
"""Terraform's provider, aws_nat_gateway: create within 10 minutes."""


def _route(wanted: Wanted) -> list[str]:
    table, target = wanted["routeTableId"], wanted["destinationCidrBlock"]
    rows = listed(wanted, "ec2", "describe_route_tables", "RouteTables", RouteTableIds=[table])
    there = any(
        route.get("DestinationCidrBlock") == target and route.get("Origin") == "CreateRoute"
        for row in rows
        for route in row["Routes"]
    )
    return [f"{table}_{target}"] if there else []


def _association(wanted: Wanted) -> list[str]:
    tables = listing(
        "ec2",
        "describe_route_tables",
        "RouteTables",
        "RouteTableId",
        filters(**{"association.subnet_id": "subnetId"}),
        same("RouteTableId", "routeTableId"),
    )
    return [f"{wanted['subnetId']}/{table}" for table in tables(wanted)]


def _vpn_association(wanted: Wanted) -> list[str]:
    endpoint = wanted["clientVpnEndpointId"]
    rows = listed(
        wanted, "ec2", "describe_client_vpn_target_networks", "ClientVpnTargetNetworks", ClientVpnEndpointId=endpoint
    )
    there = [row for row in rows if row["Status"]["Code"] in ("associating", "associated")]
    return [f"{endpoint},{row['AssociationId']}" for row in there if row["TargetNetworkId"] == wanted["subnetId"]]


def _vpn_rule(wanted: Wanted) -> list[str]:
    endpoint, target = wanted["clientVpnEndpointId"], wanted["targetNetworkCidr"]
    rows = listed(
        wanted, "ec2", "describe_client_vpn_authorization_rules", "AuthorizationRules", ClientVpnEndpointId=endpoint
    )
    there = [row for row in rows if row["Status"]["Code"] in ("authorizing", "active")]
    return [f"{endpoint},{target}" for row in there if row["DestinationCidr"] == target]


NETWORK = {
    "aws:ebs/volume:Volume": Finder(
        find=by_name_tag("describe_volumes", "Volumes", "VolumeId", "creating", "available", "in-use"), by="tag Name"
    ),
    "aws:ec2/vpc:Vpc": Finder(find=by_name_tag("describe_vpcs", "Vpcs", "VpcId"), by="tag Name"),
    "aws:ec2/eip:Eip": Finder(find=by_name_tag("describe_addresses", "Addresses", "AllocationId"), by="tag Name"),
    "aws:ec2/internetGateway:InternetGateway": Finder(
        find=by_name_tag("describe_internet_gateways", "InternetGateways", "InternetGatewayId"), by="tag Name"
    ),
    "aws:ec2/natGateway:NatGateway": Finder(
        find=by_name_tag("describe_nat_gateways", "NatGateways", "NatGatewayId", "pending", "available"),
        by="tag Name",
        settled=waiter("ec2", "nat_gateway_available", "NatGatewayIds", seconds=NAT_SECONDS),
    ),
    "aws:ec2/networkAcl:NetworkAcl": Finder(
        find=by_name_tag("describe_network_acls", "NetworkAcls", "NetworkAclId"), by="tag Name"
    ),
    "aws:ec2/routeTable:RouteTable": Finder(
        find=by_name_tag("describe_route_tables", "RouteTables", "RouteTableId"), by="tag Name"
    ),
    "aws:ec2/flowLog:FlowLog": Finder(find=by_name_tag("describe_flow_logs", "FlowLogs", "FlowLogId"), by="tag Name"),
    "aws:ec2/launchTemplate:LaunchTemplate": Finder(
        find=by_name(
            "ec2", "describe_launch_templates", "LaunchTemplateNames", "LaunchTemplates", "LaunchTemplateId",
            name="LaunchTemplateName",
        )
    ),
    "aws:ec2/subnet:Subnet": Finder(
        find=listing(
            "ec2", "describe_subnets", "Subnets", "SubnetId", filters(vpc_id="vpcId", cidr_block="cidrBlock")
        ),
        by="VPC and CIDR: no two subnets share one",
    ),
    "aws:ec2/securityGroup:SecurityGroup": Finder(
        find=listing(
            "ec2", "describe_security_groups", "SecurityGroups", "GroupId", filters(vpc_id="vpcId", group_name="name")
        ),
        by="VPC and name",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Finder(
        find=listing(
            "ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId",
            filters(vpc_id="vpcId", service_name="serviceName"),
            lambda _wanted, row: row["State"].lower() in ("pending", "available"),
        ),
        by="VPC and service",
    ),
    "aws:ec2clientvpn/endpoint:Endpoint": Finder(
        # EC2 has no filter by tags for endpoints.
        find=listing(
            "ec2", "describe_client_vpn_endpoints", "ClientVpnEndpoints", "ClientVpnEndpointId",
            matches=lambda wanted, row: (
                {"Key": "Name", "Value": wanted.name_tag} in row["Tags"]
                and row["Status"]["Code"] in ("pending-associate", "available")
            ),
        ),
        by="tag Name",
    ),
    "aws:ec2clientvpn/networkAssociation:NetworkAssociation": Finder(
        find=_vpn_association,
        by="endpoint and subnet",
        identified=lambda resource: f"{resource['inputs']['clientVpnEndpointId']},{resource['id']}",
    ),
    "aws:ec2clientvpn/authorizationRule:AuthorizationRule": Finder(
        find=_vpn_rule,
        by="endpoint and range",
        identified=lambda resource: "{clientVpnEndpointId},{targetNetworkCidr}".format(**resource["inputs"]),
    ),
    "aws:ec2/route:Route": Finder(
        find=_route,
        by="route table and destination",
        identified=lambda resource: "{routeTableId}_{destinationCidrBlock}".format(**resource["inputs"]),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Finder(
        find=_association,
        by="subnet and route table",
        identified=lambda resource: "{subnetId}/{routeTableId}".format(**resource["inputs"]),
    ),
}  # fmt: skip
