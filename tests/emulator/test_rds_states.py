"""Databases that are being backed up or changed on the emulated AWS."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import OTHER_REGION, REGION, Clients, Control
from tests.emulator.test_rds import create, described
from tests.emulator.test_rds_replicas import replicate
from tests.emulator.timers import Timers

STATUSES = ("backing-up", "modifying")


def refused(call: Callable[[], Any]) -> None:
    with pytest.raises(ClientError) as found:
        call()
    assert found.value.response["Error"]["Code"] in ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.fix("rds_states.py:no_snapshot_of_a_busy_instance")
def test_no_snapshot_of_a_busy_instance_is_taken_not_even_the_final_one(
    aws: Clients, control: Control, name: str, status: str
) -> None:
    rds = aws("rds")
    create(rds, name)
    control("PUT", f"database/{REGION}/{name}?status={status}&seconds=60")
    assert described(rds, name)["DBInstanceStatus"] == status
    refused(lambda: rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-snapshot"))
    refused(lambda: rds.delete_db_instance(DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=f"{name}-last"))
    assert rds.describe_db_snapshots(DBInstanceIdentifier=name, SnapshotType="manual")["DBSnapshots"] == []


@pytest.mark.fix("rds_states.py:no_change_of_a_busy_instance")
def test_a_busy_instance_is_not_changed_until_it_is_available_again(
    aws: Clients, control: Control, name: str, timers: Timers
) -> None:
    rds = aws("rds")
    create(rds, name)
    control("PUT", f"database/{REGION}/{name}?status=backing-up&seconds=60")
    change = {"DBInstanceIdentifier": name, "DeletionProtection": True, "ApplyImmediately": True}
    refused(lambda: rds.modify_db_instance(**change))
    timers.pass_time(60)
    rds.modify_db_instance(**change)
    assert described(rds, name)["DeletionProtection"]


@pytest.mark.fix("rds_states.py:no_promotion_of_a_busy_replica")
def test_a_busy_replica_is_not_promoted(aws: Clients, control: Control, name: str) -> None:
    create(aws("rds"), name)
    replica = replicate(aws, name)["DBInstanceIdentifier"]
    control("PUT", f"database/{OTHER_REGION}/{replica}?status=backing-up&seconds=60")
    refused(lambda: aws("rds", OTHER_REGION).promote_read_replica(DBInstanceIdentifier=replica))
    assert described(aws("rds", OTHER_REGION), replica)["ReadReplicaSourceDBInstanceIdentifier"]
