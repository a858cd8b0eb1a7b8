"""ElastiCache on the emulated AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import Clients


def create(aws: Clients, name: str, **asked: Any) -> Any:
    cache = aws("elasticache")
    cache.create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="test",
        Engine="redis",
        EngineVersion="7.1",
        CacheNodeType="cache.m6g.large",
        ClusterMode="enabled",
        NumNodeGroups=2,
        ReplicasPerNodeGroup=1,
        AtRestEncryptionEnabled=True,
        TransitEncryptionEnabled=True,
        TransitEncryptionMode="required",
        AuthToken="not-a-secret-token",
        SecurityGroupIds=["sg-1"],
        CacheParameterGroupName="tuned",
        **asked,
    )
    return cache


def nodes(cache: Any, name: str) -> list[dict[str, Any]]:
    """Those of a group, among the nodes of every test's."""
    pages = cache.get_paginator("describe_cache_clusters").paginate()
    return [node for page in pages for node in page["CacheClusters"] if node.get("ReplicationGroupId") == name]


def subnet_group(aws: Clients, name: str) -> list[str]:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"eu-central-1{letter}")
        for index, letter in enumerate("abc")
    ]
    ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
    aws("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="test", SubnetIds=ids[:2]
    )
    return ids


@pytest.mark.fix("elasticache.py:group_has_nodes")
def test_a_replication_group_has_nodes_in_all_zones_of_its_subnets(aws: Clients, name: str) -> None:
    subnet_group(aws, name)
    cache = create(aws, name, CacheSubnetGroupName=name)
    found = nodes(cache, name)
    assert len(found) == 4
    assert {node["PreferredAvailabilityZone"] for node in found} == {"eu-central-1a", "eu-central-1b"}
    assert all(node["AtRestEncryptionEnabled"] and node["AuthTokenEnabled"] for node in found)
    assert {node["TransitEncryptionMode"] for node in found} == {"required"}


@pytest.mark.fix("elasticache.py:node_shows_its_groups")
def test_a_node_shows_its_security_and_parameter_groups(aws: Clients, name: str) -> None:
    node = nodes(create(aws, name), name)[0]
    assert [group["SecurityGroupId"] for group in node["SecurityGroups"]] == ["sg-1"]
    assert node["CacheParameterGroup"]["CacheParameterGroupName"] == "tuned"


@pytest.mark.fix("elasticache.py:group_can_be_modified")
def test_a_modified_setting_reaches_the_group_and_its_nodes(aws: Clients, name: str) -> None:
    cache = create(aws, name)
    log = {
        "LogType": "slow-log",
        "DestinationType": "cloudwatch-logs",
        "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "slow"}},
        "LogFormat": "json",
    }
    cache.modify_replication_group(
        ReplicationGroupId=name,
        SnapshotWindow="03:00-04:00",
        PreferredMaintenanceWindow="sun:05:00-sun:06:00",
        LogDeliveryConfigurations=[{**log, "Enabled": True}],
    )
    group = cache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]
    assert group["SnapshotWindow"] == "03:00-04:00"
    assert group["LogDeliveryConfigurations"][0].items() >= log.items()
    assert {node["PreferredMaintenanceWindow"] for node in nodes(cache, name)} == {"sun:05:00-sun:06:00"}


def shape(cache: Any, name: str) -> list[tuple[str, int]]:
    """The slots of each shard, and how many nodes hold them."""
    shards = cache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]["NodeGroups"]
    return [(shard["Slots"], len(shard["NodeGroupMembers"])) for shard in shards]


@pytest.mark.fix("elasticache.py:shards_can_be_added_and_removed")
def test_another_number_of_shards_shares_the_slots_out_anew(aws: Clients, name: str) -> None:
    cache = create(aws, name)
    cache.modify_replication_group_shard_configuration(ReplicationGroupId=name, NodeGroupCount=3, ApplyImmediately=True)
    assert shape(cache, name) == [("0-5460", 2), ("5461-10921", 2), ("10922-16383", 2)]
    assert len(nodes(cache, name)) == 6


@pytest.mark.fix("elasticache.py:replicas_can_be_added")
def test_every_shard_gets_another_replica(aws: Clients, name: str) -> None:
    cache = create(aws, name)
    cache.increase_replica_count(ReplicationGroupId=name, NewReplicaCount=2, ApplyImmediately=True)
    assert [held_by for _, held_by in shape(cache, name)] == [3, 3]


@pytest.mark.fix("elasticache.py:replicas_can_be_removed")
def test_every_shard_can_do_without_replicas(aws: Clients, name: str) -> None:
    cache = create(aws, name)
    cache.decrease_replica_count(ReplicationGroupId=name, NewReplicaCount=0, ApplyImmediately=True)
    assert [held_by for _, held_by in shape(cache, name)] == [1, 1]


@pytest.mark.fix("elasticache.py:deletion_ends")
def test_a_deleted_group_is_gone_with_its_nodes_and_leaves_its_snapshot(aws: Clients, name: str) -> None:
    cache = create(aws, name)
    cache.delete_replication_group(ReplicationGroupId=name, FinalSnapshotIdentifier=f"{name}-final")
    assert nodes(cache, name) == []
    with pytest.raises(ClientError, match="ReplicationGroupNotFoundFault"):
        cache.describe_replication_groups(ReplicationGroupId=name)
    assert cache.describe_snapshots(SnapshotName=f"{name}-final")["Snapshots"]


@pytest.mark.fix("elasticache.py:subnet_group_can_be_modified")
def test_a_subnet_group_takes_another_subnet(aws: Clients, name: str) -> None:
    subnets = subnet_group(aws, name)
    cache = aws("elasticache")
    cache.modify_cache_subnet_group(CacheSubnetGroupName=name, SubnetIds=subnets)
    group = cache.describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"][0]
    assert [subnet["SubnetIdentifier"] for subnet in group["Subnets"]] == subnets


@pytest.mark.fix("elasticache.py:subnet_group_can_be_deleted")
def test_a_subnet_group_can_be_deleted(aws: Clients, name: str) -> None:
    subnet_group(aws, name)
    cache = aws("elasticache")
    cache.delete_cache_subnet_group(CacheSubnetGroupName=name)
    with pytest.raises(ClientError, match="CacheSubnetGroupNotFoundFault"):
        cache.describe_cache_subnet_groups(CacheSubnetGroupName=name)


@pytest.mark.fix("elasticache.py:group_can_be_modified")
def test_a_token_is_set_only_after_it_was_rotated_and_once(aws: Clients, name: str) -> None:
    cache = create(aws, name)

    def modify(strategy: str) -> Any:
        token = {"AuthToken": "another-secret-token", "AuthTokenUpdateStrategy": strategy}
        return cache.modify_replication_group(ReplicationGroupId=name, ApplyImmediately=True, **token)

    with pytest.raises(ClientError, match="only after ROTATE"):
        modify("SET")
    modify("ROTATE")
    modify("SET")
    (group,) = cache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    assert group["AuthTokenLastModifiedDate"]
    with pytest.raises(ClientError, match="only after ROTATE"):
        modify("SET")
    with pytest.raises(ClientError, match="must be specified with AuthToken"):
        cache.modify_replication_group(ReplicationGroupId=name, AuthTokenUpdateStrategy="ROTATE")
