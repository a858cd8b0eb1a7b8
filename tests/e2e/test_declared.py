"""AWS has what the program declares: read back through boto3, not through the program."""

import gzip
import json
import time
from typing import Any

import pytest

from ops.core.aws import rows
from tests.e2e.operated import Platform

pytestmark = pytest.mark.e2e
PREFIX = "askproai-prod"


def names(tags: list[dict[str, str]]) -> str:
    return next(tag["Value"] for tag in tags if tag["Key"] == "Name")


def rules(group: dict[str, Any], way: str) -> set[tuple[int, str]]:
    """(port, peer) of every rule; a peer is a range or a group."""
    found = set()
    for rule in group[way]:
        peers = [r["CidrIp"] for r in rule["IpRanges"]] + [g["GroupId"] for g in rule["UserIdGroupPairs"]]
        found |= {(rule["FromPort"], peer) for peer in peers}
    return found


def security_groups(platform: Platform) -> dict[str, dict[str, Any]]:
    found = list(rows(platform.client("ec2"), "describe_security_groups"))
    return {group["GroupName"].removeprefix(f"{PREFIX}-"): group for group in found}


def test_every_zone_has_a_public_an_app_and_a_data_subnet(platform: Platform) -> None:
    subnets = platform.client("ec2").describe_subnets(Filters=[{"Name": "tag:Project", "Values": ["askproai"]}])
    by_tier: dict[str, set[str]] = {}
    for subnet in subnets["Subnets"]:
        tier = names(subnet["Tags"]).split("-")[-2]
        by_tier.setdefault(tier, set()).add(subnet["AvailabilityZone"])
        assert subnet["MapPublicIpOnLaunch"] is False
    zones = {"eu-central-1a", "eu-central-1b", "eu-central-1c"}
    assert by_tier == {"public": zones, "app": zones, "data": zones}


def test_the_data_subnets_have_no_way_to_the_internet(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    for table in rows(ec2, "describe_route_tables"):
        if any("data" in tag["Value"] for tag in table["Tags"] if tag["Key"] == "Name"):
            assert all(not route.get("NatGatewayId") for route in table["Routes"])
            assert all(not (route.get("GatewayId") or "").startswith("igw") for route in table["Routes"])
    assert len(list(rows(ec2, "describe_nat_gateways"))) == 3


def test_the_database_is_reached_from_the_app_tier_alone_where_there_is_no_vpn(platform: Platform) -> None:
    groups = security_groups(platform)
    assert rules(groups["database"], "IpPermissions") == {
        (3306, groups["web"]["GroupId"]),
        (3306, groups["workers"]["GroupId"]),
        (3306, groups["monitoring"]["GroupId"]),
    }
    assert rules(groups["cache"], "IpPermissions") == {
        (6379, groups["web"]["GroupId"]),
        (6379, groups["workers"]["GroupId"]),
        (6379, groups["monitoring"]["GroupId"]),
    }


def test_nothing_but_cloudflare_reaches_the_load_balancer(platform: Platform) -> None:
    inside = rules(security_groups(platform)["balancer"], "IpPermissions")
    assert {port for port, _ in inside} == {80, 443}
    assert "0.0.0.0/0" not in {peer for _, peer in inside}
    assert ("173.245.48.0/20" in {peer for _, peer in inside}) is True


def test_the_default_security_group_lets_nothing_through(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    (vpc,) = rows(ec2, "describe_vpcs", Filters=[{"Name": "tag:Project", "Values": ["askproai"]}])
    of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    (default,) = rows(ec2, "describe_security_groups", Filters=of_vpc)
    assert (default["IpPermissions"], default["IpPermissionsEgress"]) == ([], [])


def test_the_database_is_multi_az_encrypted_and_kept(platform: Platform) -> None:
    (database,) = rows(platform.client("rds"), "describe_db_instances")
    asked = {
        "DBInstanceIdentifier": f"{PREFIX}-database",
        "DBInstanceClass": "db.m6i.4xlarge",
        "Engine": "mysql",
        "AllocatedStorage": 500,
        "StorageType": "gp3",
        "StorageEncrypted": True,
        "MultiAZ": True,
        "PubliclyAccessible": False,
        "BackupRetentionPeriod": 35,
        "DeletionProtection": True,
        "IAMDatabaseAuthenticationEnabled": True,
        "CopyTagsToSnapshot": True,
    }
    assert {key: database[key] for key in asked} == asked
    assert set(database["EnabledCloudwatchLogsExports"]) == {"audit", "error", "slowquery"}


def test_plain_connections_to_the_database_are_refused(platform: Platform) -> None:
    rds = platform.client("rds")
    (database,) = rows(rds, "describe_db_instances")
    (group,) = database["DBParameterGroups"]
    pages = rds.get_paginator("describe_db_parameters").paginate(
        DBParameterGroupName=group["DBParameterGroupName"], Source="user"
    )
    values = {p["ParameterName"]: p.get("ParameterValue") for page in pages for p in page["Parameters"]}
    assert values["require_secure_transport"] == "1"
    assert values["max_connections"] == "200"


def test_the_cache_is_sharded_replicated_and_encrypted(platform: Platform) -> None:
    (group,) = rows(platform.client("elasticache"), "describe_replication_groups")
    assert group["ClusterEnabled"] is True
    assert (group["AutomaticFailover"], group["MultiAZ"]) == ("enabled", "enabled")
    assert (group["TransitEncryptionEnabled"], group["AtRestEncryptionEnabled"]) == (True, True)
    assert group["AuthTokenEnabled"] is True
    assert all(len(shard["NodeGroupMembers"]) >= 2 for shard in group["NodeGroups"])


@pytest.mark.parametrize("role", ["uploads", "releases", "logs"])
def test_buckets_are_private_versioned_encrypted_and_tls_only(platform: Platform, role: str) -> None:
    s3 = platform.client("s3")
    bucket = f"{PREFIX}-{role}-123456789012"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    algorithm = rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
    assert algorithm == ("AES256" if role == "logs" else "aws:kms")
    statements = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert any(s["Effect"] == "Deny" and "aws:SecureTransport" in json.dumps(s["Condition"]) for s in statements)
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert any("NoncurrentVersionExpiration" in rule for rule in lifecycle)


def test_every_queue_is_encrypted_and_has_a_dead_letter_queue_that_keeps_longer(platform: Platform) -> None:
    sqs = platform.client("sqs")
    urls = list(rows(sqs, "list_queues"))
    found = {
        url.rsplit("/", 1)[1]: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for url in urls
    }
    work = [f"{PREFIX}-queue-{name}" for name in ("default", "high", "notifications")]
    assert set(found) == {*work, *(f"{name}-dead-letter" for name in work)}
    for name in work:
        queue, dead = found[name], found[f"{name}-dead-letter"]
        assert queue["KmsMasterKeyId"] == dead["KmsMasterKeyId"] != ""
        redrive = json.loads(queue["RedrivePolicy"])
        assert redrive["deadLetterTargetArn"] == dead["QueueArn"]
        assert int(dead["MessageRetentionPeriod"]) > int(queue["MessageRetentionPeriod"])


def test_a_message_that_fails_too_often_becomes_a_dead_letter(platform: Platform) -> None:
    sqs = platform.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{PREFIX}-queue-high")["QueueUrl"]
    dead = sqs.get_queue_url(QueueName=f"{PREFIX}-queue-high-dead-letter")["QueueUrl"]
    redrive = json.loads(
        sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    )
    sqs.send_message(QueueUrl=queue, MessageBody="a job that always fails")
    for _ in range(int(redrive["maxReceiveCount"]) + 1):
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=0).get("Messages", []):
            handle = message["ReceiptHandle"]
            sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    (letter,) = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=0)["Messages"]
    assert letter["Body"] == "a job that always fails"
    sqs.purge_queue(QueueUrl=dead)


def test_the_load_balancer_ends_tls_and_redirects_the_rest(platform: Platform) -> None:
    elb = platform.client("elbv2")
    (balancer,) = rows(elb, "describe_load_balancers")
    listeners = {
        listener["Port"]: listener
        for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    }
    assert listeners[80]["DefaultActions"][0]["RedirectConfig"]["StatusCode"] == "HTTP_301"
    assert listeners[443]["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2")
    raw = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
    attributes = {attribute["Key"]: attribute["Value"] for attribute in raw}
    assert attributes["deletion_protection.enabled"] == "true"
    assert attributes["access_logs.s3.enabled"] == "true"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    waf = platform.client("wafv2").get_web_acl_for_resource(ResourceArn=balancer["LoadBalancerArn"])
    assert waf["WebACL"]["Name"] == f"{PREFIX}-waf"


def test_traffic_goes_to_blue_and_none_to_green(platform: Platform) -> None:
    elb = platform.client("elbv2")
    groups = {group["TargetGroupArn"]: group["TargetGroupName"] for group in rows(elb, "describe_target_groups")}
    (balancer,) = rows(elb, "describe_load_balancers")
    listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    (https,) = [listener["ListenerArn"] for listener in listeners if listener["Port"] == 443]
    served = [
        {groups[target["TargetGroupArn"]]: target["Weight"] for target in action["ForwardConfig"]["TargetGroups"]}
        for rule in elb.describe_rules(ListenerArn=https)["Rules"]
        for action in rule["Actions"]
        if action["Type"] == "forward" and "ForwardConfig" in action
    ]
    of_application = [weights for weights in served if f"{PREFIX}-monitoring" not in weights]
    assert of_application == [{f"{PREFIX}-web-blue": 100, f"{PREFIX}-web-green": 0}] * 3


def test_the_loss_of_a_zone_leaves_the_required_instances(platform: Platform) -> None:
    groups = {
        g["AutoScalingGroupName"]: g for g in rows(platform.client("autoscaling"), "describe_auto_scaling_groups")
    }
    named = {f"{PREFIX}-{group}" for group in ("web-blue", "web-green", "workers-fleet", "monitoring-host")}
    assert set(groups) == named
    for name in (f"{PREFIX}-web-blue", f"{PREFIX}-workers-fleet"):
        zones = [instance["AvailabilityZone"] for instance in groups[name]["Instances"]]
        assert len(set(zones)) == 3
        assert min(len(zones) - zones.count(zone) for zone in set(zones)) >= 2


def test_the_monitoring_host_runs_in_the_zone_of_its_encrypted_volume(platform: Platform) -> None:
    (group,) = platform.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[f"{PREFIX}-monitoring-host"]
    )["AutoScalingGroups"]
    (volume,) = rows(
        platform.client("ec2"), "describe_volumes", Filters=[{"Name": "tag:Component", "Values": ["metrics"]}]
    )
    assert [one["AvailabilityZone"] for one in group["Instances"]] == [volume["AvailabilityZone"]]
    assert (volume["Encrypted"], volume["Size"], volume["VolumeType"]) == (True, 200, "gp3")


def test_instances_ask_for_tokens_and_have_encrypted_disks(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    templates = list(rows(ec2, "describe_launch_templates"))
    assert len(templates) == 4
    for template in templates:
        versions = ec2.describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest"]
        )["LaunchTemplateVersions"]
        data = versions[0]["LaunchTemplateData"]
        assert data["MetadataOptions"]["HttpTokens"] == "required"
        assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
        assert all(mapping["Ebs"]["Encrypted"] for mapping in data["BlockDeviceMappings"])
        assert all(not interface["AssociatePublicIpAddress"] for interface in data["NetworkInterfaces"])
        assert "KeyName" not in data


@pytest.mark.parametrize(
    ("group", "metrics"),
    [("web-blue", {"ASGAverageCPUUtilization", "mem_used_percent"}), ("workers-fleet", {"backlog_per_instance"})],
)
def test_groups_scale_by_load(platform: Platform, group: str, metrics: set[str]) -> None:
    policies = platform.client("autoscaling").describe_policies(AutoScalingGroupName=f"{PREFIX}-{group}")
    found = set()
    for policy in policies["ScalingPolicies"]:
        tracking = policy["TargetTrackingConfiguration"]
        custom = tracking.get("CustomizedMetricSpecification", {})
        predefined = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
        returned = [metric["Id"] for metric in custom.get("Metrics", []) if metric.get("ReturnData")]
        found |= {predefined, custom.get("MetricName"), *returned} - {None}
    assert found == metrics


def test_secrets_are_kept_under_the_platforms_own_key(platform: Platform) -> None:
    secrets = list(rows(platform.client("secretsmanager"), "list_secrets"))
    accounts = ("application", "dbadmin", "migrations", "monitoring")
    roles = ("app", "cache", "database", *(f"database-{name}" for name in accounts), "receivers")
    assert sorted(secret["Name"] for secret in secrets) == [f"askproai-prod-{role}" for role in roles]
    keys = {secret["KmsKeyId"] for secret in secrets}
    (key,) = keys
    described = platform.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    assert (described["KeyManager"], described["MultiRegion"]) == ("CUSTOMER", True)


def test_every_key_is_rotated(platform: Platform) -> None:
    kms = platform.client("kms")
    keys = [key["KeyId"] for key in rows(kms, "list_keys")]
    ours = [key for key in keys if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyManager"] == "CUSTOMER"]
    assert len(ours) == 5
    assert all(kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] for key in ours)


def test_what_a_host_logs_reaches_the_archive_encrypted_with_the_key_of_the_logs(platform: Platform) -> None:
    logs, s3 = platform.client("logs"), platform.client("s3")
    group, bucket, stream = f"{PREFIX}-web", f"{PREFIX}-logs-123456789012", f"i-{time.time_ns()}/application"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    line = {"timestamp": int(time.time() * 1000), "message": "[2026-01-31 23:59:59] production.ERROR: no room"}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[line])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="log-groups/")
    newest = max((found for page in pages for found in page["Contents"]), key=lambda found: found["LastModified"])
    file = s3.get_object(Bucket=bucket, Key=newest["Key"])
    batch = json.loads(gzip.decompress(file["Body"].read()))
    assert (batch["logGroup"], batch["logStream"]) == (group, stream)
    assert [event["message"] for event in batch["logEvents"]] == [line["message"]]
    key = platform.client("kms").describe_key(KeyId=f"alias/{PREFIX}-logs")["KeyMetadata"]["Arn"]
    assert (file["ServerSideEncryption"], file["SSEKMSKeyId"]) == ("aws:kms", key)


def test_every_log_group_is_sent_to_the_archive_but_for_its_own(platform: Platform) -> None:
    logs = platform.client("logs")
    pages = logs.get_paginator("describe_log_groups").paginate()
    groups = {group["logGroupName"] for page in pages for group in page["logGroups"]}
    sent = {name for name in groups if logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]}
    ours = {name for name in groups if PREFIX in name}
    assert ours - sent == {f"{PREFIX}-log-archive-errors"}
