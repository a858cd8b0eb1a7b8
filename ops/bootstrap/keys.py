"""The key of the state and of all stacks' secrets: multi-region, so that a copy of it outlives either region."""

import json
from collections.abc import Iterator
from functools import partial

from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.aws import client, living_keys
from ops.core.facts import wait

READY_SECONDS = 120


def prerequisites(backend: StateBackend) -> Iterator[Prerequisite]:
    """The key where the state is, its replica where the copy is, and their alias."""
    here, there = backend.region, backend.copy_region
    for name, region, make, why, alias in (
        (
            "multi-region key",
            here,
            _make_key,
            "encrypts the state and the stacks' secrets",
            "the stack files name it so",
        ),
        ("the key's replica", there, _make_replica, f"secrets can be read while {here} is lost", "the same name there"),
    ):
        yield Prerequisite(
            name=name,
            where=region,
            why=why,
            exists=lambda region=region: bool(key_id(backend, region)),
            make=partial(make, backend),
        )
        yield Prerequisite(
            name=backend.alias,
            where=region,
            why=alias,
            exists=partial(_aliased, backend, region),
            make=partial(_make_alias, backend, region),
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
    copies = client("kms", backend.copy_region)
    wait(
        f"the replica of key {primary}",
        lambda: str(copies.describe_key(KeyId=primary)["KeyMetadata"]["KeyState"]),
        lambda state: state != "Creating",
        seconds=READY_SECONDS,
    )


def _aliased(backend: StateBackend, region: str) -> bool:
    pages = client("kms", region).get_paginator("list_aliases").paginate()
    return any(row["AliasName"] == backend.alias for page in pages for row in page["Aliases"])


def _make_alias(backend: StateBackend, region: str) -> None:
    client("kms", region).create_alias(AliasName=backend.alias, TargetKeyId=key_id(backend, region))
