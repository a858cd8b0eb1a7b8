"""Read replicas on the emulated AWS, whose source is in another region."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import ACCOUNT, OTHER_REGION, REGION, Clients
from tests.emulator.test_rds import create, described


def replicate(aws: Clients, name: str, **asked: Any) -> dict[str, Any]:
    source = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{name}"
    replica: dict[str, Any] = aws("rds", OTHER_REGION).create_db_instance_read_replica(
        DBInstanceIdentifier=f"{name}-replica", SourceDBInstanceIdentifier=source, **asked
    )["DBInstance"]
    return replica


def refusal(call: Callable[[], object]) -> str:
    """The emulated AWS's refusal of a call; nothing if it succeeds."""
    try:
        call()
    except ClientError as error:
        return str(error)
    return ""


@pytest.mark.fix("rds_replicas.py:replica_is_an_instance_of_its_own")
def test_a_replica_has_groups_of_its_own_region(aws: Clients, name: str) -> None:
    create(aws("rds"), name)
    ec2, rds = aws("ec2", OTHER_REGION), aws("rds", OTHER_REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")["Subnet"]["SubnetId"]
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="test", SubnetIds=[subnet])
    replica = replicate(aws, name, DBSubnetGroupName=name)
    assert replica["DBSubnetGroup"]["VpcId"] == vpc


@pytest.mark.fix("rds_replicas.py:replica_is_an_instance_of_its_own")
def test_a_replica_is_not_its_source(aws: Clients, name: str) -> None:
    source = create(aws("rds"), name, MultiAZ=True, Tags=[{"Key": "of", "Value": "source"}])
    replica = replicate(aws, name, Tags=[{"Key": "of", "Value": "replica"}])
    assert replica["DbiResourceId"] != source["DbiResourceId"]
    assert (replica["MultiAZ"], replica["BackupRetentionPeriod"]) == (False, 0)
    assert (replica["Engine"], replica["MasterUsername"]) == (source["Engine"], source["MasterUsername"])
    assert described(aws("rds"), name)["TagList"] == [{"Key": "of", "Value": "source"}]


@pytest.mark.fix("rds_replicas.py:replica_is_an_instance_of_its_own")
def test_a_source_without_backups_has_no_replica(aws: Clients, name: str) -> None:
    create(aws("rds"), name, BackupRetentionPeriod=0)
    assert "Automated backups are not enabled" in refusal(lambda: replicate(aws, name))


@pytest.mark.fix("rds_replicas.py:promotion_ends_the_replication")
def test_a_promoted_replica_and_its_source_forget_each_other(aws: Clients, name: str) -> None:
    create(aws("rds"), name)
    replica = replicate(aws, name)["DBInstanceIdentifier"]
    aws("rds", OTHER_REGION).promote_read_replica(DBInstanceIdentifier=replica)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in described(aws("rds", OTHER_REGION), replica)
    assert described(aws("rds"), name)["ReadReplicaDBInstanceIdentifiers"] == []


@pytest.mark.fix("rds_replicas.py:promotion_ends_the_replication")
def test_a_replica_is_promoted_once(aws: Clients, name: str) -> None:
    create(aws("rds"), name)
    replica = replicate(aws, name)["DBInstanceIdentifier"]
    rds = aws("rds", OTHER_REGION)
    rds.promote_read_replica(DBInstanceIdentifier=replica)
    assert "is not a read replica" in refusal(lambda: rds.promote_read_replica(DBInstanceIdentifier=replica))


@pytest.mark.fix("rds_replicas.py:source_forgets_a_replica_elsewhere")
def test_a_replica_in_another_region_can_be_deleted(aws: Clients, name: str) -> None:
    create(aws("rds"), name)
    replica = replicate(aws, name)["DBInstanceIdentifier"]
    aws("rds", OTHER_REGION).delete_db_instance(DBInstanceIdentifier=replica, SkipFinalSnapshot=True)
    assert described(aws("rds"), name)["ReadReplicaDBInstanceIdentifiers"] == []


@pytest.mark.fix("rds_replicas.py:replica_outlives_its_source")
def test_a_replica_can_be_deleted_after_its_source(aws: Clients, name: str) -> None:
    create(aws("rds"), name)
    replica = replicate(aws, name)["DBInstanceIdentifier"]
    aws("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    aws("rds", OTHER_REGION).delete_db_instance(DBInstanceIdentifier=replica, SkipFinalSnapshot=True)
