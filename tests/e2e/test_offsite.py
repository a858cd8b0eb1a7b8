"""What prod copies to the other region in normal operation, and whom its load balancer accepts: read back from AWS."""

from typing import Any

import pytest

from ops.core.aws import rows
from tests.e2e.operated import Platform

pytestmark = pytest.mark.e2e
PREFIX = "askproai-prod"
ACCOUNT = "123456789012"
HOME, OFFSITE = "eu-central-1", "eu-west-1"
ROLES = ["uploads", "releases"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("source", [HOME, OFFSITE])
def test_data_buckets_are_copied_both_ways_and_deletions_of_uploads(platform: Platform, source: str, role: str) -> None:
    names = {HOME: f"{PREFIX}-{role}-{ACCOUNT}", OFFSITE: f"{PREFIX}-{role}-replica-{ACCOUNT}"}
    target = OFFSITE if source == HOME else HOME
    s3 = platform.client("s3", source)
    assert s3.get_bucket_location(Bucket=names[source])["LocationConstraint"] == source
    (rule,) = s3.get_bucket_replication(Bucket=names[source])["ReplicationConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["DeleteMarkerReplication"] == {"Status": "Enabled" if role == "uploads" else "Disabled"}
    assert rule["SourceSelectionCriteria"]["ReplicaModifications"] == {"Status": "Enabled"}
    assert rule["Destination"]["Bucket"] == f"arn:aws:s3:::{names[target]}"
    assert rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"].split(":")[3] == target


@pytest.mark.parametrize("role", ["storage", "secrets"])
def test_a_replica_of_the_key_is_in_the_other_region_under_a_name_of_its_own(platform: Platform, role: str) -> None:
    key = platform.client("kms", OFFSITE).describe_key(KeyId=f"alias/{PREFIX}-{role}-replica")["KeyMetadata"]
    assert key["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    primary = platform.client("kms", HOME).describe_key(KeyId=f"alias/{PREFIX}-{role}")["KeyMetadata"]
    assert key["KeyId"] == primary["KeyId"]


@pytest.mark.parametrize("role", ["app", "database", "cache"])
def test_the_other_region_can_read_every_secret(platform: Platform, role: str) -> None:
    values = [
        platform.client("secretsmanager", region).get_secret_value(SecretId=f"{PREFIX}-{role}")["SecretString"]
        for region in (HOME, OFFSITE)
    ]
    assert values[0] == values[1]


def plan_of_the_database(backup: Any) -> dict[str, Any]:
    """There is another one for the monitoring host's metrics."""
    plans: list[dict[str, Any]] = list(rows(backup, "list_backup_plans"))
    (plan,) = [plan for plan in plans if plan["BackupPlanName"] == f"{PREFIX}-backups"]
    return plan


def test_daily_and_weekly_snapshots_of_the_database_are_copied_to_a_locked_vault(platform: Platform) -> None:
    backup = platform.client("backup", HOME)
    plan = plan_of_the_database(backup)
    rules = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
    kept = {rule["RuleName"]: [copy["Lifecycle"]["DeleteAfterDays"] for copy in rule["CopyActions"]] for rule in rules}
    assert kept == {"daily": [30], "weekly": [90]}
    (vault,) = [
        found["BackupVaultName"]
        for found in rows(platform.client("backup", OFFSITE), "list_backup_vaults")
        if found["BackupVaultName"].startswith(f"{PREFIX}-offsite-vault-vpc-")
    ]
    targets = {copy["DestinationBackupVaultArn"] for rule in rules for copy in rule["CopyActions"]}
    assert targets == {f"arn:aws:backup:{OFFSITE}:{ACCOUNT}:backup-vault:{vault}"}
    locked = platform.client("backup", OFFSITE).describe_backup_vault(BackupVaultName=vault)
    assert (locked["Locked"], locked["MinRetentionDays"]) == (True, 7)


def test_the_plan_is_for_the_database(platform: Platform) -> None:
    backup = platform.client("backup", HOME)
    plan = plan_of_the_database(backup)
    (found,) = backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]
    selection: dict[str, Any] = backup.get_backup_selection(
        BackupPlanId=plan["BackupPlanId"], SelectionId=found["SelectionId"]
    )["BackupSelection"]
    assert selection["Resources"] == [f"arn:aws:rds:{HOME}:{ACCOUNT}:db:{PREFIX}-database"]


def test_the_load_balancer_asks_for_a_certificate_of_our_authority(platform: Platform) -> None:
    elb = platform.client("elbv2", HOME)
    (balancer,) = rows(elb, "describe_load_balancers")
    listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    (listener,) = [listener for listener in listeners if listener["Port"] == 443]
    (store,) = rows(elb, "describe_trust_stores")
    assert listener["MutualAuthentication"]["Mode"] == "verify"
    assert listener["MutualAuthentication"]["TrustStoreArn"] == store["TrustStoreArn"]
    assert store["NumberOfCaCertificates"] == 1
