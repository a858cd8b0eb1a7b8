"""The snapshots of the database: schedule, destination, retention and role."""

from typing import Any

import pytest
from fake_cloud import Cloud, Record
from regions import composed, rebuilt, region, serving
from stack_files import offsite_of, settings_of

from components.recovery.backups import RULES
from outputs import RegionOutputs

PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"
PROD, DR = settings_of("prod"), settings_of("dr")
OFFSITE = offsite_of("prod")


def rules(cloud: Cloud[RegionOutputs]) -> dict[str, dict[str, Any]]:
    return {rule["ruleName"]: rule for rule in cloud.one(PLAN, "backups-plan").inputs["rules"]}


def offsite_vault(cloud: Cloud[RegionOutputs]) -> Record:
    return cloud.one("aws:backup/vault:Vault", "offsite-vault")


def rights(cloud: Cloud[RegionOutputs]) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = cloud.one("aws:iam/rolePolicy:RolePolicy", "backups-rights").document()[
        "Statement"
    ]
    return statements


def right(cloud: Cloud[RegionOutputs], action: str) -> dict[str, Any]:
    [only] = [statement for statement in rights(cloud) if action in statement["Action"]]
    return only


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.role)
def test_the_home_copies_every_snapshot_offsite_and_keeps_both_as_long(rule: Any) -> None:
    cloud = region("prod")
    declared = rules(cloud)[rule.role]
    days = rule.retention_days(PROD.offsite)
    [copy] = declared["copyActions"]
    assert declared["lifecycle"] == copy["lifecycle"] == {"deleteAfter": days}
    assert declared["targetVaultName"] == cloud.exports["backup_vault_name"]
    vault = offsite_vault(cloud).inputs["name"]
    assert copy["destinationVaultArn"] == f"arn:aws:backup:{OFFSITE.region}:{PROD.account_id}:backup-vault:{vault}"
    assert days >= OFFSITE.vault_lock_min_days


def test_the_plan_is_for_the_database_in_use() -> None:
    cloud = region("prod")
    selection = cloud.one(SELECTION, "backups-database").inputs
    assert selection["resources"] == [cloud.exports["database_arn"]]


def test_the_volume_of_the_monitoring_host_is_backed_up_daily_and_copied() -> None:
    cloud = region("prod")
    plan = cloud.one(PLAN, "backups-metrics-plan")
    [daily] = plan.inputs["rules"]
    assert daily == rules(cloud)["daily"]
    selection = cloud.one(SELECTION, "backups-metrics").inputs
    [volume] = cloud.of("aws:ebs/volume:Volume")
    assert [arn.rpartition("/")[2] for arn in selection["resources"]] == [volume.name]
    assert selection["planId"] != cloud.one(SELECTION, "backups-database").inputs["planId"]


def test_only_snapshots_that_aws_backup_made_are_deleted() -> None:
    deletes = right(region("prod"), "ec2:DeleteSnapshot")
    assert deletes["Condition"] == {"Null": {"aws:ResourceTag/aws:backup:source-resource": "false"}}


def planned(cloud: Cloud[RegionOutputs]) -> list[str]:
    return [made.name for made in cloud.of(PLAN)]


def test_a_standby_backs_up_its_metrics_and_no_database_until_it_is_activated() -> None:
    assert planned(region("dr")) == ["backups-metrics-plan"]
    [daily] = region("dr").one(PLAN, "backups-metrics-plan").inputs["rules"]
    assert (daily["targetVaultName"], "copyActions" in daily) == (region("dr").exports["backup_vault_name"], False)
    [volume] = region("dr").of("aws:ebs/volume:Volume")
    [backed_up] = region("dr").one(SELECTION, "backups-metrics").inputs["resources"]
    assert backed_up.rpartition("/")[2] == volume.name
    assert sorted(planned(serving("dr"))) == ["backups-metrics-plan", "backups-plan"]
    assert region("dr").exports["backup_vault_name"] == "askproai-dr-backups-vault-vpc-network-vpc"
    activated = serving("dr")
    assert activated.one(SELECTION, "backups-database").inputs["resources"] == [activated.exports["database_arn"]]
    assert [rule.get("copyActions") for rule in rules(activated).values()] == [None, None]


def test_a_home_that_follows_keeps_what_it_has_offsite_and_makes_no_snapshots_of_its_database() -> None:
    following = rebuilt()
    assert planned(following) == ["backups-metrics-plan"]
    assert offsite_vault(following) == offsite_vault(region("prod"))
    assert following.exports["backup_vault_name"] == region("prod").exports["backup_vault_name"]


def test_a_fenced_database_is_backed_up_as_before() -> None:
    assert rules(composed(PROD.model_copy(update={"fenced": True}))) == rules(region("prod"))


def test_what_is_done_to_snapshots_is_done_to_those_of_aws_backup_alone() -> None:
    cloud = region("prod")
    snapshots = [
        f"arn:aws:rds:{where}:{PROD.account_id}:snapshot:awsbackup:*" for where in (PROD.region, OFFSITE.region)
    ]
    assert right(cloud, "rds:DeleteDBSnapshot")["Resource"] == snapshots
    assert right(cloud, "rds:CopyDBSnapshot")["Resource"] == snapshots
    assert right(cloud, "rds:CreateDBSnapshot")["Resource"] == [cloud.exports["database_arn"], *snapshots]


def test_only_what_reads_is_allowed_on_everything() -> None:
    wide = [action for s in rights(region("prod")) if s["Resource"] == "*" for action in s["Action"]]
    assert wide == [
        "rds:DescribeDBInstances",
        "rds:DescribeDBSnapshots",
        "tag:GetResources",
        "ec2:DescribeSnapshots",
        "ec2:DescribeVolumes",
        "ec2:DescribeTags",
    ]


def test_copies_go_to_our_vaults_alone() -> None:
    vaults = right(region("prod"), "backup:CopyIntoBackupVault")["Resource"]
    assert [vault.split(":")[3] for vault in vaults] == [PROD.region, OFFSITE.region]
    assert len(right(serving("dr"), "backup:CopyIntoBackupVault")["Resource"]) == 1


def test_keys_are_lent_to_services_alone() -> None:
    cloud = region("prod")
    lent = right(cloud, "kms:CreateGrant")
    assert lent["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    data, storage = (cloud.exports["key_arns"][role] for role in ("data", "storage"))
    assert lent["Resource"] == [data, storage.replace(PROD.region, OFFSITE.region)]


def test_an_activated_standby_backs_up_without_the_other_region() -> None:
    assert PROD.region not in str(rights(serving("dr")))
