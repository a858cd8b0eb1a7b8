"""Every rule fires on each broken twin of a compliant resource, passes on others, and waits for unknown values."""

import inspect
from collections import defaultdict
from dataclasses import replace

import pytest

from policies import rules
from policies.rule import Findings, Rule, Severity
from policies.rules import RULES
from tests.policies.scenes import Case, Change, Outcome
from tests.policies.tables import compute, database, edge, network, recovery, security, storage

TABLES = (compute, database, edge, network, recovery, security, storage)
CASES: tuple[Case, ...] = tuple(case for table in TABLES for case in table.CASES)
WANTED: list[tuple[Case, Change, Outcome]] = [
    *((case, {}, "passes") for case in CASES),
    *((case, change, "fires") for case in CASES for change in case.fires),
    *((case, change, "passes") for case in CASES for change in case.passes),
    *((case, change, "undecided") for case in CASES for change in case.undecided),
]


def never(*_asked: object) -> Findings:
    """A rule whose condition is gone."""
    return ()


@pytest.mark.parametrize(
    ("case", "change", "wanted"), WANTED, ids=[f"{case.rule.id}-{wanted}" for case, _change, wanted in WANTED]
)
def test_a_rule_says_of_a_twin_what_it_should(case: Case, change: Change, wanted: Outcome) -> None:
    assert case.outcome(change) == wanted


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_without_its_condition_fails_a_case(rule: Rule) -> None:
    mutant = replace(rule, judge=never)
    told = [case.outcome(change, mutant) != wanted for case, change, wanted in WANTED if case.rule is rule]
    assert any(told)


def test_every_rule_has_a_scene_that_it_passes_and_twins_that_it_does_not() -> None:
    outcomes: dict[str, set[Outcome]] = defaultdict(set)
    for case, _change, wanted in WANTED:
        outcomes[case.rule.id].add(wanted)
    assert [rule.id for rule in RULES if not {"fires", "passes"} <= outcomes[rule.id]] == []


def test_every_rule_of_an_area_is_in_the_pack() -> None:
    left_out = [
        name
        for area in rules.AREAS
        for name, found in inspect.getmembers(area, lambda found: isinstance(found, Rule))
        if found not in area.POLICIES
    ]
    assert left_out == []
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_is_for(rule: Rule) -> None:
    assert rule.says.endswith(".")
    assert "\n" not in rule.says + rule.remedy
    assert rule.remedy.endswith(".")
    assert isinstance(rule.severity, Severity)
    assert rule.controls
    known = ("FSBP ", "CIS 3.0 ", "CIS 5.0 ", "CIS 7.0 ", "PCI ", "GDPR ")
    assert all(control == "own" or control.startswith(known) for control in rule.controls)
