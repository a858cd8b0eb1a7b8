"""Calls that AWS did not answer, and calls that never left this machine, which never count as the state of a region."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)
from fake_regions import refusal

from ops.core import aws, facts
from ops.errors import OpsError

REMOTE = [
    EndpointConnectionError(endpoint_url="https://sts"),
    ConnectTimeoutError(endpoint_url="https://sts"),
    ReadTimeoutError(endpoint_url="https://sts"),
    refusal("ServiceUnavailable", 503),
]
OURS = [
    NoCredentialsError(),
    ProfileNotFound(profile="pord"),
    UnauthorizedSSOTokenError(),
    ProxyConnectionError(proxy_url="http://proxy"),
    refusal("ExpiredToken", 403),
    refusal("InvalidClientTokenId", 403),
]


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets every client fail."""

    class Fails:
        def __init__(self, error: Exception) -> None:
            self._error = error

        def get_caller_identity(self) -> None:
            raise self._error

    def install(error: Exception) -> None:
        def client(*_: object) -> Fails:
            return Fails(error)

        monkeypatch.setattr(aws, "_client", client)

    return install


@pytest.mark.parametrize("error", REMOTE, ids=str)
def test_a_region_that_does_not_answer_is_not_reachable(raising: Any, error: Exception) -> None:
    raising(error)
    assert not aws.reachable("eu-central-1")


@pytest.mark.parametrize("error", OURS, ids=str)
def test_what_fails_on_this_machine_is_said_and_is_no_region_lost(raising: Any, error: Exception) -> None:
    raising(error)
    with pytest.raises(OpsError, match=r"cannot call AWS: .*: log in, or"):
        aws.reachable("eu-central-1")


def test_a_refusal_is_an_answer(raising: Any) -> None:
    raising(refusal("Throttling", 400))
    assert aws.reachable("eu-central-1")


def test_without_any_credentials_the_sdk_itself_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real SDK, with nothing to sign with: the call is never sent."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    any_session: Any = boto3.session.Session()

    def client(*_: object) -> Any:
        return any_session.client("sts", region_name="eu-central-1")

    monkeypatch.setattr(aws, "_client", client)
    with pytest.raises(OpsError, match="Unable to locate credentials"):
        aws.reachable("eu-central-1")


@pytest.mark.parametrize("error", [*OURS, refusal("AccessDenied", 403)], ids=str)
def test_nobody_waits_for_credentials_to_work(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def waits(_: float) -> None:
        pytest.fail("it waited")

    monkeypatch.setattr(facts.time, "sleep", waits)

    def ask() -> None:
        raise error

    with pytest.raises(OpsError, match="then run the same command"):
        facts.wait("the database", ask, bool, seconds=3600.0)


def test_what_aws_has_not_yet_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(_: float) -> None:
        """Wait for nothing."""

    monkeypatch.setattr(facts.time, "sleep", at_once)
    answers: list[ClientError | str] = [refusal("InvocationDoesNotExist"), refusal("Throttling"), "done"]

    def ask() -> str:
        answer = answers.pop(0)
        if isinstance(answer, ClientError):
            raise answer
        return answer

    assert facts.wait("it", ask, lambda answer: answer == "done", seconds=60.0) == "done"


def test_credentials_are_found_once_for_all_clients_and_in_the_region_of_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str | None] = []

    class Session:
        def __init__(self, region_name: str | None = None) -> None:
            made.append(region_name)

        def client(self, service: str, **_: object) -> str:
            return service

    monkeypatch.setattr(boto3.session, "Session", Session)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://state?region=eu-west-1&awssdk=v2")
    aws._client.cache_clear()
    aws._session.cache_clear()
    try:
        with ThreadPoolExecutor() as pool:
            asked = [pool.submit(aws.client, service, "eu-central-1") for service in ("rds", "sts", "acm", "ec2")]
        assert [client.result() for client in asked] == ["rds", "sts", "acm", "ec2"]
    finally:
        aws._client.cache_clear()
        aws._session.cache_clear()
    assert made == ["eu-west-1"]
