"""Amazon Data Firehose on the emulated AWS, and log groups that send to it."""

import gzip
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import ACCOUNT, REGION, Clients

ROLE = f"arn:aws:iam::{ACCOUNT}:role/writer"


def destination(name: str, **more: Any) -> dict[str, Any]:
    return {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{name}", **more}


def sender(aws: Clients, name: str, stream: str, service: str = "logs.amazonaws.com", *, rights: bool = True) -> str:
    """A role for CloudWatch Logs that may put records into the stream."""
    iam = aws("iam")
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust}))
    if rights:
        may = {"Statement": [{"Effect": "Allow", "Action": "firehose:PutRecord", "Resource": stream}]}
        document = json.dumps({"Version": "2012-10-17", **may})
        iam.put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=document)
    return str(role["Role"]["Arn"])


def make(aws: Clients, stream: str, **to: Any) -> str:
    bucket = to.pop("bucket", stream)
    made = aws("firehose").create_delivery_stream(
        DeliveryStreamName=stream, ExtendedS3DestinationConfiguration=destination(bucket, **to)
    )
    return str(made["DeliveryStreamARN"])


@pytest.mark.fix("firehose.py:stream_is_judged")
@pytest.mark.parametrize(
    "hints", [{"SizeInMBs": 129, "IntervalInSeconds": 60}, {"SizeInMBs": 1, "IntervalInSeconds": 901}]
)
def test_a_buffer_is_no_larger_and_no_longer_than_firehose_has(aws: Clients, name: str, hints: dict[str, int]) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        make(aws, name, BufferingHints=hints)


@pytest.mark.fix("firehose.py:stream_is_judged")
@pytest.mark.parametrize("extension", ["gz", ".GZ"])
def test_an_extension_begins_with_a_dot_and_has_small_letters(aws: Clients, name: str, extension: str) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        make(aws, name, FileExtension=extension)


@pytest.mark.fix("firehose.py:stream_is_judged")
@pytest.mark.parametrize("bad", ["with space", "s" * 65])
def test_a_stream_has_a_name_of_64_characters_at_most(aws: Clients, name: str, bad: str) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        make(aws, bad, bucket=name)


@pytest.mark.fix("firehose.py:changed_destination_is_judged")
def test_a_change_is_judged_as_a_new_stream_is(aws: Clients, name: str) -> None:
    make(aws, name, BufferingHints={"SizeInMBs": 128, "IntervalInSeconds": 900})
    with pytest.raises(ClientError, match="ValidationException"):
        aws("firehose").update_destination(
            DeliveryStreamName=name,
            CurrentDeliveryStreamVersionId="1",
            DestinationId="destinationId-000000000001",
            ExtendedS3DestinationUpdate=destination(name, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 901}),
        )


@pytest.mark.fix("logs.py:subscription_is_tried")
@pytest.mark.parametrize(("service", "rights"), [("ec2.amazonaws.com", True), ("logs.amazonaws.com", False)])
def test_a_subscription_wants_a_role_of_cloudwatch_logs_with_its_rights(
    aws: Clients, name: str, service: str, rights: bool
) -> None:
    stream = make(aws, name)
    aws("logs").create_log_group(logGroupName=name)
    role = sender(aws, name, stream, service, rights=rights)
    with pytest.raises(ClientError, match="Could not deliver test message"):
        aws("logs").put_subscription_filter(
            logGroupName=name, filterName="all", filterPattern="", destinationArn=stream, roleArn=role
        )


@pytest.mark.fix("firehose.py:file_is_named_and_encrypted_as_the_stream_says")
def test_what_is_logged_arrives_as_an_encrypted_file(aws: Clients, name: str) -> None:
    s3, logs = aws("s3"), aws("logs")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    stream = make(
        aws,
        name,
        Prefix="log-groups/",
        FileExtension=".gz",
        EncryptionConfiguration={"KMSEncryptionConfig": {"AWSKMSKeyARN": key}},
    )
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="host")
    logs.put_subscription_filter(
        logGroupName=name, filterName="all", filterPattern="", destinationArn=stream, roleArn=sender(aws, name, stream)
    )
    event = {"timestamp": int(time.time() * 1000), "message": "production.ERROR: no room"}
    logs.put_log_events(logGroupName=name, logStreamName="host", logEvents=[event])

    (found,) = s3.list_objects_v2(Bucket=name)["Contents"]
    assert found["Key"].startswith("log-groups/20")
    assert found["Key"].endswith(".gz")
    file = s3.get_object(Bucket=name, Key=found["Key"])
    assert (file["ServerSideEncryption"], file["SSEKMSKeyId"]) == ("aws:kms", key)
    batch = json.loads(gzip.decompress(file["Body"].read()))
    assert (batch["logGroup"], batch["logStream"]) == (name, "host")
    assert [each["message"] for each in batch["logEvents"]] == [event["message"]]
