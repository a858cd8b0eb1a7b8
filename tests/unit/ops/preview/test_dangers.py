"""What is dangerous in a preview: every rule with a matching change, and the nearest one that does not match."""

from typing import Any

import pytest
from dangers import found, kinds, step

from ops.preview import losses, protection
from ops.preview.changes import SECRET, SECRET_SIGNATURE, SIGNATURE, changes
from ops.preview.danger import Kind
from tests.policies.scenes import GONE
from tests.policies.test_rules import CASES

RDS, GROUP, ROLE = "aws:rds/instance:Instance", "aws:ec2/securityGroup:SecurityGroup", "aws:iam/rolePolicy:RolePolicy"
PLAN, ACL = "aws:backup/plan:Plan", "aws:wafv2/webAcl:WebAcl"
RULESET = "cloudflare:index/ruleset:Ruleset"


@pytest.mark.parametrize("kind", sorted(losses.STATEFUL))
@pytest.mark.parametrize("op", ["delete", "replace"])
def test_data_is_lost_where_what_holds_it_goes(kind: str, op: str) -> None:
    assert Kind.DATA in kinds(kind, op, {"a": 1}, {"a": 2})
    assert Kind.DATA not in kinds(kind, "update", {"a": 1}, {"a": 2})
    assert Kind.DATA not in kinds(kind, "create", None, {"a": 2})


@pytest.mark.parametrize("kind", sorted(losses.SERVING))
def test_service_is_interrupted_where_what_serves_goes(kind: str) -> None:
    (replaced,) = [each for each in found(kind, "replace", {"a": 1}, {"a": 2}) if each.kind == Kind.DOWNTIME]
    assert "length not known" in replaced.what
    assert Kind.DOWNTIME in kinds(kind, "delete", {"a": 1}, None)
    assert Kind.DOWNTIME not in kinds(kind, "update", {"a": 1}, {"a": 2})


@pytest.mark.parametrize(
    ("zones", "length"), [((True, True), "60 to 120"), ((False, False), "not known"), ((False, True), "not known")]
)
def test_a_duration_is_given_only_for_a_multi_az_database(zones: tuple[bool, bool], length: str) -> None:
    old, new = ({"instanceClass": name, "multiAz": both} for name, both in zip("ab", zones, strict=True))
    (danger,) = [each for each in found(RDS, "update", old, new) if each.kind == Kind.DOWNTIME]
    assert length in danger.what
    assert danger.source.startswith("https://")


@pytest.mark.parametrize(
    ("key", "down"),
    [("dbSubnetGroupName", True), ("engineVersion", True), ("port", True), ("allocatedStorage", False)],
)
def test_some_changes_of_a_database_interrupt_it(key: str, *, down: bool) -> None:
    assert (Kind.DOWNTIME in kinds(RDS, "update", {key: 1}, {key: 2})) is down


@pytest.mark.parametrize(
    ("key", "immediately", "when"),
    [("engineVersion", True, "at once"), ("engineVersion", False, "maintenance window"), ("port", False, "at once")],
)
def test_a_database_is_down_when_rds_applies_the_change(key: str, *, immediately: bool, when: str) -> None:
    old, new = ({key: value, "applyImmediately": immediately} for value in (1, 2))
    (danger,) = found(RDS, "update", old, new)
    assert when in danger.what


@pytest.mark.parametrize("key", sorted(protection.STAY_ON))
def test_a_switch_that_protects_stays_on(key: str) -> None:
    for off in (False, None, "false", "Disabled"):
        assert kinds("x:y:Z", "update", {key: True}, {key: off}) == {Kind.PROTECTION}
    assert kinds("x:y:Z", "update", {key: False}, {key: True}) == set()


@pytest.mark.parametrize("key", sorted(protection.STAY_OFF))
def test_a_switch_that_endangers_stays_off(key: str) -> None:
    assert kinds("x:y:Z", "update", {}, {key: True}) == {Kind.PROTECTION}
    assert kinds("x:y:Z", "update", {key: True}, {key: False}) == set()


def nested(path: str, value: Any) -> dict[str, Any]:
    """Inputs with a value at a dotted path, nothing if it is None."""
    first, _dot, rest = path.partition(".")
    return {} if value is None else {first: nested(rest, value) if rest else value}


@pytest.mark.parametrize("key", sorted(protection.FLOORS))
@pytest.mark.parametrize(("new", "less"), [(6, True), (7, False), (7.5, False), (8, False)])
def test_a_retention_does_not_shrink(key: str, new: float, *, less: bool) -> None:
    assert (kinds("x:y:Z", "update", nested(key, 7), nested(key, new)) == {Kind.PROTECTION}) is less


@pytest.mark.parametrize(
    ("key", "old", "new", "less"),
    [
        ("backupRetentionPeriod", 7, None, True),
        ("backupRetentionPeriod", None, 7, False),
        ("retentionInDays", None, 365, True),
        ("retentionInDays", 0, 365, True),
        ("retentionInDays", 365, 0, False),
        ("deleteAfter", None, 30, True),
        ("noncurrentDays", 30, None, False),
        ("deletionWindowInDays", None, 29, True),
        ("deletionWindowInDays", 29, None, False),
        ("messageRetentionSeconds", 345_601, None, True),
        ("messageRetentionSeconds", 345_599, None, False),
        ("defaultRetention.days", 1, None, True),
    ],
)
def test_a_retention_that_is_not_set_is_the_services_own(key: str, old: Any, new: Any, *, less: bool) -> None:
    assert (kinds("x:y:Z", "update", nested(key, old), nested(key, new)) == {Kind.PROTECTION}) is less


@pytest.mark.parametrize("key", sorted(protection.CEILINGS))
@pytest.mark.parametrize(("old", "new", "less"), [(None, 2, True), (2, 3, True), (2, 1, False), (2, None, False)])
def test_a_limit_does_not_grow(key: str, old: Any, new: Any, *, less: bool) -> None:
    assert (kinds("x:y:Z", "update", nested(key, old), nested(key, new)) == {Kind.PROTECTION}) is less


def test_a_listener_does_not_begin_to_pass_on_what_no_rule_takes() -> None:
    refuses, serves = ({"defaultActions": [{"type": kind}]} for kind in ("fixed-response", "forward"))
    assert kinds("aws:lb/listener:Listener", "update", refuses, serves) == {Kind.PROTECTION}
    assert kinds("aws:lb/listener:Listener", "update", serves, refuses) == set()


@pytest.mark.parametrize("key", sorted(protection.ORDERS))
def test_a_value_does_not_become_one_that_protects_less(key: str) -> None:
    weak, *_between, strong = protection.ORDERS[key]
    for weaker in (weak, None):
        assert kinds("x:y:Z", "update", nested(key, strong), nested(key, weaker)) == {Kind.PROTECTION}
    assert kinds("x:y:Z", "update", nested(key, weak), nested(key, strong)) == set()


@pytest.mark.parametrize("key", sorted(protection.STAY_SET))
def test_what_protects_while_it_is_there_stays(key: str) -> None:
    assert kinds("x:y:Z", "update", {key: "a"}, {}) == {Kind.PROTECTION}
    assert kinds("x:y:Z", "update", {key: "a"}, {key: "b"}) == set()


@pytest.mark.parametrize(("key", "kind"), sorted(protection.MEMBERS.items()))
def test_a_list_that_protects_keeps_its_items(key: str, kind: str) -> None:
    assert kinds(kind or "x:y:Z", "update", {key: ["a", "b"]}, {key: ["b"]}) == {Kind.PROTECTION}
    assert kinds(kind or "x:y:Z", "update", {key: ["a"]}, {key: ["b", "a"]}) == set()
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert kinds(kind or "x:y:Z", "update", {key: ["a"]}, {key: [unknown]}) == set()


@pytest.mark.parametrize(
    ("setting", "old", "new", "less"),
    [
        ("ssl", "strict", "full", True),
        ("ssl", "full", "strict", False),
        ("min_tls_version", "1.2", "1.1", True),
        ("always_use_https", "on", "off", True),
        ("browser_cache_ttl", 1, 2, False),
    ],
)
def test_a_setting_of_the_zone_does_not_protect_less(setting: str, old: Any, new: Any, *, less: bool) -> None:
    before, after = ({"settingId": setting, "value": value} for value in (old, new))
    assert (kinds(protection.ZONE_SETTING, "update", before, after) == {Kind.PROTECTION}) is less


GONE_WITH = sorted({
    (case.rule.id, case.others[name].type)
    for case in CASES
    for change in case.fires
    for key, value in change.items()
    if value is GONE and (name := key.removeprefix("@"))
})  # fmt: skip


@pytest.mark.parametrize(("rule", "kind"), GONE_WITH)
def test_what_a_policy_misses_when_it_is_gone_is_dangerous_to_delete(rule: str, kind: str) -> None:
    assert kinds(kind, "delete", {"a": 1}, None), rule


def test_versions_are_kept() -> None:
    bucket = "aws:s3/bucketVersioning:BucketVersioning"
    on, off = ({"versioningConfiguration": {"status": status}} for status in ("Enabled", "Suspended"))
    assert kinds(bucket, "update", on, off) == {Kind.PROTECTION}
    assert kinds(bucket, "update", off, on) == set()


@pytest.mark.parametrize("kind", sorted(protection.GUARDS))
def test_what_exists_to_protect_is_not_deleted(kind: str) -> None:
    assert Kind.PROTECTION in kinds(kind, "delete", {"a": 1}, None)
    assert Kind.PROTECTION not in kinds(kind, "create", None, {"a": 1})


@pytest.mark.parametrize(("kind", "key"), [(PLAN, "ruleName"), (ACL, "name"), (RULESET, "ref")])
def test_a_rule_is_known_by_its_name_and_not_by_its_place(kind: str, key: str) -> None:
    one, two = {key: "one", "action": "block"}, {key: "two", "action": "block"}
    (gone,) = found(kind, "update", {"rules": [one, two]}, {"rules": [two]})
    assert "rule one: removed" in gone.what
    assert found(kind, "update", {"rules": [one, two]}, {"rules": [two, one]}) == []


def test_a_firewall_rule_that_only_counts_protects_no_longer() -> None:
    block, count = ({"rules": [{"name": "a", "action": {action: {"code": 403}}}]} for action in ("block", "count"))
    assert kinds(ACL, "update", block, count) == {Kind.PROTECTION}
    assert kinds(ACL, "update", count, block) == set()
    off = {"rules": [{"ref": "a", "action": "block", "enabled": False}]}
    assert kinds(RULESET, "update", {"rules": [{"ref": "a", "action": "block"}]}, off) == {Kind.PROTECTION}


@pytest.mark.parametrize(("before", "after", "lost"), [(True, False, True), (True, True, False), (False, False, False)])
def test_the_engines_protection_is_seen_even_where_nothing_else_changes(
    *, before: bool, after: bool, lost: bool
) -> None:
    same = step("x:y:Z", "same", {}, {})
    same["oldState"]["protect"], same["newState"]["protect"] = before, after
    (change,) = changes("prod", [same])
    assert bool(list(protection.removed(change))) is lost


def test_a_secret_that_changes_is_named_and_never_shown() -> None:
    mark = {SIGNATURE: SECRET_SIGNATURE}
    old, new = {"password": {**mark, "ciphertext": "v1:old"}}, {"password": {**mark, "plaintext": '"hunter2"'}}
    (change,) = changes("prod", [step(RDS, "update", old, new, diffReasons=["password"])])
    (difference,) = change.differences
    assert (difference.path, difference.old, difference.new) == ("password", SECRET, SECRET)
    assert "hunter2" not in repr(change)
    assert "v1:old" not in repr(change)


def test_three_steps_of_a_replacement_are_one_change() -> None:
    steps = [
        step(RDS, "create-replacement", {"a": 1}, {"a": 2}),
        step(RDS, "replace", {"a": 1}, {"a": 2}),
        step(RDS, "delete-replaced", {"a": 1}, None),
    ]
    (change,) = changes("prod", steps)
    assert (change.operation, change.old, change.new) == ("replace", {"a": 1}, {"a": 2})


def test_an_item_that_goes_does_not_make_the_next_ones_look_changed() -> None:
    (change,) = changes("prod", [step("x:y:Z", "update", {"l": ["a", "b", "c"]}, {"l": ["b", "c"]})])
    assert [(each.path, each.old, each.new) for each in change.differences] == [("l[0]", "a", None)]
