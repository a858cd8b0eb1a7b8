"""The last of the sandbox: with the setting that names the environment, destroy leaves only what must stay."""

import pytest

from sandbox.project.paths import Paths
from sandbox.servers import clouds
from tests.e2e.operated import Platform, brought_up, platforms

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def platform(own_sandbox: Paths, up: set[str]) -> Platform:
    """Stack prod beside whatever other modules brought up, wherever they moved it: all of it must go."""
    stacks = platforms(own_sandbox)
    if up and not any(stack.half_done for stack in stacks.values()):
        return stacks["prod"]
    return brought_up(own_sandbox, up, ["prod"])["prod"]


def test_destroy_leaves_the_account_empty(platform: Platform) -> None:
    stacks = platforms(platform.paths)
    for stack in ("edge", "dr", "prod"):
        if clouds.resources(platform.paths, stack):
            stacks[stack].destroy()

    ec2, elb, kms = platform.client("ec2"), platform.client("elbv2"), platform.client("kms")
    ours = [{"Name": "tag:Project", "Values": ["askproai"]}]
    live = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    left = {
        "networks": ec2.describe_vpcs(Filters=ours)["Vpcs"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "instances": ec2.describe_instances(Filters=live)["Reservations"],
        "templates": ec2.describe_launch_templates()["LaunchTemplates"],
        # AWS, too, shows a deleted endpoint for a while.
        "endpoints": [e for e in ec2.describe_vpc_endpoints(Filters=ours)["VpcEndpoints"] if e["State"] != "deleted"],
        "groups": platform.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"],
        "balancers": elb.describe_load_balancers()["LoadBalancers"],
        "targets": elb.describe_target_groups()["TargetGroups"],
        "trust": elb.describe_trust_stores()["TrustStores"],
        "databases": platform.client("rds").describe_db_instances()["DBInstances"],
        "caches": platform.client("elasticache").describe_replication_groups()["ReplicationGroups"],
        "queues": platform.client("sqs").list_queues().get("QueueUrls", []),
        "buckets": platform.client("s3").list_buckets()["Buckets"],
        "roles": [r for r in platform.client("iam").list_roles()["Roles"] if r["RoleName"].startswith("askproai")],
        "acls": platform.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"],
        "logs": platform.client("logs").describe_log_groups()["logGroups"],
        # A name that AWS keeps for a recovery could not be used by the next `up`.
        "secrets": platform.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"],
        "certificates": platform.client("acm").list_certificates()["CertificateSummaryList"],
        "plans": platform.client("backup").list_backup_plans()["BackupPlansList"],
        "vaults": platform.client("backup").list_backup_vaults()["BackupVaultList"],
    }
    assert {kind: found for kind, found in left.items() if found} == {}
    states = {kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] for key in kms.list_keys()["Keys"]}
    assert states <= {"PendingDeletion"}


def test_the_databases_last_snapshot_outlives_it(platform: Platform) -> None:
    last = platform.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert [snapshot["DBInstanceIdentifier"] for snapshot in last].count("askproai-prod-database") == 1
