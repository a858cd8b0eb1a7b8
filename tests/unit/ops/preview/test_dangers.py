"""What is dangerous in a preview: every rule with the change that it is about, and the nearest one that it is not."""

import json
from typing import Any

import pytest

from ops.preview import access, losses, protection
from ops.preview.changes import SECRET, SECRET_SIGNATURE, SIGNATURE, changes
from ops.preview.danger import Danger, Kind
from ops.preview.report import RULES

RDS, GROUP, ROLE = "aws:rds/instance:Instance", "aws:ec2/securityGroup:SecurityGroup", "aws:iam/rolePolicy:RolePolicy"
PLAN, ACL = "aws:backup/plan:Plan", "aws:wafv2/webAcl:WebAcl"
RULESET = "cloudflare:index/ruleset:Ruleset"


def step(kind: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """A step as the engine writes it."""
    sides = {"oldState": old, "newState": new}
    states = {side: {"inputs": inputs} for side, inputs in sides.items() if inputs is not None}
    return {"op": op, "urn": f"urn:pulumi:prod::askproai::askproai:x:X${kind}::thing", **states, **more}


def found(kind: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[Danger]:
    """The dangers of one step."""
    (change,) = changes("prod", [step(kind, op, old, new)])
    return [danger for rule in RULES for danger in rule(change)]


def kinds(kind: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> set[Kind]:
    return {each.kind for each in found(kind, op, old, new)}


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
def test_a_length_is_said_only_of_a_database_that_is_in_two_zones_all_the_time(
    zones: tuple[bool, bool], length: str
) -> None:
    old, new = ({"instanceClass": name, "multiAz": both} for name, both in zip("ab", zones, strict=True))
    (danger,) = [each for each in found(RDS, "update", old, new) if each.kind == Kind.DOWNTIME]
    assert length in danger.what
    assert danger.source.startswith("https://")


@pytest.mark.parametrize(("key", "down"), [("engineVersion", True), ("port", True), ("allocatedStorage", False)])
def test_some_changes_of_a_database_interrupt_it(key: str, *, down: bool) -> None:
    assert (Kind.DOWNTIME in kinds(RDS, "update", {key: 1}, {key: 2})) is down


def opened(*peers: str, protocol: str = "tcp", ports: tuple[int, int] = (443, 443)) -> dict[str, Any]:
    first, last = ports
    return {"ingress": [{"protocol": protocol, "fromPort": first, "toPort": last, "cidrBlocks": list(peers)}]}


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        (opened("10.0.0.0/16"), opened("10.0.0.0/16", "0.0.0.0/0"), True),
        (opened("10.0.0.0/16"), opened("10.0.0.0/15"), True),
        (opened("10.0.0.0/16"), opened("10.0.0.0/17"), False),
        (opened("10.0.0.0/16"), opened("10.0.0.0/16", ports=(443, 444)), True),
        (opened("10.0.0.0/16", ports=(1, 500)), opened("10.0.0.0/16"), False),
        (opened("10.0.0.0/16"), opened("10.0.0.0/16", protocol="-1"), True),
        (opened("10.0.0.0/16", protocol="-1"), opened("10.0.0.0/16"), False),
        (opened("10.0.0.0/16"), {"ingress": []}, False),
        (opened("10.0.0.0/16"), opened("::/0"), True),
    ],
)
def test_a_security_group_is_wider_when_it_lets_in_what_nothing_covered(
    old: dict[str, Any], new: dict[str, Any], *, wider: bool
) -> None:
    assert (Kind.ACCESS in kinds(GROUP, "update", old, new)) is wider


def test_a_new_group_is_dangerous_when_it_is_open_to_every_address() -> None:
    assert kinds(GROUP, "create", None, opened("0.0.0.0/0")) == {Kind.ACCESS}
    assert kinds(GROUP, "create", None, opened("10.0.0.0/8")) == set()


def document(effect: str = "Allow", **statement: Any) -> dict[str, Any]:
    return {"policy": json.dumps({"Statement": [{"Effect": effect, **statement}]})}


BOUND = {"B": {"c": "d"}}
LISTED = document(Action="s3:Get*", Resource="a")
READ = document(Action="s3:GetObject", Resource="a/*", Principal={"AWS": "x"})


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        (READ, document(Action="s3:*", Resource="a/*", Principal={"AWS": "x"}), True),
        (READ, document(Action="s3:GetObject", Resource="*", Principal={"AWS": "x"}), True),
        (READ, document(Action="s3:GetObject", Resource="a/*", Principal="*"), True),
        (READ, document(Action="s3:GetObject", Resource="a/b", Principal={"AWS": ["x"]}), False),
        (LISTED, document(Action="s3:Get*", Resource="a", Condition=BOUND), False),
        (document(Action="s3:Get*", Resource="a", Condition=BOUND), LISTED, True),
        (document("Deny", Action="*", Resource="*"), document(Action="s3:GetObject", Resource="a"), True),
        (READ, {"policy": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}, True),
    ],
)
def test_a_policy_is_wider_when_it_allows_what_no_statement_covered(
    old: dict[str, Any], new: dict[str, Any], *, wider: bool
) -> None:
    assert (Kind.ACCESS in kinds(ROLE, "update", old, new)) is wider


def test_a_new_policy_is_dangerous_when_it_names_everybody_or_every_action() -> None:
    assert kinds(ROLE, "create", None, document(Action="*", Resource="a")) == {Kind.ACCESS}
    assert kinds(ROLE, "create", None, document(Action="s3:GetObject", Resource="*")) == set()


@pytest.mark.parametrize("key", sorted(protection.STAY_ON))
def test_a_switch_that_protects_stays_on(key: str) -> None:
    for off in (False, None, "false"):
        assert kinds("x:y:Z", "update", {key: True}, {key: off}) == {Kind.PROTECTION}
    assert kinds("x:y:Z", "update", {key: False}, {key: True}) == set()


@pytest.mark.parametrize("key", sorted(protection.STAY_OFF))
def test_a_switch_that_endangers_stays_off(key: str) -> None:
    assert kinds("x:y:Z", "update", {}, {key: True}) == {Kind.PROTECTION}
    assert kinds("x:y:Z", "update", {key: True}, {key: False}) == set()


@pytest.mark.parametrize("key", sorted(protection.FLOORS))
@pytest.mark.parametrize(("new", "less"), [(6, True), (0, True), (None, True), (7.5, False), (8, False)])
def test_a_retention_does_not_shrink(key: str, new: float | None, *, less: bool) -> None:
    assert (kinds("x:y:Z", "update", {key: 7}, {key: new}) == {Kind.PROTECTION}) is less


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


def test_every_opening_of_a_rule_resource_is_widened() -> None:
    rule = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    inputs = {"cidrIpv4": "10.0.0.0/8", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22}
    (change,) = changes("prod", [step(rule, "create", None, inputs)])
    assert [each.what for each in access.widened(change)] == ["ingress tcp 22-22 from 10.0.0.0/8"]
