"""The key of the state and of all stacks' secrets: multi-region, so that a copy of it outlives either region."""

import json
from collections.abc import Iterator

from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.aws import client, if_present, living_keys
from ops.core.facts import wait

READY_SECONDS = 120


def prerequisites(backend: StateBackend) -> Iterator[Prerequisite]:
    """The key in the state's region, its replica in the copy's region, and their alias."""
    here, there = backend.region, backend.copy_region
    yield Prerequisite(
        name="multi-region key",
        where=here,
        why="encrypts the state and the stacks' secrets",
        exists=lambda: bool(key_id(backend, here)),
        make=lambda: _make_key(backend),
    )
    yield _alias(backend, here, "the stack files name it so")
    yield Prerequisite(
        name="the key's replica",
        where=there,
        why=f"secrets can be read while {here} is lost",
        exists=lambda: bool(key_id(backend, there)),
        make=lambda: _make_replica(backend),
    )
    yield _alias(backend, there, "the same name there")


def key_id(backend: StateBackend, region: str) -> str:
    """The key in a region by its tag, because its alias is created later; empty if there is none."""
    return next(iter(living_keys(client("kms", region), backend.key_name)), "")


def key_arn(backend: StateBackend, region: str) -> str:
    """The key's ARN in one of the two regions."""
    return str(client("kms", region).describe_key(KeyId=key_id(backend, region))["KeyMetadata"]["Arn"])


def _tags(backend: StateBackend) -> list[dict[str, str]]:
    tags = {**backend.tags(), "Name": backend.key_name}
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def _policy(backend: StateBackend) -> str:
    """The account's IAM policies decide; without this statement a key can become permanently inaccessible."""
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


def _alias(backend: StateBackend, region: str, why: str) -> Prerequisite:
    return Prerequisite(
        name=backend.alias,
        where=region,
        why=why,
        exists=lambda: if_present(lambda: client("kms", region).describe_key(KeyId=backend.alias)) is not None,
        make=lambda: client("kms", region).create_alias(AliasName=backend.alias, TargetKeyId=key_id(backend, region)),
    )
