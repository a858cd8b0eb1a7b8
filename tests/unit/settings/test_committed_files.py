"""The committed files: each is accepted, the pair agrees, and no stacks conflict.

No operator's value is repeated here: these tests hold for any values.
"""

from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import combinations, product
from typing import Any

import pytest
from broken_files import EDGE_SECRETS, GOOD_SECRETS, configured
from stack_files import ROOT

from project_files import Project
from settings import AccountSettings, EdgeSettings, Settings, load, read
from settings.block import Block
from settings.windows import daily, weekly

PROJECT = Project(ROOT)
STACKS = {stack: read(PROJECT, stack) for stack in PROJECT.stacks}
REGIONS = {stack: settings for stack, settings in STACKS.items() if isinstance(settings, Settings)}
EDGES = [settings for settings in STACKS.values() if isinstance(settings, EdgeSettings)]
PAIRS = [(one, REGIONS[one.follows]) for one in REGIONS.values() if one.follows]
TOLD_APART = (
    *("environment", "topology", "role", "follows", "activated", "fenced", "posture", "region", "network", "database"),
)
"""The values in which the stack files of a pair may differ; all others are in Pulumi.yaml."""


def paths(values: Mapping[str, Any], prefix: str = "") -> set[str]:
    """Every key, including those of blocks."""
    inner = (paths(value, f"{prefix}{key}.") for key, value in values.items() if isinstance(value, dict))
    return {f"{prefix}{key}" for key in values}.union(*inner)


@pytest.mark.parametrize("stack", STACKS)
def test_what_the_engine_hands_over_is_read_as_the_files_are(stack: str) -> None:
    kinds: dict[type[Block], Mapping[str, str]] = {EdgeSettings: EDGE_SECRETS, AccountSettings: {}}
    secrets = kinds.get(type(STACKS[stack]), GOOD_SECRETS)
    # The engine treats blocks as a whole: a stack's block replaces the default.
    with configured({**PROJECT.shared, **PROJECT.own(stack)}, secrets, stack=stack, folder=ROOT):
        assert load() == STACKS[stack]


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_is_protected_until_its_file_says_otherwise(stack: str) -> None:
    assert STACKS[stack].protected


@pytest.mark.parametrize("stack", STACKS)
def test_no_file_holds_a_secret(stack: str) -> None:
    assert not {*GOOD_SECRETS, *EDGE_SECRETS} & paths(PROJECT.values(stack))


def test_the_stacks_of_a_pair_follow_each_other() -> None:
    assert PAIRS
    assert [one.environment for one, other in PAIRS if other.follows != one.environment] == []


def test_the_files_of_a_pair_differ_only_in_what_tells_the_regions_apart() -> None:
    for one, other in PAIRS:
        assert PROJECT.own(one.environment).keys() == PROJECT.own(other.environment).keys()
        assert PROJECT.own(one.environment).keys() <= {*TOLD_APART}


def test_a_standbys_database_is_neither_backed_up_nor_patched_when_its_source_is() -> None:
    for one, other in PAIRS:
        windows = [
            [*daily(region.database.backup_window), weekly(region.database.maintenance_window)]
            for region in (one, other)
        ]
        assert [pair for pair in product(*windows) if pair[0].overlaps(pair[1])] == []


def test_networks_do_not_overlap() -> None:
    networks = [
        IPv4Network(cidr)
        for settings in REGIONS.values()
        for cidr in (settings.network.vpc_cidr, settings.network.vpn_client_cidr)
    ]
    assert [pair for pair in combinations(networks, 2) if pair[0].overlaps(pair[1])] == []


def test_only_the_stacks_of_a_pair_have_one_domain() -> None:
    domains = {
        settings.domain: {other.environment for other in REGIONS.values() if other.domain == settings.domain}
        for settings in REGIONS.values()
    }
    pairs = [{one.environment, other.environment} for one, other in PAIRS]
    assert [stacks for stacks in domains.values() if len(stacks) > 1 and stacks not in pairs] == []


def test_an_edge_stands_for_the_domain_of_its_regions() -> None:
    assert EDGES
    for edge in EDGES:
        assert {REGIONS[stack].domain for stack in edge.regions} == {edge.domain}
