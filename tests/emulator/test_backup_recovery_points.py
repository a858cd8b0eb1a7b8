"""Recovery points of AWS Backup on the emulated AWS."""

from typing import Any

import pytest

from tests.emulator.emulated import ACCOUNT, Clients

ROLE = f"arn:aws:iam::{ACCOUNT}:role/backups"


@pytest.fixture
def backup(aws: Clients) -> Any:
    return aws("backup")


def points(backup: Any, vault: str) -> list[str]:
    found = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
    return [point["RecoveryPointArn"] for point in found]


def filled(backup: Any, vault: str) -> str:
    """A vault with one recovery point, and that one's ARN."""
    backup.create_backup_vault(BackupVaultName=vault)
    database = f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:one"
    job = backup.start_backup_job(BackupVaultName=vault, ResourceArn=database, IamRoleArn=ROLE)
    return job["RecoveryPointArn"]


@pytest.mark.fix("backup_recovery_points.py:job_makes_a_recovery_point")
def test_a_job_fills_the_vault(backup: Any, name: str) -> None:
    made = filled(backup, name)
    assert points(backup, name) == [made]


@pytest.mark.fix("backup_recovery_points.py:vault_lists_what_it_holds")
def test_a_new_vault_holds_nothing(backup: Any, name: str) -> None:
    backup.create_backup_vault(BackupVaultName=name)
    assert points(backup, name) == []
    with pytest.raises(backup.exceptions.ResourceNotFoundException):
        points(backup, f"{name}-other")


@pytest.mark.fix("backup_recovery_points.py:lock_keeps_recovery_points")
def test_nobody_deletes_what_is_in_a_locked_vault(backup: Any, name: str) -> None:
    arn = filled(backup, name)
    backup.put_backup_vault_lock_configuration(BackupVaultName=name, MinRetentionDays=7, ChangeableForDays=3)
    with pytest.raises(backup.exceptions.InvalidRequestException):
        backup.delete_recovery_point(BackupVaultName=name, RecoveryPointArn=arn)
    backup.delete_backup_vault_lock_configuration(BackupVaultName=name)
    backup.delete_recovery_point(BackupVaultName=name, RecoveryPointArn=arn)
    assert points(backup, name) == []


@pytest.mark.fix("backup_recovery_points.py:vault_with_recovery_points_stays")
def test_only_an_empty_vault_is_deleted(backup: Any, name: str) -> None:
    arn = filled(backup, name)
    with pytest.raises(backup.exceptions.InvalidRequestException):
        backup.delete_backup_vault(BackupVaultName=name)
    backup.delete_recovery_point(BackupVaultName=name, RecoveryPointArn=arn)
    backup.delete_backup_vault(BackupVaultName=name)
