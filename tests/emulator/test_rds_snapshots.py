"""RDS snapshots on the emulated AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import Clients
from tests.emulator.test_rds import create, described


def option_group(rds: Any, name: str) -> str:
    rds.create_option_group(
        OptionGroupName=name, EngineName="mysql", MajorEngineVersion="8.4", OptionGroupDescription="test"
    )
    return name


@pytest.mark.fix("rds_snapshots.py:option_group_stays_while_it_is_used")
def test_a_snapshot_keeps_its_option_group(aws: Clients, name: str) -> None:
    rds = aws("rds")
    create(rds, name, OptionGroupName=option_group(rds, name))
    with pytest.raises(ClientError, match="InvalidOptionGroupStateFault"):
        rds.delete_option_group(OptionGroupName=name)
    rds.delete_db_instance(DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=f"{name}-final")
    with pytest.raises(ClientError, match="InvalidOptionGroupStateFault"):
        rds.delete_option_group(OptionGroupName=name)
    rds.delete_db_snapshot(DBSnapshotIdentifier=f"{name}-final")
    rds.delete_option_group(OptionGroupName=name)


@pytest.mark.fix("rds_snapshots.py:snapshot_needs_its_key")
def test_a_snapshot_is_lost_with_its_key(aws: Clients, name: str) -> None:
    rds, kms = aws("rds"), aws("kms")
    key = kms.create_key()["KeyMetadata"]
    create(rds, name, StorageEncrypted=True, KmsKeyId=key["Arn"])
    rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-snapshot")
    restored = {"DBInstanceIdentifier": f"{name}-restored", "DBSnapshotIdentifier": f"{name}-snapshot"}
    rds.restore_db_instance_from_db_snapshot(**restored)
    assert described(rds, f"{name}-restored")["KmsKeyId"] == key["Arn"]
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    with pytest.raises(ClientError, match="KMSKeyNotAccessibleFault"):
        rds.restore_db_instance_from_db_snapshot(**{**restored, "DBInstanceIdentifier": f"{name}-second"})


@pytest.mark.fix("rds_snapshots.py:snapshots_have_pages")
def test_a_page_has_as_many_snapshots_as_are_asked_for(aws: Clients, name: str) -> None:
    rds = aws("rds")
    create(rds, name)
    for number in range(3):
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-{number}")
    pages = rds.get_paginator("describe_db_snapshots").paginate(
        DBInstanceIdentifier=name, SnapshotType="manual", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["DBSnapshots"]) for page in pages] == [2, 1]
