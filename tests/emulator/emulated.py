"""Constants and helpers of the tests of the emulated AWS."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

# Not the account that moto assumes.
ACCOUNT = "210987654321"
REGION = "eu-central-1"
OTHER_REGION = "eu-west-1"
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
