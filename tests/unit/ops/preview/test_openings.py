"""What a preview opens: every rule with a matching change, and the nearest one that does not match."""

import json
from typing import Any

import pytest
from dangers import found, kinds, step

from ops.preview import access, protection
from ops.preview.changes import changes
from ops.preview.danger import Kind

RDS, GROUP, ROLE = "aws:rds/instance:Instance", "aws:ec2/securityGroup:SecurityGroup", "aws:iam/rolePolicy:RolePolicy"


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
def test_a_security_group_is_wider_if_it_allows_what_was_not_covered(
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


NACL, NACL_RULE = "aws:ec2/networkAcl:NetworkAcl", "aws:ec2/networkAclRule:NetworkAclRule"


def acl_rule(number: int, action: str, peer: str, first: int = 443, last: int = 443) -> dict[str, Any]:
    ports = {"protocol": "6", "fromPort": first, "toPort": last}
    return {"ruleNo": number, "action": action, "cidrBlock": peer, **ports}


ALLOW, DENY = acl_rule(100, "allow", "10.0.0.0/16"), acl_rule(90, "deny", "10.0.9.0/24")
WORLD = acl_rule(110, "allow", "0.0.0.0/0")


@pytest.mark.parametrize("way", ["ingress", "egress"])
@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        ([ALLOW], [ALLOW, WORLD], "every address"),
        ([ALLOW], [acl_rule(100, "allow", "10.0.0.0/16", 443, 500)], "443-500"),
        ([ALLOW], [{**ALLOW, "protocol": "-1"}], "all ports"),
        ([ALLOW, DENY], [ALLOW], "no longer denies"),
        ([ALLOW, DENY], [ALLOW, acl_rule(90, "deny", "10.0.9.0/25")], "no longer denies"),
        ([ALLOW, DENY], [ALLOW, {**DENY, "ruleNo": 101}], "no longer denies"),
        ([DENY], [acl_rule(80, "allow", "10.0.9.9/32"), DENY], "no longer denies"),
        ([ALLOW, DENY], [{**ALLOW, "ruleNo": 120}, {**DENY, "ruleNo": 95}], ""),
        ([ALLOW, DENY], [ALLOW, acl_rule(90, "deny", "10.0.8.0/23")], ""),
        ([ALLOW, WORLD], [ALLOW], ""),
        ([ALLOW], [{**ALLOW, "protocol": "tcp"}], ""),
    ],
)
def test_a_network_acl_is_wider_if_it_allows_what_it_did_not(
    way: str, old: list[Any], new: list[Any], wider: str
) -> None:
    told = [each.what for each in found(NACL, "update", {way: old}, {way: new})]
    assert any(wider in each for each in told) if wider else told == []


def test_a_rule_of_a_network_acl_is_seen_when_it_comes_as_a_resource_of_its_own() -> None:
    rule = {"ruleNumber": 1, "ruleAction": "allow", "cidrBlock": "0.0.0.0/0", "protocol": "tcp", "egress": False}
    assert kinds(NACL_RULE, "create", None, rule) == {Kind.ACCESS}
    assert kinds(NACL_RULE, "delete", rule, None) == set()
    assert kinds(NACL_RULE, "create", None, {**rule, "ruleAction": "deny"}) == set()
    assert kinds(NACL_RULE, "delete", {**rule, "ruleAction": "deny"}, None) == {Kind.ACCESS}


def test_a_subnet_that_leaves_its_network_acl_is_filtered_no_longer() -> None:
    old, fewer = {"subnetIds": ["a", "b"]}, {"subnetIds": ["b"]}
    (danger,) = found(NACL, "update", old, fewer)
    assert (danger.kind, danger.what) == (Kind.PROTECTION, "subnetIds: a: removed")
    assert found(NACL, "update", fewer, old) == []


def test_a_login_that_lets_in_more_people_is_access_widened() -> None:
    one: dict[str, Any] = {"email": {"email": "a@b.de"}}
    everyone: dict[str, Any] = {"everyone": {}}
    assert kinds(protection.ACCESS_POLICY, "update", {"includes": [one]}, {"includes": [one, everyone]}) == {
        Kind.ACCESS
    }
    assert kinds(protection.ACCESS_POLICY, "update", {"includes": [one, everyone]}, {"includes": [one]}) == set()


def test_every_opening_of_a_rule_resource_is_widened() -> None:
    rule = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    inputs = {"cidrIpv4": "10.0.0.0/8", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22}
    (change,) = changes("prod", [step(rule, "create", None, inputs)])
    assert [each.what for each in access.widened(change)] == ["ingress tcp 22-22 from 10.0.0.0/8"]
