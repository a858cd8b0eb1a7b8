"""The bucket of the state and its copy in the other region: encrypted, versioned, locked, private, and tidied up."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ops.bootstrap.keys import key_arn
from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.aws import client, if_present

LOCKED_DAYS = 30
"""Ours: as long as the snapshots of the database are kept; who holds an operator's credentials cannot erase that."""
NONCURRENT_DAYS = 90
"""devops: full system 90 days. The engine writes the whole state for every resource it finishes."""
ABANDONED_UPLOAD_DAYS = 7
OLDEST_TLS = "1.2"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two buckets."""

    bucket: str
    region: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting of a bucket: how it is read, what is wanted, and how it is set."""

    name: str
    read: Callable[[Any, str], Any]
    wanted: Any
    put: Callable[[Any, str], Any]


def prerequisites(backend: StateBackend) -> Iterator[Prerequisite]:
    """Both buckets with their settings, then the way from the one to the other."""
    for side in (
        Side(bucket=backend.bucket, region=backend.region, why="the state of all stacks, outside the primary region"),
        Side(bucket=backend.copy_bucket, region=backend.copy_region, why=f"its copy, for the loss of {backend.region}"),
    ):
        yield Prerequisite(
            name=f"bucket {side.bucket}",
            where=side.region,
            why=side.why,
            exists=lambda side=side: _exists(side),
            make=lambda side=side: _make(side),
        )
        for setting in settings(backend, side):
            yield Prerequisite(
                name=f"{setting.name} of {side.bucket}",
                where=side.region,
                why="",
                exists=lambda side=side, setting=setting: _is_set(side, setting),
                make=lambda side=side, setting=setting: setting.put(client("s3", side.region), side.bucket),
            )


def settings(backend: StateBackend, side: Side) -> list[Setting]:
    """The rows of S3's settings."""
    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    lock = {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": LOCKED_DAYS}}, "ObjectLockEnabled": "Enabled"}
    owned = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    policy = _tls_only(side.bucket)
    tags = [{"Key": key, "Value": value} for key, value in sorted(backend.tags().items())]
    return [
        Setting(
            name="versions",
            read=lambda s3, bucket: s3.get_bucket_versioning(Bucket=bucket).get("Status"),
            wanted="Enabled",
            put=lambda s3, bucket: s3.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            ),
        ),
        _encryption(backend, side),
        Setting(
            name="block of public access",
            read=lambda s3, bucket: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
            wanted=closed,
            put=lambda s3, bucket: s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed),
        ),
        Setting(
            name="ownership",
            read=lambda s3, bucket: s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"],
            wanted=owned,
            put=lambda s3, bucket: s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=owned),
        ),
        Setting(
            name="TLS alone",
            read=lambda s3, bucket: json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]),
            wanted=policy,
            put=lambda s3, bucket: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy)),
        ),
        Setting(
            name="lock",
            read=_locked,
            wanted=("GOVERNANCE", LOCKED_DAYS),
            put=lambda s3, bucket: s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock),
        ),
        _lifecycle(),
        Setting(
            name="tags",
            read=lambda s3, bucket: sorted(s3.get_bucket_tagging(Bucket=bucket)["TagSet"], key=lambda tag: tag["Key"]),
            wanted=tags,
            put=lambda s3, bucket: s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags}),
        ),
    ]


def _encryption(backend: StateBackend, side: Side) -> Setting:
    def wanted() -> dict[str, Any]:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn(backend, side.region)}
        return {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}

    def is_so(s3: Any, bucket: str) -> bool:
        found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        same = wanted()["Rules"][0]
        return all(found.get(key) == value for key, value in same.items())

    return Setting(
        name="encryption",
        read=is_so,
        wanted=True,
        put=lambda s3, bucket: s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=wanted()),
    )


def _locked(s3: Any, bucket: str) -> tuple[str, int] | None:
    rule = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"].get("Rule")
    return (rule["DefaultRetention"]["Mode"], rule["DefaultRetention"]["Days"]) if rule else None


def _lifecycle() -> Setting:
    rule = {
        "ID": "leftovers",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABANDONED_UPLOAD_DAYS},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    }

    def is_so(s3: Any, bucket: str) -> bool:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        return any(all(found.get(key) == value for key, value in rule.items()) for found in rules)

    return Setting(
        name="end of old versions",
        read=is_so,
        wanted=True,
        put=lambda s3, bucket: s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}
        ),
    )


def _exists(side: Side) -> bool:
    return if_present(lambda: client("s3", side.region).head_bucket(Bucket=side.bucket)) is not None


def _make(side: Side) -> None:
    """With a lock from the start; the other settings follow, each looked at by itself."""
    client("s3", side.region).create_bucket(
        Bucket=side.bucket,
        CreateBucketConfiguration={"LocationConstraint": side.region},
        ObjectLockEnabledForBucket=True,
    )


def _is_set(side: Side, setting: Setting) -> bool:
    found = if_present(lambda: setting.read(client("s3", side.region), side.bucket))
    return found is not None and bool(found == setting.wanted)


def _tls_only(bucket: str) -> dict[str, Any]:
    refused = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {**refused, "Sid": "TlsOnly", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {**refused, "Sid": "RecentTlsOnly", "Condition": {"NumericLessThan": {"s3:TlsVersion": OLDEST_TLS}}},
        ],
    }
