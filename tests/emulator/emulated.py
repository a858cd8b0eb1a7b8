"""Constants and helpers of the tests of the emulated AWS."""

import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

# Not the account that moto assumes.
ACCOUNT = "210987654321"
REGION = "eu-central-1"
OTHER_REGION = "eu-west-1"
PATIENCE_SECONDS = 120.0
"""How long a test waits for what takes a moment: on a machine that brings up six platforms at the same time."""
Clients = Callable[..., Any]
Control = Callable[..., Any]


def connected(endpoint: str, service: str, region: str, **options: Any) -> Any:
    """A boto3 client of the emulated AWS that asks once; `options` are those of botocore's Config."""
    connect: Callable[..., Any] = boto3.client
    return connect(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, **options),
    )


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that comes about in another thread or process."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def calls(control: Control, service: str) -> int:
    """How many calls of a service have arrived in the region, whether they were answered or not."""
    counted: int = control("GET", "calls").get(REGION, {}).get(service, {}).get("all", 0)
    return counted
