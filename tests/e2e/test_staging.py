"""A stack from one file: staging comes up beside prod from its stack file alone, is destroyed, and prod does not
change."""

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.project.paths import Paths
from tests.e2e.operated import Platform, platforms, sandbox

pytestmark = pytest.mark.e2e

STACK = "staging"
LISTS = (
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("elasticache", "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId"),
    ("sqs", "list_queues", "QueueUrls", None),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sns", "list_subscriptions", "Subscriptions", "Endpoint"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
    ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName"),
)
"""Resources in an account and region: the call, the list in its answer, and the name of an entry."""


def held(platform: Platform) -> Mapping[str, list[str]]:
    """All resources in the account and the stack's region, from AWS's own lists."""
    return {call: sorted(_names(platform, service, call, key, name)) for service, call, key, name in LISTS}


def _names(platform: Platform, service: str, call: str, key: str, name: str | None) -> list[str]:
    entries: list[Any] = platform.client(service).get_paginator(call).paginate().build_full_result().get(key, [])
    gone = ("deleted", "deleting")
    return [str(entry[name] if name else entry) for entry in entries if not name or entry.get("State") not in gone]


def test_staging_comes_and_goes_beside_prod_which_does_not_change(platform: Platform, own_sandbox: Paths) -> None:
    before = held(platform)
    assert all(before.values()), before

    sandbox(own_sandbox, "up", "--stack", STACK)
    staging = platforms(own_sandbox)[STACK]
    assert staging.preview() == {}
    # Its policy violations are only advisory: the command ends with 0.
    told = [line.split(": ") for line in staging.ops("preview", platform.stack, STACK).stdout.splitlines()]
    assert {line[0] for line in told if line[-1].endswith("unchanged")} >= {STACK, platform.stack}
    beside = held(platform)
    assert {call: names for call, names in before.items() if not set(names) <= set(beside[call])} == {}
    assert len(beside["describe_vpcs"]) == len(before["describe_vpcs"]) + 1
    (database,) = set(beside["describe_db_instances"]) - set(before["describe_db_instances"])
    (instance,) = staging.client("rds").describe_db_instances(DBInstanceIdentifier=database)["DBInstances"]
    assert (instance["MultiAZ"], instance.get("ReadReplicaDBInstanceIdentifiers", [])) == (False, [])
    assert len(set(beside["describe_nat_gateways"]) - set(before["describe_nat_gateways"])) == 1

    staging.destroy()

    assert held(platform) == before
    assert platform.preview() == {}
