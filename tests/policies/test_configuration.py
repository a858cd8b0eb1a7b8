"""The pack's files: they agree with the stack files, and exceptions have an owner and an end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.network import cloudflare_ranges
from ops.objectives.expected import Posture, Standby
from ops.objectives.objectives import Declaration, objectives
from policies import network, page, recovery
from policies.configuration import CONFIGURATION, EXCEPTIONS, Level, read_configuration, read_exceptions
from policies.judge import STALE
from policies.parity import PARITY
from policies.rule import Resource, Stack
from policies.rules import RULES
from project_files import Project

ROOT = CONFIGURATION.parent.parent
PROJECT = Project(ROOT)
STACKS = {stack: PROJECT.values(stack) for stack in PROJECT.stacks}
EDGE = next(values for values in STACKS.values() if values["role"] == "edge")
PAIR = EDGE["regions"]
KNOWN = {rule.id for rule in (*RULES, STALE, PARITY)}
LONGEST_DAYS = 366


def setting(stack: str, *path: str) -> Any:
    """A value of a stack's file."""
    value: Any = STACKS[stack]
    for step in path:
        value = value[step]
    return value


def test_the_account_is_watched_wherever_data_may_be() -> None:
    configuration = read_configuration()
    assert configuration.allowed_regions == set(setting(configuration.account_stack, "data_residency_regions"))


@pytest.mark.parametrize("stack", PAIR)
def test_the_stack_files_ask_for_no_less_than_the_configuration(stack: str) -> None:
    """A stack file may be stricter. Who makes one laxer changes the pack too: README names both files."""
    configuration = read_configuration()
    assert configuration.allowed_regions == set(setting(stack, "data_residency_regions"))
    assert configuration.worker_timeout_seconds >= setting(stack, "workers", "timeout_seconds")
    assert configuration.rpo_minutes >= setting(stack, "recovery", "rpo_minutes")
    assert configuration.rto_minutes >= setting(stack, "recovery", "rto_minutes")


def predicted(standby: Standby) -> float:
    """The minutes from a region's loss until a standby serves, as ops predicts them for the pack's own edge."""
    edge = next(stack for stack, values in STACKS.items() if values["role"] == "edge")
    live, other = PAIR
    declared = Declaration.of(STACKS, live, other, edge)
    noticed = read_configuration().takeover_minutes["noticed"]
    service = objectives(replace(declared, standby=standby, noticed_minutes=noticed))[0]
    assert service.rto_minutes is not None
    return service.rto_minutes


def asked(standby: Standby, limit: float) -> bool:
    """Whether the pack finds the standby too slow for a limit in minutes."""
    configuration = replace(read_configuration(), rto_minutes=limit)
    props = {
        "replicateSourceDb": "a",
        "backupRetentionPeriod": int(standby.keeps_backups),
        "multiAz": standby.two_zones,
    }
    made = [(recovery.DATABASE, props), (recovery.GROUP, {"defaultInstanceWarmup": standby.warmup_seconds})]
    made += [(recovery.CACHE, {})] if standby.posture == "warm" else []
    resources = [
        Resource(type=kind, name=kind, urn=kind, stack="a", props=given, configuration=configuration)
        for kind, given in made
    ]
    stack = Stack(name="a", resources=tuple(resources), configuration=configuration)
    return bool(list(recovery.standby_serves_within_rto.judge(resources[0], stack)))


@pytest.mark.parametrize("posture", ["pilot-light", "warm"])
@pytest.mark.parametrize("warmup_seconds", [60, 300, 1800])
@pytest.mark.parametrize("keeps_backups", [True, False])
@pytest.mark.parametrize("two_zones", [True, False])
def test_the_pack_predicts_a_takeover_as_ops_does(
    posture: Posture, warmup_seconds: int, keeps_backups: bool, two_zones: bool
) -> None:
    standby = Standby(posture=posture, warmup_seconds=warmup_seconds, keeps_backups=keeps_backups, two_zones=two_zones)
    minutes = predicted(standby)
    assert not asked(standby, minutes + 0.01)
    assert asked(standby, minutes - 0.01)


def test_the_configuration_names_stacks_that_are_there() -> None:
    configuration = read_configuration()
    assert setting(configuration.account_stack, "role") == "account"
    assert set(configuration.pair) == set(PAIR)
    assert set(configuration.may_lack) <= set(configuration.pair)
    home = setting(PAIR[0], "offsite", "home")
    lost = setting(home, "region")
    assert configuration.independent_of_region == {stack: lost for stack in (*PAIR, "edge") if stack != home}


def test_levels_are_of_rules_and_stacks_that_are_there() -> None:
    enforcement = read_configuration().enforcement
    assert set(enforcement.rules) <= KNOWN
    assert set(enforcement.stacks) <= set(STACKS)
    assert all(set(levels) <= KNOWN for levels in enforcement.stacks.values())


def test_exceptions_are_of_rules_and_stacks_that_are_there() -> None:
    exceptions = read_exceptions()
    assert {each.rule for each in exceptions} <= KNOWN
    assert {each.stack for each in exceptions} <= set(STACKS)


def test_an_exception_says_who_why_and_until_when() -> None:
    for each in read_exceptions():
        assert each.owner
        assert len(each.reason.split()) > 1
        assert (each.expires - date.today()).days <= LONGEST_DAYS


def test_no_exception_is_there_twice() -> None:
    found = [(each.rule, each.stack, each.resource) for each in read_exceptions()]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("lacks", ["owner", "reason", "expires", "rule", "stacks"])
def test_an_exception_that_lacks_a_key_is_refused(tmp_path: Path, lacks: str) -> None:
    row = {"rule": "a", "stacks": ["b"], "owner": "c", "reason": "d", "expires": date(2026, 1, 1)}
    path = tmp_path / "exceptions.yaml"
    path.write_text(yaml.safe_dump([row]))
    assert [each.resource for each in read_exceptions(path)] == ["*"]
    path.write_text(yaml.safe_dump([{key: value for key, value in row.items() if key != lacks}]))
    with pytest.raises((TypeError, KeyError)):
        read_exceptions(path)


@pytest.mark.parametrize("more", [{"allowed": []}, {"enforcement": {"default": "strict", "rules": {}, "stacks": {}}}])
def test_a_configuration_that_is_not_understood_is_refused(tmp_path: Path, more: dict[str, object]) -> None:
    path = tmp_path / "configuration.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(CONFIGURATION.read_text()), **more}))
    with pytest.raises((TypeError, ValueError)):
        read_configuration(path)


@pytest.mark.parametrize("read", [read_configuration, read_exceptions])
def test_a_key_that_a_file_has_twice_is_refused_with_both_lines(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = tmp_path / "written.yaml"
    path.write_text("- rule: a\n  rule: b\n")
    with pytest.raises(ValueError, match=r"written\.yaml: line 2: rule is in line 1 already; keep one of the two$"):
        read(path)


def test_no_rule_is_switched_off() -> None:
    enforcement = read_configuration().enforcement
    assert [rule for rule in KNOWN for stack in STACKS if enforcement.level(rule, stack) == Level.DISABLED] == []


def test_cloudflares_ranges_are_those_that_the_load_balancer_lets_in() -> None:
    version_4 = {str(each) for each in network.CLOUDFLARE if each.version == 4}
    assert version_4 == set(cloudflare_ranges.CLOUDFLARE_RANGES)


def test_the_page_is_as_the_rules_are() -> None:
    assert page.PAGE.read_text() == page.page(), "run `make policies-page`"


def test_the_pack_has_nothing_of_the_platform() -> None:
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir()} | {path.stem for path in ROOT.glob("*.py")}
    imports = {
        line.split()[1].split(".")[0]
        for path in EXCEPTIONS.parent.glob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith(("from ", "import "))
    }
    assert imports & rooms == {"policies", "yaml_text"}
