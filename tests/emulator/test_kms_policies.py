"""Key policies on the emulated AWS: who may delete a key."""

import json
from typing import Any

import pytest

from tests.emulator.emulated import ACCOUNT, OTHER_REGION, Clients

ROLE = f"arn:aws:iam::{ACCOUNT}:role/keeper"
REFUSED = "will not allow you to update the key policy"
DENIED = "explicit deny in a resource-based policy"


def policy(*, excepted: str = ROLE, principal: str = f"arn:aws:iam::{ACCOUNT}:root", deny: bool = True) -> str:
    account = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}
    denied = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"],
        "Resource": "*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": excepted}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [account, *([denied] if deny else [])]})


OTHERS = [policy(), policy(deny=False, principal="arn:aws:iam::999999999999:root")]


@pytest.fixture
def kept(aws: Clients) -> str:
    key: str = aws("kms").create_key(Policy=policy(), BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["KeyId"]
    return key


@pytest.mark.fix("kms_policies.py:new_key_can_be_managed")
@pytest.mark.parametrize("wrong", OTHERS)
def test_a_key_whose_maker_could_not_change_its_policy_is_refused(aws: Clients, wrong: str) -> None:
    kms = aws("kms")
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException, match=REFUSED):
        kms.create_key(Policy=wrong)
    kms.create_key(Policy=policy(deny=False))
    kms.create_key(Policy=policy(excepted=f"arn:aws:iam::{ACCOUNT}:user/*"))


@pytest.mark.fix("kms_policies.py:new_replica_can_be_managed")
def test_a_replica_whose_maker_could_not_change_its_policy_is_refused(aws: Clients) -> None:
    kms = aws("kms")
    named = {"KeyId": kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"], "ReplicaRegion": OTHER_REGION}
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException, match=REFUSED):
        kms.replicate_key(**named, Policy=policy())
    kms.replicate_key(**named, Policy=policy(), BypassPolicyLockoutSafetyCheck=True)


@pytest.mark.fix("kms_policies.py:changed_policy_can_be_changed_again")
@pytest.mark.parametrize("wrong", OTHERS)
def test_a_policy_that_its_writer_could_not_change_is_refused(aws: Clients, wrong: str) -> None:
    kms = aws("kms")
    named: dict[str, Any] = {"KeyId": kms.create_key()["KeyMetadata"]["KeyId"], "PolicyName": "default"}
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException, match=REFUSED):
        kms.put_key_policy(**named, Policy=wrong)
    kms.put_key_policy(**named, Policy=policy(), BypassPolicyLockoutSafetyCheck=True)


@pytest.mark.fix("kms_policies.py:policy_is_written_by_who_may")
def test_who_is_denied_it_does_not_write_the_policy(aws: Clients, kept: str) -> None:
    with pytest.raises(aws("kms").exceptions.ClientError, match=DENIED):
        aws("kms").put_key_policy(KeyId=kept, PolicyName="default", Policy=policy(deny=False))


@pytest.mark.fix("kms_policies.py:key_is_disabled_by_who_may")
def test_who_is_denied_it_does_not_disable_the_key(aws: Clients, kept: str) -> None:
    with pytest.raises(aws("kms").exceptions.ClientError, match=DENIED):
        aws("kms").disable_key(KeyId=kept)


@pytest.mark.fix("kms_policies.py:key_is_deleted_by_who_may")
def test_who_is_denied_it_does_not_delete_the_key(aws: Clients, kept: str) -> None:
    with pytest.raises(aws("kms").exceptions.ClientError, match=DENIED):
        aws("kms").schedule_key_deletion(KeyId=kept)
