"""Calls that fail before or after AWS has executed them."""

import json
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.aws import operations
from tests.emulator.emulated import OTHER_REGION, REGION, Clients, Control
from tests.emulator.test_gate import CALLS
from tests.emulator.test_rds import create, described
from tests.emulator.test_rds_replicas import replicate

METRICS = "/service/GraniteServiceVersion20100801/operation"
PROMOTE = f"{OTHER_REGION}/rds/PromoteReadReplica"


def pascal(call: str) -> str:
    return "".join(word.capitalize() for word in call.split("_")).replace("Db", "DB")


def failed(call: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call()
    return {"status": raised.value.response["ResponseMetadata"]["HTTPStatusCode"], **raised.value.response["Error"]}


@pytest.mark.parametrize(("service", "call"), CALLS.items())
def test_a_call_fails_in_the_protocol_of_its_service(aws: Clients, control: Control, service: str, call: str) -> None:
    control("PUT", f"fault/{REGION}/{service}/{pascal(call)}?when=before&code=InternalFailure&times=1")
    found = failed(getattr(aws(service), call))
    assert (found["status"], found["Code"]) == (500, "InternalFailure")
    getattr(aws(service), call)()
    assert [fault["met"] for fault in control("GET", "fault").values()] == [1]


def test_a_call_that_fails_before_did_nothing_and_one_that_fails_after_did_all(
    aws: Clients, control: Control, name: str
) -> None:
    place = f"fault/{REGION}/s3/PutObject"
    s3 = aws("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    control("PUT", f"{place}?when=before&code=SlowDown")
    assert failed(lambda: s3.put_object(Bucket=name, Key="a/b", Body=b"1"))["status"] == 503
    assert "Contents" not in s3.list_objects_v2(Bucket=name)
    control("PUT", f"{place}?when=after&code=cut")
    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket=name, Key="a/b", Body=b"1")
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=name)["Contents"]] == ["a/b"]


def test_a_promotion_that_fails_before_leaves_a_replica(aws: Clients, control: Control, name: str) -> None:
    create(aws("rds"), name)
    replica, there = replicate(aws, name)["DBInstanceIdentifier"], aws("rds", OTHER_REGION)
    control("PUT", f"fault/{PROMOTE}?when=before&code=InternalFailure&times=1")
    failed(lambda: there.promote_read_replica(DBInstanceIdentifier=replica))
    assert described(there, replica)["ReadReplicaSourceDBInstanceIdentifier"]
    there.promote_read_replica(DBInstanceIdentifier=replica)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in described(there, replica)


def test_an_sdk_that_tries_again_meets_what_was_done_the_first_time(
    endpoint: str, aws: Clients, control: Control, name: str
) -> None:
    """RDS promotes no instance twice, and the second call of an SDK carries the first one's invocation id."""
    create(aws("rds"), name)
    replica = replicate(aws, name)["DBInstanceIdentifier"]
    connect: Callable[..., Any] = boto3.client
    patient = connect(
        "rds", region_name=OTHER_REGION, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 2, "mode": "standard"}),
    )  # fmt: skip
    control("PUT", f"fault/{PROMOTE}?when=after&code=ServiceUnavailable&times=1")
    found = failed(lambda: patient.promote_read_replica(DBInstanceIdentifier=replica))
    assert found["Code"] == "InvalidDBInstanceState"
    assert "ReadReplicaSourceDBInstanceIdentifier" not in described(patient, replica)


def test_other_operations_services_and_regions_do_not_notice(aws: Clients, control: Control) -> None:
    control("PUT", f"fault/{REGION}/elbv2/DescribeLoadBalancers?when=before&code=InternalFailure")
    aws("elb").describe_load_balancers()
    aws("elbv2").describe_target_groups()
    aws("elbv2", OTHER_REGION).describe_load_balancers()
    failed(aws("elbv2").describe_load_balancers)


def test_faults_are_listed_until_they_are_cleared(aws: Clients, control: Control) -> None:
    one, other = f"{REGION}/sqs/ListQueues", f"{REGION}/sts/GetCallerIdentity"
    fault = {"when": "after", "code": "cut", "times": 2, "met": 0}
    assert control("PUT", f"fault/{one}?when=after&code=cut&times=2") == {one: fault}
    control("PUT", f"fault/{other}?when=before&code=ThrottlingException")
    assert control("DELETE", f"fault/{other}") == {one: fault}
    assert control("DELETE", "fault") == {}
    aws("sqs").list_queues()


@pytest.mark.parametrize(
    ("service", "operation", "method", "path", "query", "headers"),
    [
        ("s3", "ListBuckets", "GET", "/", "", ""),
        ("s3", "ListObjectsV2", "GET", "/bucket", "list-type=2&prefix=a", ""),
        ("s3", "GetBucketPolicy", "GET", "/bucket", "policy", ""),
        ("s3", "PutObject", "PUT", "/bucket/a/b%20c", "", ""),
        ("s3", "CopyObject", "PUT", "/bucket/key", "", "HTTP_X_AMZ_COPY_SOURCE"),
        ("s3", "UploadPart", "PUT", "/bucket/key", "partNumber=1&uploadId=2", ""),
        ("backup", "DescribeBackupVault", "GET", "/backup-vaults/main", "", ""),
        ("route53", "ChangeResourceRecordSets", "POST", "/2013-04-01/hostedzone/Z1/rrset/", "", ""),
        ("cloudwatch", "PutMetricData", "POST", f"{METRICS}/PutMetricData", "", "HTTP_SMITHY_PROTOCOL"),
    ],
)  # fmt: skip
def test_the_operation_of_a_request_is_known(
    service: str, operation: str, method: str, path: str, query: str, headers: str
) -> None:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    assert operations.service(service).asked({**environ, **dict.fromkeys(headers.split(), "1")}) == operation


@pytest.mark.parametrize(
    ("place", "query", "problem"),
    [
        ("eu-west-9/rds/PromoteReadReplica", "", "region 'eu-west-9' is not an AWS region; did you mean"),
        ("eu-west-1/rdz/PromoteReadReplica", "", "service 'rdz': boto3 has none of that name; did you mean"),
        ("eu-west-1/iam/ListRoles", "", "region 'eu-west-1': iam is served in us-east-1"),
        ("eu-west-1/rds/PromoteReplica", "", "operation 'PromoteReplica': rds has none of that name; did you mean Pro"),
        (PROMOTE, "when=between&code=cut", "when 'between': want one of before, after"),
        (PROMOTE, "when=before&code=Oops", "code 'Oops': want one of AccessDeniedException, DBInstanceNotFound, "),
        (PROMOTE, "when=before&code=cut&times=few", "times 'few': want a whole number of calls"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(control: Control, place: str, query: str, problem: str) -> None:
    with pytest.raises(HTTPError) as raised:
        control("PUT", f"fault/{place}?{query}")
    assert raised.value.code == 400
    assert json.load(raised.value)["error"].startswith(problem)
    assert control("GET", "fault") == {}
