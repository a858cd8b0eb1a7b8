"""Operators' credentials expire during a command: it reports that immediately, and never as a region's state."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ops.core import aws as operators
from ops.core import facts, gates, hosts, region_table
from ops.errors import OpsError
from tests.emulator.emulated import ACCOUNT, PATIENCE_SECONDS, REGION, Clients, Control
from tests.emulator.operators import forget, operating
from tests.emulator.test_rds import create

STACK: Any = SimpleNamespace(stack="prod", region=REGION)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/operators"
AGAIN = "log in again, then run the same command"


@pytest.fixture
def log_in(aws: Clients, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Assumes a role, without earlier clients, as in a new process."""

    def log_in() -> None:
        given = aws("sts").assume_role(RoleArn=ROLE, RoleSessionName="night")["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", given["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", given["SessionToken"])
        forget()

    with operating(endpoint, monkeypatch):
        yield log_in


def test_a_wait_ends_at_once_and_goes_on_with_new_credentials(
    log_in: Callable[[], None], aws: Clients, control: Control, name: str
) -> None:
    create(aws("rds"), name)

    def wait() -> Any:
        return facts.wait("a writer", lambda: facts.database(STACK, name), bool, seconds=600)

    log_in()
    assert wait().takes_writes
    control("PUT", "credentials/expire")
    started = time.monotonic()
    with pytest.raises(OpsError, match=r"ExpiredToken.*log in, or set AWS_PROFILE.*then run the same command"):
        wait()
    assert time.monotonic() - started < PATIENCE_SECONDS
    with pytest.raises(OpsError, match=r"cannot call AWS: .*ExpiredToken.*log in"):
        operators.reachable(REGION)
    log_in()
    assert wait().takes_writes
    assert operators.reachable(REGION)


def test_no_gate_is_closed_by_credentials_that_have_ended(log_in: Callable[[], None], control: Control) -> None:
    def ask() -> tuple[bool, str]:
        return True, str(len(hosts.healthy_targets(STACK, "arn:aws:elasticloadbalancing:none")))

    log_in()
    assert not gates._gate("capacity", ask).passed
    control("PUT", "credentials/expire")
    with pytest.raises(OpsError, match=AGAIN):
        gates._gate("capacity", ask)


@pytest.mark.parametrize("service", ["ec2", "sqs", "s3"])
def test_nothing_is_unknown_for_credentials_that_have_ended(
    log_in: Callable[[], None], control: Control, service: str
) -> None:
    asked = {"ec2": "describe_vpcs", "sqs": "list_queues", "s3": "list_buckets"}

    def ask() -> str:
        getattr(operators.client(service, REGION), asked[service])()
        return "told"

    log_in()
    assert region_table.or_else(ask, "unknown") == "told"
    control("PUT", "credentials/expire")
    with pytest.raises(OpsError, match=AGAIN):
        region_table.or_else(ask, "unknown")
