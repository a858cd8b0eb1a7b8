"""The cache: how it is spread, encrypted and guarded."""

import functools

import pulumi
import pytest
from fake_cloud import Cloud, deploy
from parts import LONG_NAMING, NAMING, PROD, cache_settings, ground

from components.data.cache import Cache, CacheArgs
from naming import Naming
from settings import CacheSettings

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
TOKEN = "a-token-of-more-than-16"


def cache(
    settings: CacheSettings = PROD.cache, *, protected: bool = True, naming: Naming = NAMING, lasting: bool = True
) -> Cloud[Cache]:
    laid = ground(naming).built

    def build() -> Cache:
        args = CacheArgs(
            naming=naming,
            network=laid.network,
            firewall=laid.firewall,
            keys=laid.keys,
            settings=settings,
            auth_token=pulumi.Output.secret(TOKEN),
            protected=protected,
            lasting=lasting,
        )
        return Cache("cache", args)

    return deploy(build)


deployed = functools.cache(cache)


def test_it_is_sharded_and_each_shard_survives_a_zone() -> None:
    group = cache(cache_settings(shards=3, replicas_per_shard=2)).one(GROUP).inputs
    assert (group["clusterMode"], group["numNodeGroups"], group["replicasPerNodeGroup"]) == ("enabled", 3, 2)
    assert group["automaticFailoverEnabled"] is True
    assert group["multiAzEnabled"] is True


def test_it_is_encrypted_at_rest_with_the_data_key_and_always_on_the_way() -> None:
    cloud = deployed()
    laid = ground().built
    group = cloud.one(GROUP).inputs
    assert group["atRestEncryptionEnabled"] is True
    assert group["kmsKeyId"] == cloud.value(laid.keys.data.arn)
    assert (group["transitEncryptionEnabled"], group["transitEncryptionMode"]) == (True, "required")


def test_the_token_is_asked_for_and_never_plain() -> None:
    group = deployed().one(GROUP)
    assert group.inputs["authToken"] == TOKEN
    assert "authToken" in group.secrets


def test_it_lives_in_the_data_subnets_behind_its_security_group() -> None:
    cloud = deployed()
    laid = ground().built
    assert cloud.one(GROUP).inputs["securityGroupIds"] == [cloud.value(laid.firewall.cache.id)]
    subnets = cloud.one("aws:elasticache/subnetGroup:SubnetGroup").inputs["subnetIds"]
    assert subnets == [cloud.value(subnet) for subnet in laid.network.data_subnet_ids]


def test_cluster_mode_joins_the_tuning_of_the_settings() -> None:
    group = deployed().one("aws:elasticache/parameterGroup:ParameterGroup").inputs
    assert group["family"] == "redis7"
    assert {row["name"]: row["value"] for row in group["parameters"]} == {
        **PROD.cache.parameters,
        "cluster-enabled": "yes",
    }


def test_logs_go_to_encrypted_groups_that_need_no_resource_policy() -> None:
    cloud = deployed()
    laid = ground().built
    deliveries = {row["logType"]: row["destination"] for row in cloud.one(GROUP).inputs["logDeliveryConfigurations"]}
    assert set(deliveries) == {"slow-log", "engine-log"}
    for log, destination in deliveries.items():
        group = cloud.one("aws:cloudwatch/logGroup:LogGroup", f"cache-{log}").inputs
        assert group["name"] == destination == f"/aws/vendedlogs/elasticache/askproai-prod-cache/{log}"
        assert group["retentionInDays"] == PROD.cache.log_retention_days
        assert group["kmsKeyId"] == cloud.value(laid.keys.logs.arn)


@pytest.mark.parametrize("protected", [True, False])
def test_protection_follows_the_stack_and_the_last_snapshot_is_always_taken(protected: bool) -> None:
    cloud = deployed(protected=protected)
    laid = ground().built
    group = cloud.one(GROUP)
    assert group.protect is protected
    assert group.inputs["finalSnapshotIdentifier"] == f"askproai-prod-cache-final-{cloud.value(laid.network.vpc.id)}"
    assert group.inputs["snapshotRetentionLimit"] == PROD.cache.snapshot_retention_days


def test_clients_get_the_configuration_endpoint() -> None:
    cloud = deployed()
    built = cloud.built
    assert cloud.value(built.endpoint).startswith("clustercfg.")


def test_the_name_fits_in_the_longest_environment() -> None:
    assert len(deployed(naming=LONG_NAMING).one(GROUP).inputs["replicationGroupId"]) <= 40


@pytest.mark.parametrize("protected", [True, False])
def test_one_that_comes_and_goes_is_never_in_its_own_way(protected: bool) -> None:
    group = deployed(protected=protected, lasting=False).one(GROUP)
    assert not group.protect
    assert "finalSnapshotIdentifier" not in group.inputs
