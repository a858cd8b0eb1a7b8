"""What an instance may do, as IAM statements: one function a right, each naming the things it is for."""

from collections.abc import Iterable
from typing import Any

import pulumi_aws as aws

from components.security.keys import KeyReference, Keys
from components.security.secrets import Secrets
from components.storage.bucket import BucketReference
from components.storage.storage import Storage

Statement = dict[str, Any]

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
"""AWS's AmazonSSMManagedInstanceCore without its right to read every parameter of the account."""


def be_managed() -> list[Statement]:
    """Sessions, commands and patches by Systems Manager, whose actions know no narrower resource."""
    return [_allow(AGENT_ACTIONS, "*")]


def report(log_group: aws.cloudwatch.LogGroup) -> list[Statement]:
    """Metrics of the CloudWatch agent, and lines of one log group; the tags tell the agent its Auto Scaling group."""
    return [
        _allow(["cloudwatch:PutMetricData"], "*", {"StringEquals": {"cloudwatch:namespace": METRICS_NAMESPACE}}),
        _allow(["ec2:DescribeTags"], "*"),
        _allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            log_group.arn.apply(lambda arn: f"{arn}:*"),
        ),
    ]


def read_secrets(secrets: Secrets, keys: Keys, region: str) -> list[Statement]:
    """The values of the application's own secrets."""
    return [
        _allow(
            ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            [secrets.app.arn, secrets.database.arn, secrets.cache.arn],
        ),
        _use_key(KeyReference(arn=keys.secrets.arn), ["kms:Decrypt"], "secretsmanager", region),
    ]


def read_objects(bucket: BucketReference, storage: Storage, region: str) -> list[Statement]:
    """Every object of a data bucket, and their list."""
    return [
        _allow(["s3:ListBucket"], bucket.arn),
        _allow(["s3:GetObject"], bucket.arn.apply(lambda arn: f"{arn}/*")),
        _use_key(storage.data_key, ["kms:Decrypt"], "s3", region),
    ]


def read_and_write_objects(bucket: BucketReference, storage: Storage, region: str) -> list[Statement]:
    """As reading, and to write and delete objects; the bucket keeps old versions, which this does not reach."""
    return [
        _allow(["s3:ListBucket"], bucket.arn),
        _allow(
            ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            bucket.arn.apply(lambda arn: f"{arn}/*"),
        ),
        _use_key(storage.data_key, ["kms:Decrypt", "kms:GenerateDataKey"], "s3", region),
    ]


def send_messages(queues: Iterable[aws.sqs.Queue], keys: Keys, region: str) -> list[Statement]:
    """To add jobs, and to see how many wait."""
    return [
        _allow(["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"], [queue.arn for queue in queues]),
        # Sending needs both: SQS reads back the data key that it encrypts with.
        _use_key(KeyReference(arn=keys.messages.arn), ["kms:Decrypt", "kms:GenerateDataKey"], "sqs", region),
    ]


def receive_messages(queues: Iterable[aws.sqs.Queue], keys: Keys, region: str) -> list[Statement]:
    """To take jobs, hold them longer, and remove those that are done."""
    return [
        _allow(
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
            ],
            [queue.arn for queue in queues],
        ),
        _use_key(KeyReference(arn=keys.messages.arn), ["kms:Decrypt"], "sqs", region),
    ]


def _allow(actions: list[str], resources: Any, condition: Statement | None = None) -> Statement:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return statement if condition is None else {**statement, "Condition": condition}


def _use_key(key: KeyReference, actions: list[str], service: str, region: str) -> Statement:
    """A key, and only on the way through the service whose data it encrypts."""
    condition: Statement = {"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com"}}
    if key.alias:
        condition["ForAnyValue:StringEquals"] = {"kms:ResourceAliases": key.alias}
    return _allow(actions, key.arn, condition)
