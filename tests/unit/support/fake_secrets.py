"""A platform whose accounts on the database are secrets in an AWS of moto: versions and labels are as AWS has them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from fake_platform import Platform, platform_in
from fake_regions import FakeClient
from moto import mock_aws

from ops.core import aws

ACCOUNTS = ("application", "migrations")


@cache
def manager(region: str) -> Any:
    """Secrets Manager of a region, asked from outside."""
    return boto3.client("secretsmanager", region_name=region)


@contextmanager
def with_accounts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """Both regions have secrets without a value, those of prod with replicas; the rest is the world."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    found = platform_in(folder, monkeypatch)

    def client(service: str, region: str, *_: object) -> Any:
        answers = region not in found.world.lost
        return manager(region) if service == "secretsmanager" and answers else FakeClient(found.world, service, region)

    monkeypatch.setattr(aws, "_client", client)
    with mock_aws():
        for stack in ("prod", "dr"):
            region = found.region(stack)
            more: Any = {"AddReplicaRegions": [{"Region": found.region("dr")}]} if stack == "prod" else {}
            made = {
                name: manager(region).create_secret(Name=f"{stack}-{name}", **more)["ARN"]
                for name in ("database", *(f"database-{each}" for each in ACCOUNTS))
            }
            manager(region).put_secret_value(SecretId=made["database"], SecretString='{"username": "admin"}')
            found.engine.secrets[stack] = made
            found.engine.restore(stack, {**found.engine.made(stack), "secret_arns": made})
        yield found


def account(platform: Platform, stack: str, name: str = "application") -> dict[str, str]:
    """An account as a host of the stack gets it."""
    answer = manager(platform.region(stack)).get_secret_value(
        SecretId=f"{stack}-database-{name}", VersionStage="AWSCURRENT"
    )
    return dict(json.loads(answer["SecretString"]))
