"""Credentials of an assumed role that expire while they are used."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.emulator.emulated import ACCOUNT, REGION, Clients, Control
from tests.emulator.test_gate import CALLS

CODES = {"ec2": "RequestExpired", **dict.fromkeys(("backup", "cloudwatch", "sqs"), "ExpiredTokenException")}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/operators"


def assumed(aws: Clients, endpoint: str) -> Clients:
    """Clients with new credentials of a role."""
    given = aws("sts").assume_role(RoleArn=ROLE, RoleSessionName="night")["Credentials"]
    connect: Callable[..., Any] = boto3.client

    def client(service: str, region: str = REGION) -> Any:
        return connect(
            service, region_name=region, endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}),
            aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )  # fmt: skip

    return client


@pytest.mark.parametrize(("service", "call"), CALLS.items())
def test_calls_with_expired_credentials_fail_in_the_protocol_of_the_service(
    aws: Clients, endpoint: str, control: Control, service: str, call: str
) -> None:
    old = assumed(aws, endpoint)
    getattr(old(service), call)()
    assert control("PUT", "credentials/expire")["expired"] >= 1
    with pytest.raises(ClientError) as raised:
        getattr(old(service), call)()
    assert raised.value.response["Error"]["Code"] == CODES.get(service, "ExpiredToken")
    assert "expired" in raised.value.response["Error"]["Message"]
    getattr(assumed(aws, endpoint)(service), call)()
    getattr(aws(service), call)()


def test_an_upload_with_ended_credentials_leaves_nothing(
    aws: Clients, endpoint: str, control: Control, name: str
) -> None:
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    old = assumed(aws, endpoint)("s3")
    control("PUT", "credentials/expire")
    with pytest.raises(ClientError, match="ExpiredToken"):
        old.put_object(Bucket=name, Key="key", Body=b"1")
    assert "Contents" not in aws("s3").list_objects_v2(Bucket=name)
