"""The encryption keys: owner, rotation and users."""

from typing import Any

import pytest
from fake_cloud import FAKE_REGION, Cloud
from parts import NAMING, PROD, Ground, ground

from components.security.keys import KEYS, KeyRole

KEY = "aws:kms/key:Key"
ROLES = [row.role for row in KEYS]


@pytest.fixture(scope="module")
def cloud() -> Cloud[Ground]:
    return ground()


def statements(cloud: Cloud[Ground], role: str) -> list[dict[str, Any]]:
    return cloud.one(KEY, f"keys-{role}").document()["Statement"]


def service_statement(cloud: Cloud[Ground], role: str, service: str) -> dict[str, Any]:
    (found,) = [s for s in statements(cloud, role) if s["Principal"] == {"Service": service}]
    return found


def granted(cloud: Cloud[Ground], role: str) -> list[dict[str, Any]]:
    return [statement for statement in statements(cloud, role) if statement["Effect"] == "Allow"]


@pytest.mark.parametrize(("role", "kept"), [("data", True), ("storage", True), ("logs", False), ("secrets", False)])
def test_one_role_alone_ends_the_keys_of_data_and_backups(cloud: Cloud[Ground], role: str, kept: bool) -> None:
    denied = [statement for statement in statements(cloud, role) if statement["Effect"] == "Deny"]
    bypass = cloud.one(KEY, f"keys-{role}").inputs.get("bypassPolicyLockoutSafetyCheck")
    assert (len(denied), bypass) == ((1, True) if kept else (0, None))
    for statement in denied:
        assert {"kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= set(statement["Action"])
        name = f"arn:aws:iam::{NAMING.account_id}:role/{PROD.keys.administrator_role}"
        assert statement["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": name}}


@pytest.mark.parametrize("role", ROLES)
def test_every_key_is_rotated_recoverable_replicable_and_protected(cloud: Cloud[Ground], role: str) -> None:
    key = cloud.one(KEY, f"keys-{role}")
    assert key.protect
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["multiRegion"] is True
    assert key.inputs["deletionWindowInDays"] == PROD.keys.deletion_window_days >= 30


@pytest.mark.parametrize("role", ROLES)
def test_every_key_has_an_alias_in_its_name(cloud: Cloud[Ground], role: KeyRole) -> None:
    alias = cloud.one("aws:kms/alias:Alias", f"keys-{role}-alias")
    assert alias.inputs["name"] == f"alias/{NAMING.physical(role, 250)}"
    assert alias.inputs["targetKeyId"] == cloud.value(cloud.built.keys[role].key_id)


@pytest.mark.parametrize("role", ROLES)
def test_the_account_decides_about_every_key(cloud: Cloud[Ground], role: str) -> None:
    first = statements(cloud, role)[0]
    assert first["Principal"] == {"AWS": f"arn:aws:iam::{NAMING.account_id}:root"}
    assert first["Action"] == ["kms:*"]


@pytest.mark.parametrize("role", ROLES)
def test_every_other_grant_is_confined_to_the_account(cloud: Cloud[Ground], role: str) -> None:
    for statement in granted(cloud, role)[1:]:
        tests = [test for operator in statement["Condition"].values() for test in operator.values()]
        assert any(NAMING.account_id in test for test in tests), statement["Sid"]


@pytest.mark.parametrize("role", ROLES)
def test_no_other_grant_can_manage_a_key(cloud: Cloud[Ground], role: str) -> None:
    usable = {"Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*", "CreateGrant"}
    for statement in granted(cloud, role)[1:]:
        assert {action.removeprefix("kms:") for action in statement["Action"]} <= usable


@pytest.mark.parametrize("role", ["storage", "secrets"])
def test_no_service_has_a_grant_of_its_own_on_storage_and_secrets(cloud: Cloud[Ground], role: str) -> None:
    assert len(granted(cloud, role)) == 1


def test_auto_scaling_can_start_instances_with_encrypted_volumes(cloud: Cloud[Ground]) -> None:
    use, attach = granted(cloud, "data")[1:]
    role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    for statement in (use, attach):
        assert statement["Condition"]["StringEquals"] == {"kms:CallerAccount": NAMING.account_id}
        assert statement["Condition"]["ArnEquals"] == {
            "aws:PrincipalArn": f"arn:aws:iam::{NAMING.account_id}:{role}",
        }
    assert attach["Action"] == ["kms:CreateGrant"]
    assert attach["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_log_groups_of_the_region_and_account_alone_use_the_logs_key(cloud: Cloud[Ground]) -> None:
    condition = service_statement(cloud, "logs", f"logs.{FAKE_REGION}.amazonaws.com")["Condition"]
    groups = f"arn:aws:logs:{FAKE_REGION}:{NAMING.account_id}:log-group:*"
    assert condition == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}


@pytest.mark.parametrize("service", ["cloudwatch.amazonaws.com", "sns.amazonaws.com"])
def test_alarms_and_topics_of_the_account_can_publish_encrypted(cloud: Cloud[Ground], service: str) -> None:
    condition = service_statement(cloud, "messages", service)["Condition"]
    assert condition == {"StringEquals": {"aws:SourceAccount": NAMING.account_id}}


def test_each_key_says_why_it_is_one_of_its_own(cloud: Cloud[Ground]) -> None:
    assert len({key.inputs["description"] for key in cloud.of(KEY)}) == len(KEYS)
