"""The security groups: exactly who reaches whom, on which port."""

import re
from ipaddress import IPv4Network
from typing import Any

import pytest
from fake_cloud import Cloud, deploy
from parts import NAMING, PROD, SITE, Ground, ground

from components.network.cloudflare_ranges import CLOUDFLARE_RANGES
from components.network.security_groups import (
    MEMBERS,
    RULES,
    Range,
    SecurityGroups,
    SecurityGroupsArgs,
)
from hosts.roles import ROLES

GROUP = "aws:ec2/securityGroup:SecurityGroup"
DESCRIPTION = r"^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}$"


@pytest.fixture(scope="module")
def cloud() -> Cloud[Ground]:
    return ground()


def rules(cloud: Cloud[Any], group: str, direction: str) -> list[dict[str, Any]]:
    return cloud.one(GROUP, f"firewall-{group}").inputs[direction]


def groups(cloud: Cloud[Any]) -> list[str]:
    return [group.name.removeprefix("firewall-") for group in cloud.of(GROUP)]


def reached_from(cloud: Cloud[Any], group: str) -> set[tuple[int, str]]:
    """Each port of a group with each peer: a group's role, or a range of addresses."""
    prefix = "securityGroup-firewall-"
    return {
        (int(rule["fromPort"]), peer.removeprefix(prefix))
        for rule in rules(cloud, group, "ingress")
        for peer in [*(rule.get("securityGroups") or []), *(rule.get("cidrBlocks") or [])]
    }


def reaches(cloud: Cloud[Any], group: str) -> set[tuple[int, str]]:
    return {(int(rule["fromPort"]), peer) for rule in rules(cloud, group, "egress") for peer in rule["cidrBlocks"]}


def test_there_is_a_group_for_each_role_of_hosts_and_each_service(cloud: Cloud[Ground]) -> None:
    names = [*(role.name for role in ROLES), "balancer", "database", "cache", "endpoints", "vpn"]
    assert {g.inputs["name"] for g in cloud.of(GROUP)} == {NAMING.physical(name, 255) for name in names}


def test_the_balancer_is_reached_from_cloudflare_alone(cloud: Cloud[Ground]) -> None:
    assert reached_from(cloud, "balancer") == {(port, cidr) for port in (80, 443) for cidr in CLOUDFLARE_RANGES}


def test_cloudflares_ranges_are_public_networks_that_do_not_overlap() -> None:
    ranges = [IPv4Network(cidr) for cidr in CLOUDFLARE_RANGES]
    assert all(network.is_global for network in ranges)
    assert not [(a, b) for a in ranges for b in ranges if a is not b and a.overlaps(b)]


def test_web_hosts_are_reached_by_the_balancer_for_their_metrics_and_by_ssh_through_the_bastion(
    cloud: Cloud[Ground],
) -> None:
    assert reached_from(cloud, "web") == {(80, "balancer"), (80, "monitoring"), (9100, "monitoring"), (22, "bastion")}


def test_workers_are_reached_for_their_metrics_and_by_ssh_through_the_bastion(cloud: Cloud[Ground]) -> None:
    assert reached_from(cloud, "workers") == {(9100, "monitoring"), (22, "bastion")}


def test_the_monitoring_host_is_reached_by_the_balancer_and_by_ssh_through_the_bastion(cloud: Cloud[Ground]) -> None:
    assert reached_from(cloud, "monitoring") == {(9090, "balancer"), (22, "bastion")}


def test_ssh_comes_from_the_vpn_to_the_bastion_and_from_the_bastion_to_hosts(cloud: Cloud[Ground]) -> None:
    app, data = (PROD.network.subnet_cidrs(tier).values() for tier in ("app", "data"))
    assert reached_from(cloud, "bastion") == {(22, "vpn")}
    assert reaches(cloud, "bastion") == {*((22, cidr) for cidr in app), (443, "0.0.0.0/0"), (80, "0.0.0.0/0")}
    assert reached_from(cloud, "vpn") == set()
    assert reaches(cloud, "vpn") == {*((22, cidr) for cidr in app), *((3306, cidr) for cidr in data)}


def test_without_vpn_and_bastion_only_hosts_reach_the_database_and_no_host_accepts_ssh() -> None:
    args = SecurityGroupsArgs(site=SITE, network=ground().built.network, present=())
    without = deploy(lambda: SecurityGroups("firewall", args))
    assert {"vpn", "bastion"} & set(groups(without)) == set()
    assert not [peer for group in groups(without) for peer in reached_from(without, group) if peer[0] == 22]
    assert reached_from(without, "database") == {(3306, role.name) for role in ROLES if role.uses_data}


def test_the_monitoring_host_reaches_its_targets_and_receivers(cloud: Cloud[Ground]) -> None:
    subnets = PROD.network.subnet_cidrs
    assert reaches(cloud, "monitoring") == {
        *((9100, cidr) for cidr in subnets("app").values()),
        *((port, cidr) for port in (3306, 6379) for cidr in subnets("data").values()),
        *((port, "0.0.0.0/0") for port in (80, 443, 587)),
    }


def test_the_database_is_reached_by_hosts_and_vpn_clients_alone(cloud: Cloud[Ground]) -> None:
    peers = ("web", "workers", "monitoring", "vpn")
    assert reached_from(cloud, "database") == {(3306, peer) for peer in peers}


def test_the_cache_is_reached_by_hosts_alone(cloud: Cloud[Ground]) -> None:
    assert reached_from(cloud, "cache") == {(6379, role.name) for role in ROLES if role.uses_data}


def test_endpoints_are_reached_by_hosts_alone(cloud: Cloud[Ground]) -> None:
    assert reached_from(cloud, "endpoints") == {(443, role.name) for role in ROLES}


@pytest.mark.parametrize("group", ["database", "cache", "endpoints"])
def test_what_only_answers_opens_no_connection(cloud: Cloud[Ground], group: str) -> None:
    assert rules(cloud, group, "egress") == []


def test_the_balancer_reaches_the_app_subnets_alone(cloud: Cloud[Ground]) -> None:
    assert reaches(cloud, "balancer") == {
        (port, cidr) for port in (80, 9090) for cidr in PROD.network.subnet_cidrs("app").values()
    }


@pytest.mark.parametrize("group", ["web", "workers"])
def test_hosts_reach_the_data_subnets_and_the_web(cloud: Cloud[Ground], group: str) -> None:
    data = PROD.network.subnet_cidrs("data").values()
    assert reaches(cloud, group) == {
        *((port, cidr) for port in (3306, 6379) for cidr in data),
        (443, "0.0.0.0/0"),
        (80, "0.0.0.0/0"),
    }


def test_no_group_is_open_to_the_world(cloud: Cloud[Ground]) -> None:
    for group in groups(cloud):
        assert not [peer for _, peer in reached_from(cloud, group) if peer in ("0.0.0.0/0", "::/0")]


def test_rules_are_for_one_tcp_port_each(cloud: Cloud[Ground]) -> None:
    for group in groups(cloud):
        for rule in [*rules(cloud, group, "ingress"), *rules(cloud, group, "egress")]:
            assert rule["protocol"] == "tcp"
            assert rule["fromPort"] == rule["toPort"]


def test_groups_stay_below_the_quota_of_sixty_rules(cloud: Cloud[Ground]) -> None:
    for group in groups(cloud):
        assert len(reached_from(cloud, group)) <= 60
        assert len(reaches(cloud, group)) <= 60


def test_ec2_accepts_every_description(cloud: Cloud[Ground]) -> None:
    for group in cloud.of(GROUP):
        rules = [*group.inputs["ingress"], *group.inputs["egress"]]
        for text in (group.inputs["description"], *(rule["description"] for rule in rules)):
            assert re.match(DESCRIPTION, text)


def test_each_group_is_created_after_those_that_its_rules_name() -> None:
    for rule in RULES:
        if not isinstance(rule.peer, Range):
            assert MEMBERS.index(rule.peer) < MEMBERS.index(rule.group)


def test_a_fence_leaves_the_database_to_engineers_alone() -> None:
    args = SecurityGroupsArgs(site=SITE, network=ground().built.network, fenced=True)
    fenced = deploy(lambda: SecurityGroups("firewall", args))
    assert reached_from(fenced, "database") == {(3306, "vpn")}
    assert reached_from(fenced, "cache") == {(6379, role.name) for role in ROLES if role.uses_data}
