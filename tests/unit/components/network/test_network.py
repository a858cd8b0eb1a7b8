"""The network: its subnets, routes and flow logs."""

from typing import Any

import pytest
from fake_cloud import FAKE_REGION, Cloud, Record, deploy
from parts import NAMING, PROD, SITE, Ground, ground

from components.network.network import ANYWHERE, Network, NetworkArgs
from settings import NetworkSettings, Tier

ACL = "aws:ec2/networkAcl:NetworkAcl"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
NAT = "aws:ec2/natGateway:NatGateway"
ROUTE = "aws:ec2/route:Route"
SUBNET = "aws:ec2/subnet:Subnet"


def network_of(**changes: Any) -> Cloud[Network]:
    """The network of `prod` with some of its settings changed."""
    settings = NetworkSettings.model_validate({**PROD.network.model_dump(), **changes})
    args = NetworkArgs(site=SITE, settings=settings, keys=ground().built.keys)
    return deploy(lambda: Network("network", args))


@pytest.fixture(scope="module")
def cloud() -> Cloud[Ground]:
    return ground()


def routes_of(cloud: Cloud[Any], subnet: Record) -> list[Record]:
    """The routes beyond the VPC that a subnet has."""
    (association,) = [a for a in cloud.of(ASSOCIATION) if a.inputs["subnetId"] == f"subnet-{subnet.name}"]
    return [r for r in cloud.of(ROUTE) if r.inputs["routeTableId"] == association.inputs["routeTableId"]]


def tier(cloud: Cloud[Any], name: str) -> list[Record]:
    return [subnet for subnet in cloud.of(SUBNET) if subnet.name.startswith(f"network-{name}-")]


@pytest.mark.parametrize("name", ["public", "app", "data"])
def test_each_tier_has_a_subnet_in_every_zone_as_the_address_plan_says(cloud: Cloud[Ground], name: Tier) -> None:
    placed = [(subnet.inputs["availabilityZone"], subnet.inputs["cidrBlock"]) for subnet in tier(cloud, name)]
    assert placed == list(zip(PROD.network.availability_zones, PROD.network.subnet_cidrs(name).values(), strict=True))


def test_logical_names_hold_no_region(cloud: Cloud[Ground]) -> None:
    assert not [resource.name for resource in cloud.resources if FAKE_REGION in resource.name]


def test_nothing_gets_a_public_address_unasked(cloud: Cloud[Ground]) -> None:
    assert all(subnet.inputs["mapPublicIpOnLaunch"] is False for subnet in cloud.of(SUBNET))


def test_public_subnets_lead_to_the_internet_gateway(cloud: Cloud[Ground]) -> None:
    for subnet in tier(cloud, "public"):
        (route,) = routes_of(cloud, subnet)
        assert route.inputs["destinationCidrBlock"] == ANYWHERE
        assert route.inputs["gatewayId"] == "internetGateway-network-internet"


def test_app_subnets_lead_to_the_nat_gateway_of_their_own_zone(cloud: Cloud[Ground]) -> None:
    for subnet in tier(cloud, "app"):
        letter = subnet.inputs["availabilityZone"][-1]
        (route,) = routes_of(cloud, subnet)
        assert route.inputs["natGatewayId"] == f"natGateway-network-nat-{letter}"
        assert cloud.one(NAT, f"network-nat-{letter}").inputs["subnetId"] == f"subnet-network-public-{letter}"


def test_data_subnets_lead_nowhere(cloud: Cloud[Ground]) -> None:
    assert [routes_of(cloud, subnet) for subnet in tier(cloud, "data")] == [[] for _ in tier(cloud, "data")]


def test_a_single_nat_gateway_serves_all_zones_where_the_setting_says_so() -> None:
    cloud = network_of(nat_gateways="single")
    (gateway,) = cloud.of(NAT)
    assert len(cloud.of("aws:ec2/eip:Eip")) == 1
    for subnet in tier(cloud, "app"):
        (route,) = routes_of(cloud, subnet)
        assert route.inputs["natGatewayId"] == f"natGateway-{gateway.name}"


def test_a_zone_added_later_changes_no_subnet_and_no_rule() -> None:
    zones = PROD.network.availability_zones
    fewer, more = (network_of(availability_zones=zones[:count]) for count in (2, 3))
    kept = {subnet.urn: subnet.inputs for subnet in fewer.of(SUBNET)}
    assert len(more.of(SUBNET)) == len(kept) + 3
    assert {s.urn: s.inputs for s in more.of(SUBNET) if s.urn in kept} == kept
    for direction in ("ingress", "egress"):
        after = more.one(ACL).inputs[direction]
        assert all(rule in after for rule in fewer.one(ACL).inputs[direction])


def test_the_default_security_group_allows_nothing(cloud: Cloud[Ground]) -> None:
    group = cloud.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert group.inputs["ingress"] == []
    assert group.inputs["egress"] == []


def test_the_data_tier_is_reached_from_itself_and_app_subnets_alone(cloud: Cloud[Ground]) -> None:
    """VPN clients have addresses of the app subnets."""
    app = PROD.network.subnet_cidrs("app").values()
    rules = cloud.one(ACL).inputs["ingress"]
    assert {(rule["fromPort"], rule["toPort"], rule["cidrBlock"]) for rule in rules} == {
        *((3306, 3306, cidr) for cidr in app),
        *((6379, 6379, cidr) for cidr in app),
        *((0, 65535, cidr) for cidr in PROD.network.subnet_cidrs("data").values()),
    }


def test_the_data_tier_sends_nothing_but_replies_out_of_itself(cloud: Cloud[Ground]) -> None:
    rules = cloud.one(ACL).inputs["egress"]
    assert {(rule["fromPort"], rule["toPort"], rule["cidrBlock"]) for rule in rules} == {
        *((1024, 65535, cidr) for cidr in PROD.network.subnet_cidrs("app").values()),
        *((0, 65535, cidr) for cidr in PROD.network.subnet_cidrs("data").values()),
    }


def test_the_acl_guards_every_data_subnet_and_numbers_each_rule_once(cloud: Cloud[Ground]) -> None:
    acl = cloud.one(ACL)
    assert acl.inputs["subnetIds"] == [f"subnet-{subnet.name}" for subnet in tier(cloud, "data")]
    for direction in ("ingress", "egress"):
        numbers = [rule["ruleNo"] for rule in acl.inputs[direction]]
        assert len(set(numbers)) == len(numbers)


def test_all_traffic_is_logged_encrypted_and_kept_as_the_setting_says(cloud: Cloud[Ground]) -> None:
    log = cloud.one("aws:ec2/flowLog:FlowLog")
    group = cloud.one("aws:cloudwatch/logGroup:LogGroup")
    assert log.inputs["trafficType"] == "ALL"
    assert log.inputs["vpcId"] == cloud.value(cloud.built.network.vpc.id)
    assert log.inputs["logDestination"].endswith(group.inputs["name"])
    assert group.inputs["kmsKeyId"] == cloud.value(cloud.built.keys["logs"].arn)
    assert group.inputs["retentionInDays"] == PROD.network.flow_log_retention_days


def test_the_flow_log_role_serves_this_account_and_writes_to_its_group_alone(cloud: Cloud[Ground]) -> None:
    trust = cloud.one("aws:iam/role:Role").document("assumeRolePolicy")["Statement"][0]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": NAMING.account_id}
    write, find = cloud.one("aws:iam/rolePolicy:RolePolicy").document()["Statement"]
    assert write["Resource"].endswith(f"log-group:{NAMING.physical('network-flow-logs', 512)}:*")
    assert find == {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": "*"}


def test_the_way_to_s3_is_for_our_own_buckets_and_those_of_the_agents(cloud: Cloud[Ground]) -> None:
    gateway = cloud.one("aws:ec2/vpcEndpoint:VpcEndpoint")
    ours, agents = gateway.document()["Statement"]
    account = NAMING.account_id
    assert ours["Condition"]["StringEquals"] == {"aws:PrincipalAccount": account, "s3:ResourceAccount": account}
    assert agents["Action"] == "s3:GetObject"
    assert all(FAKE_REGION in bucket for bucket in agents["Resource"])


def test_the_way_to_s3_is_in_the_routes_of_the_app_tier_alone(cloud: Cloud[Ground]) -> None:
    tables = {a.inputs["routeTableId"] for a in cloud.of(ASSOCIATION) if a.name.startswith("network-app-")}
    assert set(cloud.one("aws:ec2/vpcEndpoint:VpcEndpoint").inputs["routeTableIds"]) == tables


def test_subnets_are_given_on_in_the_order_of_zones(cloud: Cloud[Ground]) -> None:
    network = cloud.built.network
    for name, ids in (
        ("public", network.public_subnet_ids),
        ("app", network.app_subnet_ids),
        ("data", network.data_subnet_ids),
    ):
        assert [cloud.value(subnet_id) for subnet_id in ids] == [f"subnet-{s.name}" for s in tier(cloud, name)]
