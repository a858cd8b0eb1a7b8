"""The key of the state and of all stacks' secrets: multi-region, so that a copy of it outlives either region."""

import json
import time
from collections.abc import Iterator
from typing import Any

from ops.bootstrap.place import Place
from ops.bootstrap.thing import Thing
from ops.core.aws import client

GONE = ("PendingDeletion", "PendingReplicaDeletion")
READY_SECONDS = 120
DELETION_WINDOW_DAYS = 30
"""KMS API, ScheduleKeyDeletion: the longest."""
POLL_SECONDS = 2


def things(place: Place) -> Iterator[Thing]:
    """The key where the state is, its replica where the copy is, and their alias."""
    yield Thing(
        name="multi-region key",
        where=place.region,
        why="encrypts the state and the stacks' secrets",
        exists=lambda: bool(key_id(place, place.region)),
        make=lambda: _make_key(place),
    )
    yield Thing(
        name=place.alias,
        where=place.region,
        why="the stack files name the key by it",
        exists=lambda: _aliased(place, place.region),
        make=lambda: _make_alias(place, place.region),
    )
    yield Thing(
        name="the key's replica",
        where=place.copy_region,
        why=f"secrets can be read while {place.region} is lost",
        exists=lambda: bool(key_id(place, place.copy_region)),
        make=lambda: _make_replica(place),
    )
    yield Thing(
        name=place.alias,
        where=place.copy_region,
        why="the same name, in the other region",
        exists=lambda: _aliased(place, place.copy_region),
        make=lambda: _make_alias(place, place.copy_region),
    )


def key_id(place: Place, region: str) -> str:
    """The key in a region by its tag, for an alias comes after it; empty where there is none."""
    kms = client("kms", region)
    for page in kms.get_paginator("list_keys").paginate():
        for row in page["Keys"]:
            described = kms.describe_key(KeyId=row["KeyId"])["KeyMetadata"]
            if described["KeyManager"] == "AWS" or described["KeyState"] in GONE:
                continue
            if _name(place) in kms.list_resource_tags(KeyId=row["KeyId"])["Tags"]:
                return str(row["KeyId"])
    return ""


def key_arn(place: Place, region: str) -> str:
    """The key's ARN in one of the two regions."""
    return str(client("kms", region).describe_key(KeyId=key_id(place, region))["KeyMetadata"]["Arn"])


def _name(place: Place) -> dict[str, str]:
    return {"TagKey": "Name", "TagValue": place.naming.physical("key", 250)}


def _tags(place: Place) -> list[dict[str, str]]:
    return [*({"TagKey": key, "TagValue": value} for key, value in place.tags().items()), _name(place)]


def _policy(place: Place) -> str:
    """The account's IAM policies decide, without which a key can become unreachable for good."""
    account = {"AWS": f"arn:aws:iam::{place.account_id}:root"}
    statement = {"Sid": "AccountDecides", "Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _make_key(place: Place) -> None:
    kms = client("kms", place.region)
    made = kms.create_key(
        MultiRegion=True,
        Description="State and secrets of the platform's stacks.",
        Policy=_policy(place),
        Tags=_tags(place),
    )
    kms.enable_key_rotation(KeyId=made["KeyMetadata"]["KeyId"])


def _make_replica(place: Place) -> None:
    primary = key_id(place, place.region)
    kms = client("kms", place.region)
    kms.replicate_key(KeyId=primary, ReplicaRegion=place.copy_region, Policy=_policy(place), Tags=_tags(place))
    _until_enabled(client("kms", place.copy_region), primary)


def _until_enabled(kms: Any, identifier: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while kms.describe_key(KeyId=identifier)["KeyMetadata"]["KeyState"] == "Creating":
        if time.monotonic() > deadline:
            raise TimeoutError(f"key {identifier} is still being made after {READY_SECONDS} s")
        time.sleep(POLL_SECONDS)


def _aliased(place: Place, region: str) -> bool:
    pages = client("kms", region).get_paginator("list_aliases").paginate()
    return any(row["AliasName"] == place.alias for page in pages for row in page["Aliases"])


def _make_alias(place: Place, region: str) -> None:
    client("kms", region).create_alias(AliasName=place.alias, TargetKeyId=key_id(place, region))
