"""What the home of the data copies to the other region, and how that region uses it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fake_cloud import Cloud, Record
from regions import PROVIDER, declared, region, serving
from stack_files import offsite_of, settings_of

from components.security.offsite_keys import REPLICATED
from outputs import RegionOutputs

BUCKET = "aws:s3/bucket:Bucket"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
ROLES = ["uploads", "releases"]
PROD, DR = settings_of("prod"), settings_of("dr")
OFFSITE = offsite_of("prod")


def providers_of(cloud: Cloud[RegionOutputs]) -> dict[str, Record]:
    return {provider.name: provider for provider in cloud.of(PROVIDER)}


def through(cloud: Cloud[RegionOutputs], provider: str) -> set[str]:
    """The resources of a provider."""
    urn = providers_of(cloud)[provider].urn
    return {r.urn for r in declared(cloud) if r.provider.rpartition("::")[0] == urn}


def below(cloud: Cloud[RegionOutputs], component: str) -> set[str]:
    """The resources of a component, including those of its child components."""
    found = {r.urn for r in cloud.resources if r.name == component}
    while more := {r.urn for r in cloud.resources if r.parent in found} - found:
        found |= more
    return found & {r.urn for r in declared(cloud)}


def host_statements(cloud: Cloud[RegionOutputs], action: str) -> list[dict[str, Any]]:
    """What web hosts may do with an action."""
    statements = cloud.one("aws:iam/rolePolicy:RolePolicy", "web-instances-rights").document()["Statement"]
    return [statement for statement in statements if action in statement["Action"]]


def test_both_providers_of_the_home_refuse_other_accounts() -> None:
    providers = providers_of(region("prod"))
    assert {name: provider.inputs["region"] for name, provider in providers.items()} == {
        "aws": PROD.region,
        "offsite": OFFSITE.region,
    }
    assert {json.loads(p.inputs["allowedAccountIds"])[0] for p in providers.values()} == {PROD.account_id}


def test_the_second_provider_has_the_offsite_things_and_nothing_else() -> None:
    cloud = region("prod")
    assert through(cloud, "offsite") == below(cloud, "offsite")


@pytest.mark.parametrize("standby", [lambda: region("dr"), lambda: serving("dr")], ids=["following", "activated"])
def test_the_other_stack_has_one_provider_and_declares_no_data_bucket(
    standby: Callable[[], Cloud[RegionOutputs]],
) -> None:
    cloud = standby()
    assert {p.inputs["region"] for p in cloud.of(PROVIDER)} == {DR.region}
    assert [bucket.name for bucket in cloud.of(BUCKET)] == ["storage-logs-bucket", "storage-trust-bucket"]
    assert cloud.of(REPLICA_KEY) == []


def test_an_activated_standby_names_nothing_of_the_region_that_it_stands_in_for() -> None:
    cloud = serving("dr")
    assert [r.name for r in cloud.resources if PROD.region in json.dumps(r.inputs)] == []
    assert PROD.region not in json.dumps(cloud.exports)
    assert cloud.of("pulumi:pulumi:StackReference") == []


@pytest.mark.parametrize("role", ROLES)
def test_the_other_stack_works_with_the_replicas_that_the_home_declares(role: str) -> None:
    replica = region("prod").one(BUCKET, f"offsite-storage-{role}-bucket").inputs["bucket"]
    assert replica == f"askproai-prod-{role}-replica-{PROD.account_id}"
    for cloud in (region("dr"), serving("dr")):
        assert cloud.exports["bucket_names"][role] == replica
    readable = [arn for s in host_statements(region("dr"), "s3:GetObject") for arn in [s["Resource"]]]
    assert f"arn:aws:s3:::{replica}/*" in readable


WATCHES = "monitoring-bundle"
"""While this region follows, the other one is expected to serve, and there is no cache: another bundle."""


def test_activation_changes_nothing_about_buckets_and_rights_to_them() -> None:
    def storage(cloud: Cloud[RegionOutputs]) -> dict[str, Any]:
        return {r.urn: r.inputs for r in declared(cloud) if r.type.startswith("aws:s3/") and r.name != WATCHES}

    assert storage(region("dr")) == storage(serving("dr"))
    for action in ("s3:GetObject", "kms:Decrypt"):
        assert host_statements(region("dr"), action) == host_statements(serving("dr"), action)


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey"])
def test_hosts_use_the_replica_of_the_storage_key_by_its_alias_alone(action: str) -> None:
    via = f"s3.{DR.region}.amazonaws.com"
    alias = region("prod").one("aws:kms/alias:Alias", "offsite-keys-storage-alias").inputs["name"]
    found = [
        s
        for s in host_statements(region("dr"), action)
        if s["Condition"].get("StringEquals", {}).get("kms:ViaService") == via
    ]
    assert found
    for statement in found:
        assert statement["Resource"] == f"arn:aws:kms:{DR.region}:{DR.account_id}:key/*"
        assert statement["Condition"]["ForAnyValue:StringEquals"] == {"kms:ResourceAliases": alias}


def test_hosts_of_the_home_use_the_key_itself() -> None:
    key = region("prod").exports["key_arns"]["storage"]
    found = [s for s in host_statements(region("prod"), "kms:Decrypt") if s["Resource"] == key]
    assert found
    assert all(set(statement["Condition"]) == {"StringEquals"} for statement in found)


@pytest.mark.parametrize("role", REPLICATED)
def test_a_replica_key_has_its_primarys_material_a_policy_and_a_name_of_its_own(role: str) -> None:
    cloud = region("prod")
    replica = cloud.one(REPLICA_KEY, f"offsite-keys-{role}")
    assert replica.protect
    assert replica.inputs["primaryKeyArn"] == cloud.exports["key_arns"][role]
    account, *_denied = replica.document()["Statement"]
    assert account["Principal"] == {"AWS": f"arn:aws:iam::{PROD.account_id}:root"}
    alias = cloud.one("aws:kms/alias:Alias", f"offsite-keys-{role}-alias").inputs
    assert alias["name"] == f"alias/askproai-prod-{role}-replica"
    assert alias["targetKeyId"] == cloud.exports["key_arns"][role].rpartition("/")[2]


@pytest.mark.parametrize("role", ["app", "database", "cache"])
def test_every_secret_has_a_replica_under_the_replica_of_its_key(role: str) -> None:
    secret = region("prod").one("aws:secretsmanager/secret:Secret", f"secrets-{role}").inputs
    key = region("prod").exports["key_arns"]["secrets"].replace(PROD.region, OFFSITE.region)
    assert secret["replicas"] == [{"region": OFFSITE.region, "kmsKeyId": key}]


def test_the_other_stacks_secrets_are_its_own() -> None:
    secrets = region("dr").of("aws:secretsmanager/secret:Secret")
    assert [secret.name for secret in secrets if "replicas" in secret.inputs] == []
    assert all(secret.inputs["name"].startswith("askproai-dr-") for secret in secrets)


@pytest.mark.parametrize("role", ROLES)
def test_a_replica_is_closed_versioned_recorded_and_encrypted_where_it_is(role: str) -> None:
    cloud = region("prod")
    name = f"offsite-storage-{role}"
    assert cloud.one(BUCKET, f"{name}-bucket").protect
    assert cloud.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", f"{name}-public-access")
    versioning = cloud.one("aws:s3/bucketVersioning:BucketVersioning", f"{name}-versioning").inputs
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    default = cloud.one(kind, f"{name}-encryption").inputs["rules"][0]["applyServerSideEncryptionByDefault"]
    assert default["kmsMasterKeyId"].split(":")[3] == OFFSITE.region
    logging = cloud.one("aws:s3/bucketLogging:BucketLogging", f"{name}-access-log").inputs
    assert logging["targetBucket"] == f"askproai-prod-logs-replica-{PROD.account_id}"


def test_every_vault_is_locked_for_good_after_a_while() -> None:
    for stack, vaults in (("prod", ["backups-vault", "offsite-vault"]), ("dr", ["backups-vault"])):
        cloud, settings = region(stack), offsite_of(stack)
        assert [vault.name for vault in cloud.of("aws:backup/vault:Vault")] == vaults
        locks = {lock.inputs["backupVaultName"]: lock.inputs for lock in cloud.of(LOCK)}
        assert locks.keys() == {vault.inputs["name"] for vault in cloud.of("aws:backup/vault:Vault")}
        for lock in locks.values():
            assert lock["minRetentionDays"] == settings.vault_lock_min_days
            assert lock["changeableForDays"] == settings.vault_lock_changeable_days
