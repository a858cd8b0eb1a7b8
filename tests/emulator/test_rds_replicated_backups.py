"""Automated backups of a database in another region, on the emulated AWS."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import ACCOUNT, OTHER_REGION, REGION, Clients
from tests.emulator.test_rds import create, described

THERE = f"arn:aws:kms:{OTHER_REGION}:{ACCOUNT}:key/there"


def kept(rds: Any, arn: str) -> list[dict[str, Any]]:
    return rds.describe_db_instance_automated_backups(DBInstanceAutomatedBackupsArn=arn)["DBInstanceAutomatedBackups"]


def content(name: str) -> str:
    return name.replace("-", "_")


def start(aws: Clients, name: str) -> tuple[str, str]:
    """The ARNs of a database, and of its backups in the other region."""
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    asked = {"BackupRetentionPeriod": 1, "DBName": content(name), "StorageEncrypted": True, "KmsKeyId": key}
    database = create(aws("rds"), name, **asked)["DBInstanceArn"]
    started = aws("rds", OTHER_REGION).start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=database, BackupRetentionPeriod=35, KmsKeyId=THERE, SourceRegion=REGION
    )
    return database, started["DBInstanceAutomatedBackup"]["DBInstanceAutomatedBackupsArn"]


@pytest.mark.fix("rds_replicated_backups.py:region_keeps_backups_of_another")
def test_the_source_knows_where_its_backups_are_kept(aws: Clients, name: str) -> None:
    _, arn = start(aws, name)
    assert described(aws("rds"), name)["DBInstanceAutomatedBackupsReplications"] == [
        {"DBInstanceAutomatedBackupsArn": arn}
    ]


@pytest.mark.fix("rds_replicated_backups.py:region_keeps_backups_of_another")
def test_a_database_without_backups_has_none_elsewhere(aws: Clients, name: str) -> None:
    database = create(aws("rds"), name, BackupRetentionPeriod=0)["DBInstanceArn"]
    with pytest.raises(ClientError, match="InvalidDBInstanceState"):
        aws("rds", OTHER_REGION).start_db_instance_automated_backups_replication(
            SourceDBInstanceArn=database, SourceRegion=REGION
        )


@pytest.mark.fix("rds_replicated_backups.py:kept_backups_are_described")
def test_kept_backups_outlive_their_database(aws: Clients, name: str) -> None:
    there = aws("rds", OTHER_REGION)
    database, arn = start(aws, name)
    (backup,) = kept(there, arn)
    assert (backup["DBInstanceArn"], backup["BackupRetentionPeriod"], backup["Status"]) == (database, 35, "Replicating")
    assert datetime.now(UTC) - backup["RestoreWindow"]["LatestTime"] < timedelta(minutes=1)
    aws("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    assert [backup["Status"] for backup in kept(there, arn)] == ["Retained"]


@pytest.mark.fix("rds_replicated_backups.py:region_keeps_no_more_backups")
def test_replication_is_stopped_once(aws: Clients, name: str) -> None:
    there = aws("rds", OTHER_REGION)
    database, arn = start(aws, name)
    there.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=database)
    assert [backup["Status"] for backup in kept(there, arn)] == ["Retained"]
    assert described(aws("rds"), name).get("DBInstanceAutomatedBackupsReplications", []) == []
    with pytest.raises(ClientError, match="not replicating to the current region"):
        there.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=database)


@pytest.mark.fix("rds_replicated_backups.py:kept_backups_are_restored")
def test_a_database_that_is_gone_is_restored_in_the_other_region(aws: Clients, name: str) -> None:
    there = aws("rds", OTHER_REGION)
    _, arn = start(aws, name)
    aws("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    there.restore_db_instance_to_point_in_time(
        SourceDBInstanceAutomatedBackupsArn=arn,
        TargetDBInstanceIdentifier=f"{name}-restored",
        UseLatestRestorableTime=True,
        DBInstanceClass="db.m6i.xlarge",
    )
    restored = described(there, f"{name}-restored")
    assert (restored["DBName"], restored["KmsKeyId"]) == (content(name), THERE)
