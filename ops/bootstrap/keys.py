"""The key of the state and of all stacks' secrets: multi-region, so that a copy of it outlives either region."""

import json
import time
from collections.abc import Iterator
from typing import Any

from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.aws import client, living_keys

READY_SECONDS = 120
POLL_SECONDS = 2


def prerequisites(backend: StateBackend) -> Iterator[Prerequisite]:
    """The key where the state is, its replica where the copy is, and their alias."""
    yield Prerequisite(
        name="multi-region key",
        where=backend.region,
        why="encrypts the state and the stacks' secrets",
        exists=lambda: bool(key_id(backend, backend.region)),
        make=lambda: _make_key(backend),
    )
    yield Prerequisite(
        name=backend.alias,
        where=backend.region,
        why="the stack files name the key by it",
        exists=lambda: _aliased(backend, backend.region),
        make=lambda: _make_alias(backend, backend.region),
    )
    yield Prerequisite(
        name="the key's replica",
        where=backend.copy_region,
        why=f"secrets can be read while {backend.region} is lost",
        exists=lambda: bool(key_id(backend, backend.copy_region)),
        make=lambda: _make_replica(backend),
    )
    yield Prerequisite(
        name=backend.alias,
        where=backend.copy_region,
        why="the same name, in the other region",
        exists=lambda: _aliased(backend, backend.copy_region),
        make=lambda: _make_alias(backend, backend.copy_region),
    )


def key_id(backend: StateBackend, region: str) -> str:
    """The key in a region by its tag, for an alias comes after it; empty where there is none."""
    return next(iter(living_keys(client("kms", region), backend.key_name)), "")


def key_arn(backend: StateBackend, region: str) -> str:
    """The key's ARN in one of the two regions."""
    return str(client("kms", region).describe_key(KeyId=key_id(backend, region))["KeyMetadata"]["Arn"])


def _tags(backend: StateBackend) -> list[dict[str, str]]:
    tags = {**backend.tags(), "Name": backend.key_name}
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def _policy(backend: StateBackend) -> str:
    """The account's IAM policies decide, without which a key can become unreachable for good."""
    account = {"AWS": f"arn:aws:iam::{backend.account_id}:root"}
    statement = {"Sid": "AccountDecides", "Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _make_key(backend: StateBackend) -> None:
    kms = client("kms", backend.region)
    made = kms.create_key(
        MultiRegion=True,
        Description="State and secrets of the platform's stacks.",
        Policy=_policy(backend),
        Tags=_tags(backend),
    )
    kms.enable_key_rotation(KeyId=made["KeyMetadata"]["KeyId"])


def _make_replica(backend: StateBackend) -> None:
    primary = key_id(backend, backend.region)
    kms = client("kms", backend.region)
    kms.replicate_key(KeyId=primary, ReplicaRegion=backend.copy_region, Policy=_policy(backend), Tags=_tags(backend))
    _until_enabled(client("kms", backend.copy_region), primary)


def _until_enabled(kms: Any, identifier: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while kms.describe_key(KeyId=identifier)["KeyMetadata"]["KeyState"] == "Creating":
        if time.monotonic() > deadline:
            raise TimeoutError(f"key {identifier} is still being made after {READY_SECONDS} s")
        time.sleep(POLL_SECONDS)


def _aliased(backend: StateBackend, region: str) -> bool:
    pages = client("kms", region).get_paginator("list_aliases").paginate()
    return any(row["AliasName"] == backend.alias for page in pages for row in page["Aliases"])


def _make_alias(backend: StateBackend, region: str) -> None:
    client("kms", region).create_alias(AliasName=backend.alias, TargetKeyId=key_id(backend, region))
