"""KMS and Secrets Manager on the emulated AWS."""

import json

import pytest

from tests.emulator.emulated import OTHER_REGION, Clients


@pytest.mark.fix("kms.py:rotation_period_is_kept")
def test_a_key_keeps_its_rotation_period(aws: Clients) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180


@pytest.mark.fix("kms.py:rotation_period_reads_back")
def test_a_key_rotates_once_a_year_when_nothing_else_is_asked(aws: Clients) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365


@pytest.mark.fix("kms.py:ciphertexts_name_multi_region_keys")
def test_what_a_multi_region_key_encrypts_it_decrypts(aws: Clients) -> None:
    kms = aws("kms")
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"a secret")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"a secret"


@pytest.mark.fix("kms.py:ciphertexts_are_read_with_the_keys_prefix")
def test_what_a_multi_region_key_encrypts_its_replica_decrypts(aws: Clients) -> None:
    key = aws("kms").create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    aws("kms").replicate_key(KeyId=key, ReplicaRegion=OTHER_REGION)
    secret = aws("kms").encrypt(KeyId=key, Plaintext=b"a secret")["CiphertextBlob"]
    assert aws("kms", OTHER_REGION).decrypt(CiphertextBlob=secret)["Plaintext"] == b"a secret"


@pytest.mark.fix("kms.py:replica_leaves_the_primary_alone")
def test_a_primary_key_stays_one_when_its_replica_is_looked_at(aws: Clients) -> None:
    key = aws("kms").create_key(MultiRegion=True)["KeyMetadata"]
    aws("kms").replicate_key(KeyId=key["Arn"], ReplicaRegion=OTHER_REGION)
    roles = {
        region: aws("kms", region).describe_key(KeyId=key["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
        for region in (OTHER_REGION, "eu-central-1")
    }
    assert [role["MultiRegionKeyType"] for role in roles.values()] == ["REPLICA", "PRIMARY"]
    assert roles["eu-central-1"]["ReplicaKeys"] == [
        {"Arn": key["Arn"].replace("eu-central-1", OTHER_REGION), "Region": OTHER_REGION}
    ]


@pytest.mark.fix("kms.py:replica_has_names_of_its_own")
def test_a_name_of_a_key_is_none_of_its_replica(aws: Clients, name: str) -> None:
    alias = f"alias/{name}"
    key = aws("kms").create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    aws("kms").create_alias(AliasName=alias, TargetKeyId=key)
    aws("kms").replicate_key(KeyId=key, ReplicaRegion=OTHER_REGION)
    aws("kms", OTHER_REGION).create_alias(AliasName=f"{alias}-replica", TargetKeyId=key)
    names = [
        [found["AliasName"] for found in aws("kms", region).list_aliases(KeyId=key)["Aliases"]]
        for region in ("eu-central-1", OTHER_REGION)
    ]
    assert names == [[alias], [f"{alias}-replica"]]


@pytest.mark.fix("kms.py:replica_is_described_as_asked")
def test_a_replica_has_its_own_description_policy_and_tags(aws: Clients) -> None:
    key = aws("kms").create_key(MultiRegion=True, Description="primary")["KeyMetadata"]["KeyId"]
    account = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [account]})
    tags = [{"TagKey": "Role", "TagValue": "standby"}]
    aws("kms").replicate_key(KeyId=key, ReplicaRegion=OTHER_REGION, Description="replica", Policy=policy, Tags=tags)
    kms = aws("kms", OTHER_REGION)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "replica"
    assert kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"] == policy
    assert kms.list_resource_tags(KeyId=key)["Tags"] == tags


@pytest.mark.fix("secretsmanager.py:replica_keeps_its_key")
def test_the_replica_of_a_secret_keeps_its_key(aws: Clients, name: str) -> None:
    secrets = aws("secretsmanager")
    secrets.create_secret(Name=name, AddReplicaRegions=[{"Region": OTHER_REGION, "KmsKeyId": "alias/ours"}])
    assert secrets.describe_secret(SecretId=name)["ReplicationStatus"][0]["KmsKeyId"] == "alias/ours"


@pytest.mark.fix("secretsmanager.py:the_current_version_is_the_one_that_is_read")
def test_a_version_that_becomes_current_is_read(aws: Clients, name: str) -> None:
    secrets = aws("secretsmanager")
    former = secrets.create_secret(Name=name, SecretString="former")["VersionId"]
    new = secrets.put_secret_value(SecretId=name, SecretString="new", VersionStages=["AWSPENDING"])["VersionId"]
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "former"
    secrets.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=new, RemoveFromVersionId=former
    )
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "new"
