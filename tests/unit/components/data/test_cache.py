"""The cache: its zones, encryption and protection."""

import functools
from dataclasses import replace

import pulumi
import pytest
from fake_cloud import Cloud, deploy
from parts import LONG_SITE, PROD, SITE, UNPROTECTED, cache_settings, ground

from components.data.cache import Cache, CacheArgs
from components.network.security_groups import Service
from components.site import Site
from settings import CacheSettings

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
TOKEN = "a-token-of-more-than-16"


def cache(
    settings: CacheSettings = PROD.cache, *, site: Site = SITE, permanent: bool = True, runs: bool = True
) -> Cloud[Cache]:
    laid = ground(replace(site, protected=True)).built

    def build() -> Cache:
        args = CacheArgs(
            site=site,
            network=laid.network,
            security_groups=laid.security_groups,
            keys=laid.keys,
            settings=settings,
            auth_token=pulumi.Output.secret(TOKEN),
            permanent=permanent,
            runs=runs,
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
    assert group["kmsKeyId"] == cloud.value(laid.keys["data"].arn)
    assert (group["transitEncryptionEnabled"], group["transitEncryptionMode"]) == (True, "required")


def test_changes_wait_for_the_window_unless_the_setting_says_now() -> None:
    assert deployed().one(GROUP).inputs["applyImmediately"] is False
    assert cache(cache_settings(changes_apply="now")).one(GROUP).inputs["applyImmediately"] is True


def test_the_token_is_asked_for_and_never_plain() -> None:
    group = deployed().one(GROUP)
    assert group.inputs["authToken"] == TOKEN
    assert "authToken" in group.secrets


def test_it_lives_in_the_data_subnets_behind_its_security_group() -> None:
    cloud = deployed()
    laid = ground().built
    assert cloud.one(GROUP).inputs["securityGroupIds"] == [cloud.value(laid.security_groups[Service.CACHE].id)]
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
        assert group["kmsKeyId"] == cloud.value(laid.keys["logs"].arn)


@pytest.mark.parametrize("site", [SITE, UNPROTECTED])
def test_protection_follows_the_stack_and_the_final_snapshot_is_always_taken(site: Site) -> None:
    cloud = deployed(site=site)
    laid = ground().built
    group = cloud.one(GROUP)
    assert group.protect is site.protected
    assert group.inputs["finalSnapshotIdentifier"] == f"askproai-prod-cache-final-{cloud.value(laid.network.vpc.id)}"
    assert group.inputs["snapshotRetentionLimit"] == PROD.cache.snapshot_retention_days


def test_clients_get_the_configuration_endpoint() -> None:
    cloud = deployed()
    assert cloud.built.group is not None
    assert cloud.value(cloud.built.group.configuration_endpoint_address).startswith("clustercfg.")


def test_the_name_fits_in_the_longest_environment() -> None:
    assert len(deployed(site=LONG_SITE).one(GROUP).inputs["replicationGroupId"]) <= 40


@pytest.mark.parametrize("site", [SITE, UNPROTECTED])
def test_a_cache_that_is_not_permanent_can_be_deleted_and_created_again(site: Site) -> None:
    group = deployed(site=site, permanent=False).one(GROUP)
    assert not group.protect
    assert "finalSnapshotIdentifier" not in group.inputs


def test_between_two_lives_of_the_cache_its_logs_stay() -> None:
    logs = {group.urn for group in deployed().of("aws:cloudwatch/logGroup:LogGroup")}
    between = deployed(runs=False)
    assert {group.urn for group in between.of("aws:cloudwatch/logGroup:LogGroup")} == logs
    assert between.of(GROUP) == []
