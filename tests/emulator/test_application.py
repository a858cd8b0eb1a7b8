"""moto as one application."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sts.responses import TokenResponse

from tests.emulator.emulated import ACCOUNT, Clients, Control, calls, until


def test_every_key_belongs_to_the_account_that_was_chosen(aws: Clients) -> None:
    assert aws("sts").get_caller_identity()["Account"] == ACCOUNT


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "missing"),
    [
        ("accessanalyzer", "list_analyzers", {}, "the whole service"),
        ("ec2", "describe_client_vpn_endpoints", {}, "describe_client_vpn_endpoints"),
        ("elasticache", "describe_events", {}, "describe_events"),
        ("cloudwatch", "put_composite_alarm", {"AlarmName": "both", "AlarmRule": "TRUE"}, "put_composite_alarm"),
        ("ssm", "describe_sessions", {"State": "Active"}, "describe_sessions"),
    ],
)
def test_what_moto_lacks_is_named_and_not_tried_again(
    aws: Clients, service: str, operation: str, arguments: dict[str, str], missing: str
) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(aws(service), operation)(**arguments)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert missing in raised.value.response["Error"]["Message"]


def test_a_failure_of_moto_is_told_and_leaves_the_connection_open(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: TokenResponse) -> None:
        raise KeyError("no such thing")

    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"))
    connection.connect()
    connection.auto_open = 0
    with monkeypatch.context() as broken:
        broken.setattr(TokenResponse, "get_caller_identity", fail)
        status, told = _caller_identity(connection)
    assert (status, "KeyError: 'no such thing'" in told) == (500, True)
    assert _caller_identity(connection)[0] == 200


def _caller_identity(connection: http.client.HTTPConnection) -> tuple[int, str]:
    """The status and the text of an answer that comes over a connection and no other."""
    scope = "20260101/eu-central-1/sts/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-www-form-urlencoded",
        "Host": "sts.eu-central-1.amazonaws.com",
    }
    connection.request("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_who_waits_for_a_message_keeps_nobody_else_waiting(aws: Clients, control: Control, name: str) -> None:
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    control("DELETE", "calls")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        until(lambda: calls(control, "sqs") == 1)
        sqs.send_message(QueueUrl=queue, MessageBody="the one")
        assert waiting.result()["Messages"][0]["Body"] == "the one"


def test_a_call_sent_again_is_answered_as_the_first_time(aws: Clients) -> None:
    ec2 = aws("ec2")
    made = [_vpc_of_invocation(ec2, invocation) for invocation in ("lost", "lost", "another")]
    assert made[0] == made[1] != made[2]


def _vpc_of_invocation(ec2: Any, invocation: str) -> str:
    def name(request: Any, **_: Any) -> None:
        request.headers["amz-sdk-invocation-id"] = invocation

    ec2.meta.events.register("before-send.ec2.CreateVpc", name, unique_id="invocation")
    try:
        return ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    finally:
        ec2.meta.events.unregister("before-send.ec2.CreateVpc", unique_id="invocation")
