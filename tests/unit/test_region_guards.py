"""The protection of a whole serving region: addresses, protection, spare capacity, access, and permissions."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from fake_cloud import Cloud
from regions import STACKS, altered, declared, serving
from stack_files import settings_of

from outputs import RegionOutputs

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
BUCKET = "aws:s3/bucket:Bucket"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
DATABASE = "aws:rds/instance:Instance"
GROUP = "aws:autoscaling/group:Group"
NAT = "aws:ec2/natGateway:NatGateway"
ROUTE = "aws:ec2/route:Route"
ROUTES_OF_SUBNET = "aws:ec2/routeTableAssociation:RouteTableAssociation"
SUBNET = "aws:ec2/subnet:Subnet"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"

STATEFUL = {
    BALANCER,
    BUCKET,
    CACHE,
    DATABASE,
    "aws:backup/vault:Vault",
    "aws:ebs/volume:Volume",
    "aws:kms/key:Key",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:secretsmanager/secret:Secret",
    "aws:sqs/queue:Queue",
}


@pytest.fixture(scope="module", params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def cloud(stack: str) -> Cloud[RegionOutputs]:
    return serving(stack)


def public_subnets(cloud: Cloud[RegionOutputs]) -> set[str]:
    """The subnets whose routes lead to the internet gateway."""
    open_tables = {r.inputs["routeTableId"] for r in cloud.of(ROUTE) if "gatewayId" in r.inputs}
    return {r.inputs["subnetId"] for r in cloud.of(ROUTES_OF_SUBNET) if r.inputs["routeTableId"] in open_tables}


def statements(cloud: Cloud[RegionOutputs]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement that allows something, with the type of the resource that has it."""
    for resource in declared(cloud):
        for name, value in resource.inputs.items():
            if name in ("policy", "assumeRolePolicy"):
                document = json.loads(value)
                assert document["Version"] == "2012-10-17"
                yield from ((resource.type, s) for s in document["Statement"] if s["Effect"] == "Allow")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_only_the_public_subnets_have_a_way_in_from_the_internet(cloud: Cloud[RegionOutputs]) -> None:
    zones = [subnet.inputs["availabilityZone"] for subnet in cloud.of(SUBNET)]
    assert len(public_subnets(cloud)) == len(set(zones))
    assert all(subnet.startswith("subnet-network-public-") for subnet in public_subnets(cloud))


def test_only_the_balancer_and_nat_gateways_are_in_public_subnets(cloud: Cloud[RegionOutputs]) -> None:
    public = public_subnets(cloud)
    inside = {r.type for r in declared(cloud) if any(subnet in json.dumps(r.inputs) for subnet in public)}
    assert inside == {BALANCER, NAT, ROUTES_OF_SUBNET}


def test_nothing_else_is_given_a_public_address(cloud: Cloud[RegionOutputs]) -> None:
    assert [s.name for s in cloud.of(SUBNET) if s.inputs["mapPublicIpOnLaunch"] is not False] == []
    interfaces = [i for template in cloud.of(TEMPLATE) for i in template.inputs["networkInterfaces"]]
    assert {interface["associatePublicIpAddress"] for interface in interfaces} == {"false"}
    assert cloud.one(DATABASE).inputs["publiclyAccessible"] is False
    assert {gateway.inputs["allocationId"] for gateway in cloud.of(NAT)} == {
        f"{address.name}-allocationId" for address in cloud.of("aws:ec2/eip:Eip")
    }


def test_all_that_is_stateful_is_protected_and_nothing_else(cloud: Cloud[RegionOutputs], stack: str) -> None:
    assert {r.type for r in declared(cloud) if r.protect} <= STATEFUL
    # The cache of a pilot light exists only while it is activated.
    passing = {CACHE} if settings_of(stack).posture == "pilot-light" else set()
    assert {r.type for r in declared(cloud) if r.type in STATEFUL and not r.protect} == passing
    assert cloud.one(DATABASE).inputs["deletionProtection"] is True
    assert cloud.one(BALANCER).inputs["enableDeletionProtection"] is True


def test_nothing_is_protected_once_destruction_is_allowed_by_name() -> None:
    cloud = altered()
    assert [resource.name for resource in cloud.resources if resource.protect] == []
    assert {database.inputs["deletionProtection"] for database in cloud.of(DATABASE)} == {False}
    assert cloud.one(BALANCER).inputs["enableDeletionProtection"] is False
    assert {bucket.inputs["forceDestroy"] for bucket in cloud.of(BUCKET)} == {True}
    assert {secret.inputs["recoveryWindowInDays"] for secret in cloud.of("aws:secretsmanager/secret:Secret")} == {0}


def test_the_loss_of_a_zone_leaves_every_group_what_it_needs(cloud: Cloud[RegionOutputs], stack: str) -> None:
    settings = settings_of(stack)
    zone_of = {f"subnet-{subnet.name}": subnet.inputs["availabilityZone"] for subnet in cloud.of(SUBNET)}
    colors = {"web-blue-group": settings.web.blue, "web-green-group": settings.web.green}
    # The monitoring host is where its volume is; the other region watches when its zone is lost. Operators
    # start the bastion.
    alone = ("monitoring-host-group", "bastion-host-group")
    for group in (group for group in cloud.of(GROUP) if group.name not in alone):
        serves = group.name not in colors or colors[group.name].weight > 0
        tier = settings.web if group.name in colors else settings.workers
        zones = {zone_of[subnet] for subnet in group.inputs["vpcZoneIdentifiers"]}
        assert zones == set(settings.network.availability_zones)
        lost = math.ceil(group.inputs["minSize"] / len(zones))
        assert group.inputs["minSize"] - lost >= (tier.required_instances if serves else 0)


def test_no_zone_depends_on_another_for_its_way_out(cloud: Cloud[RegionOutputs], stack: str) -> None:
    gateways = [route.inputs["natGatewayId"] for route in cloud.of(ROUTE) if "natGatewayId" in route.inputs]
    assert len(set(gateways)) == len(gateways) == len(settings_of(stack).network.availability_zones)


def test_data_has_a_second_zone_to_run_in(cloud: Cloud[RegionOutputs]) -> None:
    assert cloud.one(DATABASE).inputs["multiAz"] is True
    cache = cloud.one(CACHE).inputs
    assert cache["multiAzEnabled"] is True
    assert cache["automaticFailoverEnabled"] is True
    assert cache["replicasPerNodeGroup"] >= 1


def test_the_database_is_reached_from_hosts_and_the_vpn_alone(cloud: Cloud[RegionOutputs]) -> None:
    (guard,) = cloud.one(DATABASE).inputs["vpcSecurityGroupIds"]
    rules = cloud.one("aws:ec2/securityGroup:SecurityGroup", guard.removeprefix("securityGroup-")).inputs["ingress"]
    hosts = {i["securityGroups"][0] for template in cloud.of(TEMPLATE) for i in template.inputs["networkInterfaces"]}
    (vpn,) = cloud.one("aws:ec2clientvpn/endpoint:Endpoint").inputs["securityGroupIds"]
    peers = {peer for rule in rules for peer in rule.get("securityGroups") or []}
    assert peers == hosts - {"securityGroup-firewall-bastion"} | {vpn}
    assert [rule for rule in rules if rule.get("cidrBlocks")] == []
    ports = {(rule["protocol"], rule["fromPort"], rule["toPort"]) for rule in rules}
    assert ports == {("tcp", 3306, 3306)}
    others = ("ipv6CidrBlocks", "prefixListIds", "self")
    assert not [rule for rule in rules if any(rule.get(other) for other in others)]


def test_every_document_is_json(cloud: Cloud[RegionOutputs]) -> None:
    documents = [v for r in declared(cloud) for v in r.inputs.values() if isinstance(v, str) and v.startswith("{")]
    assert documents
    assert all(isinstance(json.loads(document), dict) for document in documents)


def test_nobody_may_do_everything_to_everything(cloud: Cloud[RegionOutputs]) -> None:
    unlimited = [
        statement
        for _, statement in statements(cloud)
        if "*" in listed(statement["Action"]) and "*" in listed(statement["Resource"]) and "Condition" not in statement
    ]
    assert unlimited == []


def test_nothing_is_allowed_by_what_is_left_out(cloud: Cloud[RegionOutputs]) -> None:
    exceptions = {"NotAction", "NotResource", "NotPrincipal"}
    assert [statement for _, statement in statements(cloud) if exceptions & statement.keys()] == []


def test_roles_are_given_actions_by_name(cloud: Cloud[RegionOutputs]) -> None:
    rights = [s for kind, s in statements(cloud) if kind == "aws:iam/rolePolicy:RolePolicy"]
    assert rights
    assert [action for right in rights for action in listed(right["Action"]) if "*" in action] == []


def test_everyone_is_let_in_on_a_condition_alone(cloud: Cloud[RegionOutputs]) -> None:
    # An endpoint's policy grants nothing: it only limits what other policies grant.
    given = [s for kind, s in statements(cloud) if kind != "aws:ec2/vpcEndpoint:VpcEndpoint"]
    everyone = [s for s in given if s.get("Principal") in ("*", {"AWS": "*"})]
    assert [statement for statement in everyone if not statement.get("Condition")] == []
