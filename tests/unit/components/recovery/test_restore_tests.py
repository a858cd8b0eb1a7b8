"""The weekly restore test: what is restored, from where, to where, and with which permissions."""

import json
from typing import Any

import pytest
from fake_cloud import Cloud
from regions import region, serving
from stack_files import offsite_of, settings_of

from outputs import RegionOutputs
from settings.windows import DAYS, Window, daily

PLAN = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
SELECTION = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
PROD, DR = settings_of("prod"), settings_of("dr")
OFFSITE = offsite_of("prod")


def plan(cloud: Cloud[RegionOutputs]) -> dict[str, Any]:
    return cloud.one(PLAN, "restore-tests-plan").inputs


def selection(cloud: Cloud[RegionOutputs], what: str) -> dict[str, Any]:
    return cloud.one(SELECTION, f"restore-tests-{what}").inputs


def statements(cloud: Cloud[RegionOutputs]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cloud.one("aws:iam/rolePolicy:RolePolicy", "restore-tests-rights").document()[
        "Statement"
    ]
    return found


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_each_region_restores_the_newest_points_each_week(stack: str) -> None:
    cloud = region(stack)
    assert plan(cloud)["scheduleExpression"] == f"cron(0 {OFFSITE.restore_test_hour} ? * MON *)"
    assert plan(cloud)["recoveryPointSelection"]["algorithm"] == "LATEST_WITHIN_WINDOW"
    for what, kind in (("database", "RDS"), ("metrics", "EBS")):
        selected = selection(cloud, what)
        assert (selected["protectedResourceType"], selected["restoreTestingPlanName"]) == (kind, plan(cloud)["name"])
        assert selected["validationWindowHours"] > 0


def test_the_test_is_clear_of_the_windows_of_both_regions() -> None:
    start = Window(start=DAYS.index("mon") * 24 * 60 + OFFSITE.restore_test_hour * 60, minutes=60)
    for settings in (PROD, DR):
        assert not any(start.overlaps(window) for window in daily(settings.database.backup_window))


def test_who_takes_writes_restores_its_own_database_from_its_own_vault() -> None:
    for cloud in (region("prod"), serving("dr")):
        assert selection(cloud, "database")["protectedResourceArns"] == [cloud.exports["database_arn"]]
        (vault,) = plan(cloud)["recoveryPointSelection"]["includeVaults"]
        assert vault.endswith(f":backup-vault:{cloud.exports['backup_vault_name']}")


def test_who_follows_restores_the_copies_that_it_would_need_and_names_nothing_of_the_other_region() -> None:
    cloud = region("dr")
    assert plan(cloud)["recoveryPointSelection"]["includeVaults"] == ["*"]
    assert selection(cloud, "database")["protectedResourceArns"] == ["*"]
    assert PROD.region not in json.dumps([*statements(cloud), selection(cloud, "database")])
    (aliased,) = {
        json.dumps(found["Condition"]["ForAnyValue:StringEquals"])
        for found in statements(cloud)
        if "ForAnyValue:StringEquals" in found.get("Condition", {})
    }
    copies = region("prod").one("aws:kms/alias:Alias", "offsite-keys-storage-alias").inputs["name"]
    assert json.loads(aliased) == {"kms:ResourceAliases": copies}


def test_the_database_is_restored_into_the_subnets_of_data_and_into_one_zone() -> None:
    cloud = region("prod")
    group = cloud.one("aws:rds/subnetGroup:SubnetGroup").inputs["name"]
    assert selection(cloud, "database")["restoreMetadataOverrides"] == {"dbSubnetGroupName": group, "multiAz": "false"}


def test_nothing_is_deleted_but_what_a_test_restored() -> None:
    deletes = [found for found in statements(region("prod")) if "rds:DeleteDBInstance" in found["Action"]]
    assert [found["Resource"] for found in deletes] == [
        f"arn:aws:rds:{PROD.region}:{PROD.account_id}:db:awsbackup-restore-test-*"
    ]
    assert not [action for found in statements(region("prod")) for action in found["Action"] if "Volume" in action
                and action.startswith("ec2:Delete")]  # fmt: skip
