"""AWS Backup on the emulated AWS."""

import json
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from tests.emulator.emulated import ACCOUNT, PATIENCE_SECONDS, REGION, Clients

ROLE = f"arn:aws:iam::{ACCOUNT}:role/backups"


@pytest.fixture
def backup(aws: Clients) -> Any:
    return aws("backup")


def create_plan(backup: Any, name: str, schedule: str = "cron(0 * ? * * *)") -> str:
    rule = {"RuleName": "hourly", "TargetBackupVaultName": "vault", "ScheduleExpression": schedule}
    plan_id: str = backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [rule]})["BackupPlanId"]
    return plan_id


def select(backup: Any, plan_id: str) -> str:
    selection = {"SelectionName": "database", "IamRoleArn": ROLE, "Resources": [f"arn:aws:rds:::{ACCOUNT}:db:one"]}
    made: str = backup.create_backup_selection(BackupPlanId=plan_id, BackupSelection=selection)["SelectionId"]
    return made


@pytest.mark.fix("backup.py:name_of_a_deleted_plan_is_free")
def test_the_name_of_a_deleted_plan_can_be_taken_again(backup: Any, name: str) -> None:
    first = create_plan(backup, name)
    backup.delete_backup_plan(BackupPlanId=first)
    assert create_plan(backup, name) != first
    with pytest.raises(backup.exceptions.AlreadyExistsException):
        create_plan(backup, name)


@pytest.mark.fix("backup.py:plan_changes")
def test_a_plan_can_be_changed(backup: Any, name: str) -> None:
    plan_id = create_plan(backup, name)
    rule = {"RuleName": "hourly", "TargetBackupVaultName": "vault", "ScheduleExpression": "cron(0 5 ? * * *)"}
    before = backup.get_backup_plan(BackupPlanId=plan_id)
    backup.update_backup_plan(BackupPlanId=plan_id, BackupPlan={"BackupPlanName": name, "Rules": [rule]})
    after = backup.get_backup_plan(BackupPlanId=plan_id)
    assert after["BackupPlan"]["Rules"][0]["ScheduleExpression"] == "cron(0 5 ? * * *)"
    assert after["BackupPlanArn"] == before["BackupPlanArn"]
    assert after["VersionId"] != before["VersionId"]


@pytest.mark.fix("backup.py:selection_is_made")
def test_a_plan_is_told_what_to_back_up(backup: Any, name: str) -> None:
    plan_id = create_plan(backup, name)
    assert select(backup, plan_id) != select(backup, plan_id)


@pytest.mark.fix("backup.py:selection_reads_back")
def test_a_selection_reads_back(backup: Any, name: str) -> None:
    plan_id = create_plan(backup, name)
    found = backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=select(backup, plan_id))["BackupSelection"]
    assert found["Resources"] == [f"arn:aws:rds:::{ACCOUNT}:db:one"]
    assert found["IamRoleArn"] == ROLE


@pytest.mark.fix("backup.py:selections_are_listed")
def test_a_plan_lists_its_selections(backup: Any, name: str) -> None:
    plan_id = create_plan(backup, name)
    made = {select(backup, plan_id), select(backup, plan_id)}
    found = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    assert {selection["SelectionId"] for selection in found} == made
    assert {selection["SelectionName"] for selection in found} == {"database"}


@pytest.mark.fix("backup.py:selection_ends")
def test_a_deleted_selection_is_gone(backup: Any, name: str) -> None:
    plan_id = create_plan(backup, name)
    selection_id = select(backup, plan_id)
    backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)
    with pytest.raises(backup.exceptions.ResourceNotFoundException):
        backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)


@pytest.mark.fix("backup.py:plan_stays_while_it_selects")
def test_a_plan_is_deleted_after_its_selections(backup: Any, name: str) -> None:
    plan_id = create_plan(backup, name)
    selection_id = select(backup, plan_id)
    with pytest.raises(backup.exceptions.InvalidRequestException):
        backup.delete_backup_plan(BackupPlanId=plan_id)
    backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)
    backup.delete_backup_plan(BackupPlanId=plan_id)


@pytest.mark.fix("backup.py:tags_are_found_by_any_clients_path")
def test_tags_are_listed_for_the_provider_too(backup: Any, endpoint: str, name: str) -> None:
    arn = backup.create_backup_vault(BackupVaultName=name, BackupVaultTags={"Name": name})["BackupVaultArn"]
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"Name": name}
    scope = f"test/20260101/{REGION}/backup/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    request = Request(f"{endpoint}/tags/{quote(arn, safe='')}", headers={"Authorization": signature})
    with urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        assert json.load(answer)["Tags"] == {"Name": name}
