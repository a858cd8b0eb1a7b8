"""Exceptions, levels and messages of a broken rule."""

from dataclasses import replace
from datetime import date

import pytest

from policies import database, storage
from policies.configuration import Enforcement, Exemption, Level
from policies.judge import STALE, Judge, Violation
from policies.rule import Resource, Stack
from policies.values import UNKNOWN, MalformedError, NotKnownYetError, Secret, known, lookup, region_of, shown
from tests.policies.scenes import CONFIGURATION, HOME, STACK

RULES = (database.database_encrypted, storage.bucket_versioned)
TODAY = date(2026, 5, 1)
EXEMPTION = Exemption(
    rule="database-encrypted", stack=STACK, resource="data*", owner="us", reason="moves next week", expires=TODAY
)


def database_with(**props: object) -> Resource:
    return Resource(
        type=database.INSTANCE, name="database", urn="u", stack=STACK, props=props, configuration=CONFIGURATION
    )


def judged(
    resource: Resource,
    *exceptions: Exemption,
    today: date = TODAY,
    enforcement: Enforcement = CONFIGURATION.enforcement,
) -> list[Violation]:
    """All that a stack of one resource breaks."""
    configuration = replace(CONFIGURATION, enforcement=enforcement)
    judge = Judge(stack=STACK, rules=RULES, configuration=configuration, exceptions=exceptions, today=today)
    stack = Stack(name=STACK, resources=(resource,), configuration=configuration)
    return [*judge.resource(resource), *judge.whole(stack)]


def test_a_violation_reads_rule_resource_found_wanted_controls_remedy() -> None:
    (violation,) = judged(database_with(storageEncrypted=False))
    assert violation.message == (
        "database-encrypted: database: found storageEncrypted false; wanted storageEncrypted true "
        "[FSBP RDS.3, CIS 3.0 2.3.1, CIS 5.0 2.2.1, PCI 3.5.1, GDPR 32]. Set storage_encrypted."
    )
    assert violation.level == Level.MANDATORY


def test_a_rule_that_a_stack_breaks_by_what_it_lacks_names_the_stack() -> None:
    bucket = replace(database_with(), type=storage.BUCKET, name="bucket")
    (violation,) = judged(bucket)
    assert violation.message.startswith("bucket-versioned: bucket: found versioning not set; wanted Enabled")


def test_an_exception_holds_on_its_last_day() -> None:
    (violation,) = judged(database_with(), EXEMPTION)
    assert violation.level == Level.ADVISORY
    assert violation.message.endswith("(excepted until 2026-05-01 by us: moves next week)")


def test_an_expired_exception_fails() -> None:
    (violation,) = judged(database_with(), EXEMPTION, today=date(2026, 5, 2))
    assert violation.level == Level.MANDATORY
    assert "the exception of us expired on 2026-05-01" in violation.message


@pytest.mark.parametrize("change", [{"rule": "bucket-versioned"}, {"stack": "other"}, {"resource": "cache"}])
def test_an_exception_covers_nothing_else(change: dict[str, str]) -> None:
    violations = judged(database_with(), replace(EXEMPTION, **change))  # type: ignore[arg-type] no date is among them
    assert [each.level for each in violations if each.rule is database.database_encrypted] == [Level.MANDATORY]


def test_an_exception_that_nothing_needs_fails() -> None:
    (violation,) = judged(database_with(storageEncrypted=True), EXEMPTION)
    assert (violation.rule, violation.level) == (STALE, Level.MANDATORY)
    assert "an exception from database-encrypted for data*" in violation.message


def test_an_exception_of_another_stack_is_not_missed_here() -> None:
    assert judged(database_with(storageEncrypted=True), replace(EXEMPTION, stack="other")) == []


def test_an_exception_stays_while_its_rule_waits_for_a_value() -> None:
    assert judged(database_with(storageEncrypted=UNKNOWN), EXEMPTION) == []


@pytest.mark.parametrize(
    ("rules", "stacks", "wanted"),
    [
        ({}, {}, [Level.MANDATORY]),
        ({"database-encrypted": Level.ADVISORY}, {}, [Level.ADVISORY]),
        ({"database-encrypted": Level.DISABLED}, {}, []),
        ({"database-encrypted": Level.DISABLED}, {STACK: {"database-encrypted": Level.MANDATORY}}, [Level.MANDATORY]),
        ({}, {"other": {"database-encrypted": Level.DISABLED}}, [Level.MANDATORY]),
    ],
)
def test_the_level_is_that_of_the_stack_before_the_rules(
    rules: dict[str, Level], stacks: dict[str, dict[str, Level]], wanted: list[Level]
) -> None:
    enforcement = Enforcement(default=Level.MANDATORY, rules=rules, stacks=stacks)
    assert [each.level for each in judged(database_with(), enforcement=enforcement)] == wanted


def test_a_secret_is_judged_and_never_shown() -> None:
    (violation,) = judged(database_with(storageEncrypted=Secret(False)))
    assert violation.rule is database.database_encrypted
    assert judged(database_with(storageEncrypted=Secret(True))) == []
    assert shown(Secret("correct horse")) == "[secret]"
    assert shown(["a", Secret("correct horse")]) == "a, [secret]"


def test_a_secret_that_breaks_a_rule_is_not_in_the_message() -> None:
    resource = database_with(username=Secret("admin"))
    judge = Judge(
        stack=STACK,
        rules=[database.database_username_unusual, database.database_password_secret],
        configuration=CONFIGURATION,
        exceptions=[],
        today=TODAY,
    )
    messages = [
        each.message for each in judge.resource(replace(resource, props={**resource.props, "password": "hunter22"}))
    ]
    assert len(messages) == 2
    assert not [each for each in messages if "hunter22" in each or "username admin" in each]


def test_a_path_leads_through_lists_and_secrets() -> None:
    props = {"rules": [{"name": Secret({"first": 1})}], "later": UNKNOWN}
    assert lookup(props, "rules.0.name.first") == 1
    assert lookup(props, "rules.1.name") is None
    assert lookup(props, "rules.name") is None
    assert lookup(props, "later.anything") is UNKNOWN


@pytest.mark.parametrize("value", [UNKNOWN, [UNKNOWN], {"a": {"b": UNKNOWN}}, Secret(UNKNOWN)])
def test_what_is_not_known_is_not_judged(value: object) -> None:
    with pytest.raises(NotKnownYetError):
        known(value, "path")


def test_the_region_of_an_arn() -> None:
    assert region_of(f"arn:aws:kms:{HOME}:1:key/a") == HOME
    assert region_of("arn:aws:iam::1:role/a") == ""
    with pytest.raises(MalformedError):
        region_of("alias/ours")
