"""Values at their bounds are accepted, and those one beyond are refused."""

from ipaddress import IPv4Network

import pytest
from broken_files import changed, refusals, written

from settings import NetworkSettings
from settings.network import TIERS


@pytest.mark.parametrize("tier", ["web", "workers"])
def test_required_instances_are_1_to_500(tier: str) -> None:
    least = "blue.min_size" if tier == "web" else "min_size"
    most = "blue.max_size" if tier == "web" else "max_size"
    assert refusals((f"{tier}.required_instances", 1)) == []
    for beyond in (0, 501):
        assert f"{tier}.required_instances: {beyond} is out of range; want a whole number from 1 to 500" in refusals(
            (f"{tier}.required_instances", beyond)
        )
    # The maximum size of a group cannot carry 500 without a zone, so 333 of 500 in three zones is the real maximum.
    full = ((f"{tier}.{least}", 500), (f"{tier}.{most}", 500))
    assert refusals((f"{tier}.required_instances", 333), *full) == []
    assert [line.split(":")[0] for line in refusals((f"{tier}.required_instances", 334), *full)] == [f"{tier}.{least}"]
    assert not [
        line for line in refusals((f"{tier}.required_instances", 500)) if line.startswith(f"{tier}.required_instances")
    ]


def test_a_warm_standby_has_1_to_required_instances_of_each_group_of_web_hosts() -> None:
    required = written("prod")["web"]["required_instances"]
    assert refusals(("web.warm_min_size", 1)) == refusals(("web.warm_min_size", required)) == []
    assert refusals(("web.warm_min_size", required + 1)) == [
        f"web.warm_min_size: {required + 1} is above required_instances {required}; want 1 to {required}"
    ]
    for beyond in (0, 501):
        assert refusals(("web.warm_min_size", beyond)) == [
            f"web.warm_min_size: {beyond} is out of range; want a whole number from 1 to 500"
        ]


@pytest.mark.parametrize(("vpc", "prefix"), [("10.0.0.0/16", 20), ("192.168.7.0/24", 28)])
def test_each_tier_has_the_next_four_networks_of_the_vpc_for_zones_a_to_d(vpc: str, prefix: int) -> None:
    zones = [f"eu-central-1{letter}" for letter in "abcd"]
    changes = (("vpc_cidr", vpc), ("subnet_prefix_length", prefix), ("availability_zones", zones))
    plan = NetworkSettings.model_validate(changed(written("prod")["network"], *changes))
    networks = [str(network) for network in IPv4Network(vpc).subnets(new_prefix=prefix)]
    assert [plan.subnet_cidrs(tier) for tier in TIERS] == [
        dict(zip("abcd", networks[first : first + 4], strict=True)) for first in (0, 4, 8)
    ]
