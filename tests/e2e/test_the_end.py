"""The end of the sandbox: with the setting that names the environment, destroy leaves only what must stay."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.core.aws import rows
from sandbox.project.paths import Paths
from sandbox.servers import clouds
from tests.e2e.operated import Platform, brought_up, platforms

pytestmark = pytest.mark.e2e


NEXT = (
    "pulumi:providers:aws::aws",
    "askproai:security:Keys::keys",
    "askproai:security:Keys$aws:kms/key:Key::keys-storage",
    "askproai:network:Network::network",
    "askproai:network:Network$aws:ec2/vpc:Vpc::network-vpc",
    "askproai:data:Database::database",
    "askproai:data:Database$aws:rds/optionGroup:OptionGroup::database-options",
    "askproai:backup:Backups::backups",
    "askproai:backup:Backups$askproai:backup:Vault::backups-vault",
    "askproai:backup:Backups$askproai:backup:Vault$aws:backup/vault:Vault::backups-vault",
)


def vaults(platform: Platform) -> list[str]:
    """The names of the vaults in the region of production."""
    return [vault["BackupVaultName"] for vault in rows(platform.client("backup"), "list_backup_vaults")]


def back_up(platform: Platform, vault: str) -> None:
    """Put a recovery point into a vault, as AWS Backup does every day."""
    asked: dict[str, Any] = {
        "ResourceArn": "arn:aws:rds:eu-central-1:123456789012:db:askproai-prod-database",
        "IamRoleArn": "arn:aws:iam::123456789012:role/askproai-prod-backups",
    }
    platform.client("backup").start_backup_job(BackupVaultName=vault, **asked)


@pytest.fixture(scope="module")
def platform(own_sandbox: Paths, up: set[str]) -> Platform:
    """Stack prod beside everything that other modules brought up: all of it must be destroyed."""
    stacks = platforms(own_sandbox)
    if up and not any(stack.half_done for stack in stacks.values()):
        return stacks["prod"]
    return brought_up(own_sandbox, up, ["prod"])["prod"]


def test_destroy_leaves_only_what_must_stay(platform: Platform) -> None:
    stacks = platforms(platform.paths)
    for vault in vaults(platform):
        back_up(platform, vault)
    for stack in ("edge", "dr", "prod"):
        if clouds.resources(platform.paths, stack):
            stacks[stack].destroy()

    ec2, elb, kms = platform.client("ec2"), platform.client("elbv2"), platform.client("kms")
    ours = [{"Name": "tag:Project", "Values": ["askproai"]}]
    live = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    left = {
        "networks": list(rows(ec2, "describe_vpcs", Filters=ours)),
        "addresses": ec2.describe_addresses()["Addresses"],
        "instances": list(rows(ec2, "describe_instances", Filters=live)),
        "templates": list(rows(ec2, "describe_launch_templates")),
        # AWS, too, shows a deleted endpoint for a while.
        "endpoints": [e for e in rows(ec2, "describe_vpc_endpoints", Filters=ours) if e["State"] != "deleted"],
        "groups": list(rows(platform.client("autoscaling"), "describe_auto_scaling_groups")),
        "balancers": list(rows(elb, "describe_load_balancers")),
        "targets": list(rows(elb, "describe_target_groups")),
        "trust": list(rows(elb, "describe_trust_stores")),
        "databases": list(rows(platform.client("rds"), "describe_db_instances")),
        "caches": list(rows(platform.client("elasticache"), "describe_replication_groups")),
        "queues": list(rows(platform.client("sqs"), "list_queues")),
        "buckets": list(rows(platform.client("s3"), "list_buckets")),
        "roles": [r for r in rows(platform.client("iam"), "list_roles") if r["RoleName"].startswith("askproai")],
        "acls": list(rows(platform.client("wafv2"), "list_web_acls", Scope="REGIONAL")),
        "logs": list(rows(platform.client("logs"), "describe_log_groups")),
        # A name that AWS keeps for a recovery could not be used by the next `up`.
        "secrets": list(rows(platform.client("secretsmanager"), "list_secrets", IncludePlannedDeletion=True)),
        "certificates": list(rows(platform.client("acm"), "list_certificates")),
        "plans": list(rows(platform.client("backup"), "list_backup_plans")),
    }
    assert {kind: found for kind, found in left.items() if found} == {}
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in rows(kms, "list_keys")]
    kept = [key for key in keys if key["KeyState"] != "PendingDeletion"]
    assert {key["KeyState"] for key in kept} == {"Enabled"}
    # Those of the stacks of this region: the keys of data and of backups.
    assert {key["Description"] for key in kept} == {
        "Database, cache and volumes: what the application works on.",
        "Objects in buckets, and the backups.",
    }


def test_the_databases_last_snapshot_can_still_be_restored(platform: Platform) -> None:
    rds = platform.client("rds")
    last = list(rows(rds, "describe_db_snapshots", SnapshotType="manual"))
    (snapshot,) = [found for found in last if found["DBInstanceIdentifier"] == "askproai-prod-database"]
    # Its network no longer exists.
    subnets = list(
        rows(platform.client("ec2"), "describe_subnets", Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    )
    rds.create_db_subnet_group(
        DBSubnetGroupName="restored",
        DBSubnetGroupDescription="the default network's",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
    )
    restored = rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="restored",
        DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"],
        DBSubnetGroupName="restored",
        DeletionProtection=False,
    )["DBInstance"]
    assert restored["KmsKeyId"] == snapshot["KmsKeyId"]
    rds.delete_db_instance(DBInstanceIdentifier="restored", SkipFinalSnapshot=True)


def test_the_recovery_points_are_in_their_vaults_and_locked(platform: Platform) -> None:
    backup = platform.client("backup")
    left = vaults(platform)
    assert left
    for vault in left:
        (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
        with pytest.raises(ClientError, match="locked"):
            backup.delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=point["RecoveryPointArn"])


def test_what_is_left_is_in_nobodys_way(platform: Platform) -> None:
    """The next deployment declares vaults and an option group, with the names of its own VPC."""
    platform.pulumi("config", "rm", "askproai:allow_destroy_of")
    before = vaults(platform)
    wanted = [f"urn:pulumi:prod::askproai::{path}" for path in NEXT]
    # The program ends with an error, because resources outside the targets have no outputs. Only the created ones
    # count.
    targets = (part for urn in wanted for part in ("--target", urn))
    platform.pulumi("up", "--yes", "--skip-preview", *targets, check=False)
    assert len(vaults(platform)) == len(before) + 1
    ours = [{"Name": "tag:Project", "Values": ["askproai"]}]
    (network,) = rows(platform.client("ec2"), "describe_vpcs", Filters=ours)
    name = f"askproai-prod-database-8-4-{network['VpcId']}"
    assert platform.client("rds").describe_option_groups(OptionGroupName=name)["OptionGroupsList"]
