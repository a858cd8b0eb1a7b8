"""The log archive: every log group, in large encrypted files, written by a role with only that permission."""

from typing import Any

import pytest
from fake_cloud import Cloud
from regions import region
from stack_files import settings_of

from outputs import RegionOutputs

GROUP = "aws:cloudwatch/logGroup:LogGroup"
SUBSCRIPTION = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
STREAM = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
KEY = "aws:kms/key:Key"
ROLE = "aws:iam/role:Role"
RIGHTS = "aws:iam/rolePolicy:RolePolicy"
ERRORS = "log-archive-errors"
BUCKET = "arn:aws:s3:::askproai-prod-logs-123456789012"
OBJECTS = f"{BUCKET}/log-groups/*"


@pytest.fixture
def cloud() -> Cloud[RegionOutputs]:
    return region("prod")


def key_of_logs(cloud: Cloud[RegionOutputs]) -> Any:
    return cloud.value(cloud.built.key_arns["logs"])


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_every_log_group_but_the_archives_own_is_archived(stack: str) -> None:
    groups = {group.inputs["name"] for group in region(stack).of(GROUP) if group.name != ERRORS}
    subscribed = [made.inputs for made in region(stack).of(SUBSCRIPTION)]
    assert sorted(each["logGroup"] for each in subscribed) == sorted(groups)
    assert {each["filterPattern"] for each in subscribed} == {""}


def test_files_are_as_large_as_the_settings_say_and_encrypted_on_the_way_and_where_they_stay(
    cloud: Cloud[RegionOutputs],
) -> None:
    made, settings = cloud.one(STREAM).inputs, settings_of("prod").logs.archive
    assert settings
    to = made["extendedS3Configuration"]
    assert (to["bufferingSize"], to["bufferingInterval"]) == (settings.buffer_mib, settings.buffer_seconds)
    assert (to["bucketArn"], to["prefix"], to["fileExtension"]) == (BUCKET, "log-groups/", ".gz")
    assert to["kmsKeyArn"] == made["serverSideEncryption"]["keyArn"] == key_of_logs(cloud)
    # CloudWatch Logs sends compressed data, which must not be compressed again.
    assert to["compressionFormat"] == "UNCOMPRESSED"
    assert to["cloudwatchLoggingOptions"]["logGroupName"] == cloud.one(GROUP, ERRORS).inputs["name"]


def test_firehose_writes_the_archive_and_nothing_else(cloud: Cloud[RegionOutputs]) -> None:
    statements = {each["Sid"]: each for each in cloud.one(RIGHTS, "log-archive-writer-rights").document()["Statement"]}
    assert statements["Archive"]["Resource"] == OBJECTS
    assert statements["Bucket"]["Resource"] == BUCKET
    assert statements["Key"]["Resource"] == key_of_logs(cloud)
    assert statements["Key"]["Condition"]["StringLike"] == {"kms:EncryptionContext:aws:s3:arn": OBJECTS}
    actions = {action for each in statements.values() for action in [each["Action"]] if isinstance(action, str)}
    actions |= {action for each in statements.values() if isinstance(each["Action"], list) for action in each["Action"]}
    assert not [action for action in actions if "Delete" in action or "*" in action]


@pytest.mark.parametrize(
    ("role", "service", "condition"),
    [
        ("writer", "firehose.amazonaws.com", {"StringEquals": {"sts:ExternalId": "123456789012"}}),
        (
            "sender",
            "logs.amazonaws.com",
            {"StringLike": {"aws:SourceArn": "arn:aws:logs:eu-central-1:123456789012:*"}},
        ),
    ],
)
def test_each_role_is_for_one_service_on_behalf_of_this_account(
    cloud: Cloud[RegionOutputs], role: str, service: str, condition: dict[str, Any]
) -> None:
    (trusted,) = cloud.one(ROLE, f"log-archive-{role}").document("assumeRolePolicy")["Statement"]
    assert trusted["Principal"] == {"Service": service}
    assert trusted["Condition"] == condition


def test_cloudwatch_logs_may_send_to_this_stream_alone(cloud: Cloud[RegionOutputs]) -> None:
    (may,) = cloud.one(RIGHTS, "log-archive-sender-rights").document()["Statement"]
    (made,) = cloud.of(SUBSCRIPTION)[:1]
    assert may["Resource"] == made.inputs["destinationArn"]
    assert set(may["Action"]) == {"firehose:PutRecord", "firehose:PutRecordBatch"}
