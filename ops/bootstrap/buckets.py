"""The state's bucket and its copy in the other region: encrypted, versioned, locked, private, with a lifecycle."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ops.bootstrap.keys import key_arn
from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import Side, StateBackend
from ops.core.aws import client, if_present

LOCKED_DAYS = 30
"""Our choice: as long as the snapshots of the database are kept; an operator's stolen credentials cannot delete
them."""
NONCURRENT_DAYS = 90
"""devops: full system 90 days. The engine writes the whole state for every resource it finishes."""
ABANDONED_UPLOAD_DAYS = 7
OLDEST_TLS = "1.2"
POLICY = "Policy"
"""The only value that S3 accepts and returns as text."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting of a bucket: S3's `get_` and `put_` operations on `subject`, the latter's argument, and its value."""

    name: str
    subject: str
    argument: str
    wanted: Callable[[], Any]

    def is_set(self, side: Side) -> bool:
        """Whether S3 has at least the wanted value."""
        s3 = client("s3", side.region)
        answer = if_present(lambda: getattr(s3, f"get_{self.subject}")(Bucket=side.bucket))
        found = answer and answer.get(self.argument, answer)
        if not found:
            # The wanted value may also name a key that does not exist yet.
            return False
        return holds(json.loads(found) if isinstance(found, str) else found, self.wanted())

    def put(self, side: Side) -> None:
        """Apply the setting."""
        wanted = self.wanted()
        value = json.dumps(wanted) if self.argument == POLICY else wanted
        getattr(client("s3", side.region), f"put_{self.subject}")(Bucket=side.bucket, **{self.argument: value})


def prerequisites(backend: StateBackend) -> Iterator[Prerequisite]:
    """Both buckets with their settings."""
    for side, why in (
        (backend.home, "the state of all stacks, outside the primary region"),
        (backend.copy, f"its copy, for the loss of {backend.region}"),
    ):
        name, where = side.bucket, side.region
        yield Prerequisite(
            name=f"bucket {name}", where=where, why=why, exists=partial(_exists, side), make=partial(_make, side)
        )
        for setting in settings(backend, side):
            set_, put = partial(setting.is_set, side), partial(setting.put, side)
            yield Prerequisite(name=f"{setting.name} of {name}", where=where, exists=set_, make=put)


def settings(backend: StateBackend, side: Side) -> list[Setting]:
    """The rows of S3's settings."""

    def encryption() -> dict[str, Any]:
        key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn(backend, side.region)}
        return {"Rules": [{"ApplyServerSideEncryptionByDefault": key, "BucketKeyEnabled": True}]}

    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    lock = {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": LOCKED_DAYS}}, "ObjectLockEnabled": "Enabled"}
    leftovers = {
        "ID": "leftovers",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABANDONED_UPLOAD_DAYS},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    }
    tags = [{"Key": key, "Value": value} for key, value in sorted(backend.tags().items())]
    owned = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    rows: list[tuple[str, str, str, Any]] = [
        ("versions", "bucket_versioning", "VersioningConfiguration", {"Status": "Enabled"}),
        ("encryption", "bucket_encryption", "ServerSideEncryptionConfiguration", encryption),
        ("block of public access", "public_access_block", "PublicAccessBlockConfiguration", closed),
        ("ownership", "bucket_ownership_controls", "OwnershipControls", owned),
        ("TLS alone", "bucket_policy", POLICY, _tls_only(side.bucket)),
        ("lock", "object_lock_configuration", "ObjectLockConfiguration", lock),
        ("end of old versions", "bucket_lifecycle_configuration", "LifecycleConfiguration", {"Rules": [leftovers]}),
        ("tags", "bucket_tagging", "Tagging", {"TagSet": tags}),
    ]
    return [
        Setting(name=name, subject=subject, argument=argument, wanted=value if callable(value) else lambda v=value: v)
        for name, subject, argument, value in rows
    ]


def holds(found: Any, wanted: Any) -> bool:
    """Whether the found value contains the wanted one."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(holds(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and all(any(holds(row, value) for row in found) for value in wanted)
    return bool(found == wanted)


def _exists(side: Side) -> bool:
    return if_present(lambda: client("s3", side.region).head_bucket(Bucket=side.bucket)) is not None


def _make(side: Side) -> None:
    """Created with Object Lock; the other settings follow, each checked separately."""
    client("s3", side.region).create_bucket(
        Bucket=side.bucket,
        CreateBucketConfiguration={"LocationConstraint": side.region},
        ObjectLockEnabledForBucket=True,
    )


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
