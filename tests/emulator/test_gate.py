"""The gate: a region that is taken away, in each of the ways a region can be lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from sandbox.application.observer import Observer
from sandbox.aws.server import THREADS
from tests.emulator.emulated import OTHER_REGION, PATIENCE_SECONDS, REGION, Clients, Control, calls, connected, until

# A call of each protocol that the platform's services speak.
CALLS = {
    "ec2": "describe_vpcs",
    "s3": "list_buckets",
    "rds": "describe_db_instances",
    "cloudwatch": "describe_alarms",
    "sqs": "list_queues",
    "backup": "list_backup_plans",
    "sts": "get_caller_identity",
}
HANGING = THREADS + 16


@pytest.fixture
def impatient(endpoint: str) -> Clients:
    def client(service: str, region: str = REGION) -> Any:
        return connected(endpoint, service, region, read_timeout=0.3, max_pool_connections=HANGING)

    return client


@pytest.mark.parametrize(("service", "call"), CALLS.items())
def test_a_refused_call_finds_its_connection_dropped(aws: Clients, control: Control, service: str, call: str) -> None:
    control("PUT", f"blackout/{REGION}?mode=refuse")
    with pytest.raises(ConnectionClosedError):
        getattr(aws(service), call)()


@pytest.mark.parametrize(("service", "call"), CALLS.items())
def test_a_failed_call_is_answered_in_the_protocol_of_its_service(
    aws: Clients, control: Control, service: str, call: str
) -> None:
    control("PUT", f"blackout/{REGION}?mode=error")
    with pytest.raises(ClientError) as raised:
        getattr(aws(service), call)()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert raised.value.response["Error"]["Code"] == "ServiceUnavailable"
    assert f"in {REGION} is blacked out" in raised.value.response["Error"]["Message"]


def test_a_hanging_call_is_not_answered(impatient: Clients, control: Control) -> None:
    control("PUT", f"blackout/{REGION}?mode=hang")
    with pytest.raises(ReadTimeoutError):
        impatient("sqs").list_queues()
    until(lambda: calls(control, "sqs") == 1)


def test_more_hanging_calls_than_threads_leave_the_server_answering(
    aws: Clients, impatient: Clients, control: Control
) -> None:
    control("PUT", f"blackout/{REGION}?mode=hang")
    sqs = impatient("sqs")

    def hang(_: int) -> None:
        with pytest.raises(ReadTimeoutError):
            sqs.list_queues()

    with ThreadPoolExecutor(HANGING) as callers:
        hanging = callers.map(hang, range(HANGING))
        assert aws("sqs", OTHER_REGION).list_queues()
        assert len(list(hanging)) == HANGING
    # Who gives up may do so before its call has arrived.
    until(lambda: calls(control, "sqs") == HANGING)
    assert control("GET", "calls")[REGION]["sqs"] == {"all": HANGING, "blocked": HANGING}


def test_a_hanging_call_is_let_go_when_the_region_comes_back(aws: Clients, control: Control) -> None:
    control("PUT", f"blackout/{REGION}?mode=hang")
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(aws("sqs").list_queues)
        until(lambda: calls(control, "sqs") == 1)
        assert not hanging.done()
        control("DELETE", f"blackout/{REGION}")
        with pytest.raises(ConnectionClosedError):
            hanging.result()


def test_a_region_that_comes_back_has_all_it_had(aws: Clients, control: Control, name: str) -> None:
    aws("sqs").create_queue(QueueName=name)
    control("PUT", f"blackout/{REGION}?mode=error")
    control("DELETE", f"blackout/{REGION}")
    assert aws("sqs").get_queue_url(QueueName=name)


def test_the_other_region_does_not_notice(aws: Clients, control: Control) -> None:
    control("PUT", f"blackout/{REGION}?mode=refuse")
    assert aws("sqs", OTHER_REGION).list_queues()


def test_services_of_the_whole_partition_go_with_their_own_region_alone(aws: Clients, control: Control) -> None:
    control("PUT", f"blackout/{REGION}?mode=refuse")
    assert aws("iam").list_roles()
    assert aws("route53").list_hosted_zones()
    control("PUT", "blackout/us-east-1?mode=refuse")
    with pytest.raises(ConnectionClosedError):
        aws("iam").list_roles()


def test_a_bucket_is_lost_with_the_region_that_holds_it(aws: Clients, control: Control, name: str) -> None:
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    control("PUT", f"blackout/{REGION}?mode=error")
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        aws("s3", OTHER_REGION).list_objects_v2(Bucket=name)


def test_a_presigned_address_belongs_to_the_region_it_is_signed_for(aws: Clients, control: Control) -> None:
    control("PUT", f"blackout/{REGION}?mode=error")
    address = aws("s3").generate_presigned_url("get_object", Params={"Bucket": "nowhere", "Key": "file"})
    with pytest.raises(HTTPError, match="503"):
        urlopen(address, timeout=PATIENCE_SECONDS)


def test_calls_are_counted_by_region_and_service(aws: Clients, control: Control) -> None:
    aws("sqs").list_queues()
    control("PUT", f"blackout/{REGION}?mode=error")
    with pytest.raises(ClientError):
        aws("sqs").list_queues()
    aws("rds", OTHER_REGION).describe_db_instances()
    counted = {REGION: {"sqs": {"all": 2, "blocked": 1}}, OTHER_REGION: {"rds": {"all": 1, "blocked": 0}}}
    assert control("GET", "calls") == counted
    assert control("DELETE", "calls") == counted
    assert control("GET", "calls") == {}


def test_one_service_of_a_region_is_lost_while_the_others_answer(aws: Clients, control: Control) -> None:
    assert control("PUT", f"blackout/{REGION}/autoscaling?mode=error") == {f"{REGION}/autoscaling": "error"}
    with pytest.raises(ClientError):
        aws("autoscaling").describe_auto_scaling_groups()
    aws("sqs").list_queues()
    aws("autoscaling", OTHER_REGION).describe_auto_scaling_groups()
    assert control("DELETE", f"blackout/{REGION}/autoscaling") == {}
    aws("autoscaling").describe_auto_scaling_groups()


def test_the_clock_of_the_answers_can_be_ahead(aws: Clients, control: Control) -> None:
    def ahead() -> float:
        told = aws("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]["date"]
        return (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()

    control("PUT", "clock/1200")
    assert 1200 - PATIENCE_SECONDS < ahead() <= 1200
    control("PUT", "clock/0")
    assert -PATIENCE_SECONDS < ahead() <= 0


def test_what_is_blacked_out_can_be_asked(control: Control) -> None:
    assert control("PUT", f"blackout/{REGION}?mode=hang") == {REGION: "hang"}
    assert control("PUT", f"blackout/{OTHER_REGION}?mode=error") == {REGION: "hang", OTHER_REGION: "error"}
    assert control("DELETE", f"blackout/{REGION}") == {OTHER_REGION: "error"}
    assert control("GET", "blackout") == {OTHER_REGION: "error"}


@pytest.mark.parametrize(
    ("method", "path", "status", "problem"),
    [
        ("PUT", "blackout/eu-centrl-1?mode=hang", 400, "region 'eu-centrl-1' is not an AWS region; did you mean"),
        ("PUT", "blackout/?mode=hang", 400, "region '' is not an AWS region"),
        ("PUT", f"blackout/{REGION}?mode=explode", 400, "mode 'explode': want one of refuse, hang, error"),
        ("PUT", f"blackout/{REGION}", 400, "mode '': want one of refuse, hang, error"),
        (
            "PUT",
            "database/eu-west-1/none?status=modifying&seconds=1",
            400,
            "database 'none': eu-west-1 has none of that",
        ),
        ("PUT", "database/eu-west-1/none?status=tired&seconds=1", 400, "want status=available|"),
        ("PUT", "clock/soon", 400, "clock 'soon': want a whole number of seconds"),
        ("PUT", f"capacity/{REGION}/few", 400, "capacity 'few': want a whole number of instances"),
        ("PUT", "capacity/mars/1", 400, "region 'mars' is not an AWS region"),
        ("PUT", "credentials/renew", 400, "credentials 'renew': want one of expire"),
        ("PUT", "ending/-1", 400, "ending '-1': want a whole number of seconds"),
        ("DELETE", "blackout/mars", 400, "region 'mars' is not an AWS region"),
        ("POST", "blackout/eu-west-1", 404, "POST /_sandbox/blackout/eu-west-1: want one of GET health"),
        ("GET", "helth", 404, "GET /_sandbox/helth: want one of GET health"),
    ],
)
def test_a_mistake_is_answered_in_one_clear_line(
    control: Control, method: str, path: str, status: int, problem: str
) -> None:
    with pytest.raises(HTTPError) as raised:
        control(method, path)
    text = raised.value.read().decode()
    assert raised.value.code == status
    assert text.count("\n") == 1
    assert json.loads(text)["error"].startswith(problem)
    assert control("GET", "blackout") == {}


def test_while_nobody_calls_nothing_is_asked_again(endpoint: str, aws: Clients, name: str) -> None:
    observer = Observer(endpoint, [REGION])

    def seen() -> dict[str, Any]:
        observer.lost()
        return observer.ask(REGION, "sqs", "list_queues", fresh=0, QueueNamePrefix=name)

    first = seen()
    assert seen() is first
    queue = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    assert seen()["QueueUrls"] == [queue]


def test_health_names_this_run_of_the_server(control: Control) -> None:
    health = control("GET", "health")
    assert health["status"] == "ok"
    assert health == control("GET", "health")
    assert len(health["instance"]) == 16


def test_the_sandboxs_own_look_at_a_region_is_neither_counted_nor_blocked(
    endpoint: str, control: Control, name: str, aws: Clients
) -> None:
    queue = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    control("DELETE", "calls")
    control("PUT", f"blackout/{REGION}?mode=refuse")
    assert Observer(endpoint, [REGION]).tell(REGION, "sqs", "list_queues", QueueNamePrefix=name)["QueueUrls"] == [queue]
    assert control("GET", "calls") == {}
