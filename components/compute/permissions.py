"""The permissions of instances, as IAM statements: one function per permission, limited to its resources."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.compute.host_context import HostContext
from components.security.iam import Condition, Statement, allow
from components.security.keys import KeyReference
from components.site import Site
from components.storage.storage import DataRole
from naming import PROJECT, DataClass

METRICS_NAMESPACE = "CWAgent"

AGENT_ACTIONS = [
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:GetManifest",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
]
"""AWS's AmazonSSMManagedInstanceCore without its permission to read every parameter of the account."""


def systems_manager() -> list[Statement]:
    """Sessions, commands and patches through Systems Manager, whose actions cannot be limited to a resource."""
    return [allow(AGENT_ACTIONS, "*")]


def sessions(site: Site) -> list[Statement]:
    """What a session needs on its instance: the key and the log group of sessions, which the account stack declares.

    Another stack declares them, so they are identified by the end of their names.
    """
    account, region = site.naming.account_id, site.region
    alias = {"ForAnyValue:StringLike": {"kms:ResourceAliases": f"alias/{PROJECT}-*-sessions"}}
    streams = f"arn:aws:logs:{region}:{account}:log-group:{PROJECT}-*-sessions:*"
    return [
        allow(["kms:Decrypt"], f"arn:aws:kms:{region}:{account}:key/*", sid="SessionsDecrypted", condition=alias),
        allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], streams, sid="SessionsKept"),
        # The agent looks up its group before it writes; this action cannot be limited to one group.
        allow(["logs:DescribeLogGroups"], "*", sid="SessionsFindGroup"),
    ]


def metrics_and_logs(log_group: aws.cloudwatch.LogGroup) -> list[Statement]:
    """Metrics of the CloudWatch agent, and one log group; the tags tell the agent its Auto Scaling group."""
    namespace = {"StringEquals": {"cloudwatch:namespace": METRICS_NAMESPACE}}
    return [
        allow(["cloudwatch:PutMetricData"], "*", condition=namespace),
        allow(["ec2:DescribeTags"], "*"),
        allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            log_group.arn.apply(lambda arn: f"{arn}:*"),
        ),
    ]


def read_secrets(context: HostContext, arns: Sequence[pulumi.Output[str]]) -> list[Statement]:
    """The values of these secrets."""
    return [
        allow(
            ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            list(arns),
        ),
        _use_key(context, KeyReference(arn=context.keys["secrets"].arn), ["kms:Decrypt"], "secretsmanager"),
    ]


def lead_group() -> list[Statement]:
    """To see which instance is first in its group; Describe actions cannot be limited to a resource."""
    return [
        allow(["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances"], "*"),
    ]


def let_go(context: HostContext, group: str) -> list[Statement]:
    """To delay the termination of an instance of the Auto Scaling group, and to complete it."""
    place = f"{context.site.region}:{context.site.naming.account_id}"
    return [
        allow(
            ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
            f"arn:aws:autoscaling:{place}:autoScalingGroup:*:autoScalingGroupName/{group}",
        )
    ]


def find_data_stores(context: HostContext) -> list[Statement]:
    """To look up the addresses of database and cache."""
    place = f"{context.site.region}:{context.site.naming.account_id}"
    stores = context.data_stores
    return [
        allow(["rds:DescribeDBInstances"], f"arn:aws:rds:{place}:db:{stores.database}"),
        allow(
            ["elasticache:DescribeReplicationGroups"], f"arn:aws:elasticache:{place}:replicationgroup:{stores.cache}"
        ),
    ]


def read_objects(context: HostContext, role: DataRole) -> list[Statement]:
    """To list and read the objects of a data bucket."""
    bucket = context.storage[role]
    return [
        allow(["s3:ListBucket"], bucket.arn),
        allow(["s3:GetObject"], bucket.arn.apply(lambda arn: f"{arn}/*")),
        _use_key(context, context.storage.data_key, ["kms:Decrypt"], "s3"),
    ]


def read_and_write_objects(context: HostContext, role: DataRole) -> list[Statement]:
    """To list, read, write and delete objects; the noncurrent versions that the bucket retains are out of reach."""
    bucket = context.storage[role]
    return [
        allow(["s3:ListBucket"], bucket.arn),
        allow(
            ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            bucket.arn.apply(lambda arn: f"{arn}/*"),
        ),
        _use_key(context, context.storage.data_key, ["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
    ]


def send_messages(context: HostContext) -> list[Statement]:
    """To add jobs, and to see how many are waiting."""
    return [
        allow(["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"], _queues(context)),
        # Sending needs both: SQS decrypts the data key before it encrypts with it.
        _use_key(
            context, KeyReference(arn=context.keys["messages"].arn), ["kms:Decrypt", "kms:GenerateDataKey"], "sqs"
        ),
    ]


def receive_messages(context: HostContext) -> list[Statement]:
    """To receive jobs, extend their visibility timeout, and delete those that are done."""
    return [
        allow(
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
            ],
            _queues(context),
        ),
        _use_key(context, KeyReference(arn=context.keys["messages"].arn), ["kms:Decrypt"], "sqs"),
    ]


def discover_hosts() -> list[Statement]:
    """To find instances by their tags; Describe actions cannot be limited to a resource."""
    return [allow(["ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeVolumes"], "*")]


def attach_volume(context: HostContext, volume: aws.ebs.Volume, component: str) -> list[Statement]:
    """To attach only this volume to an instance of the component.

    EC2 decrypts the volume for the instance with a grant of the key (EBS User Guide, "Requirements for Amazon EBS
    encryption").
    """
    site = context.site
    own = site.naming.tags(component, DataClass.CONFIDENTIAL)
    tagged = {"StringEquals": {f"aws:ResourceTag/{key}": own[key] for key in ("Component", "Environment", "Project")}}
    instances = f"arn:aws:ec2:{site.region}:{site.naming.account_id}:instance/*"
    key = context.keys["data"].arn
    return [
        allow(["ec2:AttachVolume"], volume.arn),
        allow(["ec2:AttachVolume"], instances, condition=tagged),
        _use_key(context, KeyReference(arn=key), ["kms:Decrypt", "kms:DescribeKey"], "ec2"),
        allow(["kms:CreateGrant"], key, condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    ]


def read_metrics() -> list[Statement]:
    """To search and read the region's metrics, which cannot be limited to a resource (Grafana documentation, "Amazon
    CloudWatch data source")."""
    return [allow(["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"], "*")]


def write_remotely() -> list[Statement]:
    """To copy metrics to a workspace of Amazon Managed Prometheus, whose identifier is only in its URL."""
    return [allow(["aps:RemoteWrite"], "*")]


def _queues(context: HostContext) -> list[pulumi.Output[str]]:
    return [queue.arn for queue in context.queues.work.values()]


def _use_key(context: HostContext, key: KeyReference, actions: list[str], service: str) -> Statement:
    """A key, but only through the service whose data it encrypts."""
    condition: Condition = {"StringEquals": {"kms:ViaService": f"{service}.{context.site.region}.amazonaws.com"}}
    if key.alias:
        condition = {**condition, "ForAnyValue:StringEquals": {"kms:ResourceAliases": key.alias}}
    return allow(actions, key.arn, condition=condition)
