"""The whole standby: what it runs in each posture, after activation, and while it is fenced."""

import json
from typing import Any

import pytest
from fake_cloud import Cloud
from regions import FOLLOWED_ARN, altered, composed, rebuilt, region, serving, standby
from stack_files import settings_of

from ops.dr.rebuild import REPLICA_SECONDS
from outputs import RegionOutputs
from settings import Capacity

ACL = "aws:ec2/networkAcl:NetworkAcl"
KEPT = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
DATABASE = "aws:rds/instance:Instance"
GROUP = "aws:autoscaling/group:Group"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
PROD, DR = settings_of("prod"), settings_of("dr")


@pytest.fixture(scope="module")
def following() -> Cloud[RegionOutputs]:
    return region("dr")


@pytest.fixture(scope="module")
def warm() -> Cloud[RegionOutputs]:
    """Rebuilt once, without a former database."""
    return composed(standby(posture="warm", database=DR.database.model_copy(update={"generation": 2})))


@pytest.fixture(scope="module")
def activated() -> Cloud[RegionOutputs]:
    return serving("dr")


def sizes(cloud: Cloud[RegionOutputs]) -> dict[str, tuple[int, int]]:
    """For the application's groups: those of the monitoring host and the bastion never change."""
    found = {g.name.removesuffix("-group"): (g.inputs["minSize"], g.inputs["maxSize"]) for g in cloud.of(GROUP)}
    assert (found.pop("monitoring-host"), found.pop("bastion-host")) == ((1, 1), (0, 1))
    return found


def logical_names(cloud: Cloud[RegionOutputs]) -> set[tuple[str, str]]:
    return {(resource.type, resource.name) for resource in cloud.resources}


def full_sizes() -> dict[str, tuple[int, int]]:
    return {
        "web-blue": (DR.web.blue.min_size, DR.web.blue.max_size),
        "web-green": (DR.web.green.min_size, DR.web.green.max_size),
        "workers-fleet": (DR.workers.min_size, DR.workers.max_size),
    }


def test_a_follower_reads_one_stack_and_of_it_the_database_alone(following: Cloud[RegionOutputs]) -> None:
    assert following.stacks_read == [f"organization/askproai/{DR.follows}"]
    assert following.one(DATABASE).inputs["replicateSourceDb"] == FOLLOWED_ARN
    assert [r.name for r in following.resources if FOLLOWED_ARN in json.dumps(r.inputs)] == [
        "backups-of-the-source",
        "database-instance",
    ]


def test_a_pilot_light_alone_has_endpoints_in_one_zone(
    following: Cloud[RegionOutputs], warm: Cloud[RegionOutputs], activated: Cloud[RegionOutputs]
) -> None:
    kept = DR.network.model_copy(update={"pilot_light_endpoints": "per_zone"})
    assert (DR.endpoint_zone, standby(network=kept).endpoint_zone) == (
        DR.monitoring.zone if DR.monitoring else "",
        None,
    )
    for cloud, zones in ((following, 1), (warm, len(DR.network.zones)), (activated, len(DR.network.zones))):
        interfaces = [e for e in cloud.of("aws:ec2/vpcEndpoint:VpcEndpoint") if "subnetIds" in e.inputs]
        assert {len(e.inputs["subnetIds"]) for e in interfaces} == {zones}
        assert len(interfaces) == len(DR.network.interface_endpoints)


def test_an_activated_standby_reads_no_other_stack(activated: Cloud[RegionOutputs]) -> None:
    assert activated.stacks_read == []
    assert "replicateSourceDb" not in activated.one(DATABASE).inputs


def test_a_primary_reads_no_other_stack() -> None:
    assert region("prod").stacks_read == []


def test_nothing_in_the_standby_names_the_region_it_stands_in_for(
    following: Cloud[RegionOutputs], activated: Cloud[RegionOutputs]
) -> None:
    for cloud in (following, activated):
        named = [resource.name for resource in cloud.resources if PROD.region in json.dumps(resource.inputs)]
        assert named == []
        assert PROD.region not in json.dumps(cloud.exports)


def test_the_standby_calls_its_own_region_alone(
    following: Cloud[RegionOutputs], activated: Cloud[RegionOutputs]
) -> None:
    for cloud in (following, activated):
        assert [provider.inputs["region"] for provider in cloud.of("pulumi:providers:aws")] == [DR.region]


def test_a_pilot_light_runs_no_instance_and_no_cache(following: Cloud[RegionOutputs]) -> None:
    assert set(sizes(following).values()) == {(0, 0)}
    assert following.of(CACHE) == []


def test_a_warm_standby_runs_a_few_web_hosts_no_worker_and_its_cache(warm: Cloud[RegionOutputs]) -> None:
    assert sizes(warm) == {
        "web-blue": (DR.web.warm_min_size, DR.web.blue.max_size),
        "web-green": (0, DR.web.green.max_size),
        "workers-fleet": (0, 0),
    }
    assert warm.one(CACHE).protect
    assert "finalSnapshotIdentifier" in warm.one(CACHE).inputs


def test_activation_brings_the_full_sizes(activated: Cloud[RegionOutputs]) -> None:
    assert sizes(activated) == full_sizes()


def test_a_cache_that_comes_and_goes_is_free_to_go(activated: Cloud[RegionOutputs]) -> None:
    cache = activated.one(CACHE)
    assert not cache.protect
    assert "finalSnapshotIdentifier" not in cache.inputs


def test_activation_takes_nothing_away_but_the_watch_on_the_replica_and_forgets_its_source(
    following: Cloud[RegionOutputs], activated: Cloud[RegionOutputs]
) -> None:
    gone = logical_names(following) - logical_names(activated)
    assert gone == {(ALARM, "alarms-replica-lag-critical"), (KEPT, "backups-of-the-source")}
    # To stop it, the provider calls the source's region, which is lost.
    assert following.one(KEPT).retain_on_delete


def test_an_activated_standby_has_what_the_primary_has(activated: Cloud[RegionOutputs]) -> None:
    assert logical_names(activated) - logical_names(region("prod")) == set()


def test_the_regions_can_serve_with_the_same_sizes(activated: Cloud[RegionOutputs]) -> None:
    assert sizes(activated) == sizes(region("prod"))


def test_alarms_notify_where_the_region_serves_and_where_it_follows_those_of_what_a_takeover_needs(
    following: Cloud[RegionOutputs], activated: Cloud[RegionOutputs]
) -> None:
    notifying = [alarm.name for alarm in following.of(ALARM) if alarm.inputs["actionsEnabled"]]
    assert sorted(notifying) == [
        "alarms-certificate-critical",
        "alarms-certificate-warning",
        "alarms-checklist-bad-warning",
        "alarms-checklist-missing-warning",
        "alarms-objects-late-warning",
        "alarms-replica-lag-critical",
    ]
    assert all(alarm.inputs["actionsEnabled"] for alarm in [*activated.of(ALARM), *region("prod").of(ALARM)])


def test_a_fence_stops_the_hosts_and_closes_the_database_to_them() -> None:
    fenced = composed(PROD.model_copy(update={"fenced": True}))
    assert set(sizes(fenced).values()) == {(0, 0)}
    rules = fenced.one(SECURITY_GROUP, "firewall-database").inputs["ingress"]
    assert [rule["securityGroups"] for rule in rules] == [["securityGroup-firewall-vpn"]]
    assert not any(alarm.inputs["actionsEnabled"] for alarm in fenced.of(ALARM))


def test_a_fence_ends_connections_that_are_established() -> None:
    """Removing a rule of a security group does not end them, removing one of a network ACL does."""
    fenced, open_ = composed(PROD.model_copy(update={"fenced": True})), region("prod")
    data, app = (set(PROD.network.subnet_cidrs(tier).values()) for tier in ("data", "app"))

    def peers(cloud: Cloud[RegionOutputs], way: str) -> set[str]:
        return {rule["cidrBlock"] for rule in cloud.one(ACL, "network-data-tier-acl").inputs[way]}

    assert peers(fenced, "ingress") == peers(fenced, "egress") == data
    assert peers(open_, "ingress") == peers(open_, "egress") == data | app


def test_an_activation_makes_nothing_of_iam(following: Cloud[RegionOutputs], activated: Cloud[RegionOutputs]) -> None:
    """Its control plane is in one region, which may be the lost one."""

    def of_iam(cloud: Cloud[RegionOutputs]) -> dict[str, Any]:
        return {record.urn: record.inputs for record in cloud.resources if record.type.startswith("aws:iam/")}

    assert of_iam(following) == of_iam(activated)


def test_a_replica_is_given_as_long_as_a_rebuild_waits_for_it(following: Cloud[RegionOutputs]) -> None:
    assert following.one(DATABASE).timeouts["create"] == f"{REPLICA_SECONDS / 3600:.0f}h"


def test_a_fence_takes_nothing_away() -> None:
    fenced = composed(PROD.model_copy(update={"fenced": True}))
    assert logical_names(region("prod")) - logical_names(fenced) == set()
    assert fenced.one(DATABASE).inputs["multiAz"] is True


def test_a_fence_holds_in_a_warm_standby_too() -> None:
    fenced = standby(posture="warm", fenced=True)
    # Sizes depend only on this, as in the fenced region above.
    assert fenced.capacity is PROD.model_copy(update={"fenced": True}).capacity is Capacity.NONE


def test_the_old_primary_follows_under_a_new_name_and_retains_what_it_was() -> None:
    cloud = rebuilt()
    retained, replica = (cloud.one(DATABASE, name) for name in ("database-instance", "database-instance-2"))
    before = region("prod").one(DATABASE)
    assert retained.inputs == before.inputs
    assert retained.protect
    assert replica.inputs["identifier"] == "askproai-prod-database-2"
    assert replica.inputs["replicateSourceDb"] == FOLLOWED_ARN
    assert cloud.exports["database_identifier"] == "askproai-prod-database-2"


def test_a_rebuilt_standby_needs_nothing_that_the_former_database_has(warm: Cloud[RegionOutputs]) -> None:
    assert warm.one(DATABASE).name == "database-instance-2"


def test_the_outputs_say_what_the_region_is_in_its_pair(following: Cloud[RegionOutputs]) -> None:
    assert [following.exports[field] for field in ("role", "activated", "fenced")] == ["standby", False, False]


def test_a_region_that_is_primary_again_does_not_wait_for_the_maintenance_window() -> None:
    database = altered().one(DATABASE, "database-instance-3").inputs
    assert (database["multiAz"], database["applyImmediately"]) == (True, True)
    assert region("prod").one(DATABASE).inputs["applyImmediately"] is False


def test_changes_of_the_database_wait_for_its_window_unless_the_setting_says_now() -> None:
    now = PROD.database.model_copy(update={"changes_apply": "now"})
    assert not PROD.apply_immediately
    assert PROD.model_copy(update={"database": now}).apply_immediately
