"""An S3 bucket as this platform wants every one: private, encrypted, versioned, tidied up, and open to TLS alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from naming import DataClass, Naming

Statement = dict[str, Any]

ABANDONED_UPLOAD_DAYS = 7
OLDEST_TLS = "1.2"


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long things stay in a bucket, in days; what is None never happens."""

    noncurrent_days: int
    archived_after_days: int | None = None
    expired_after_days: int | None = None
    locked_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class BucketReference:
    """A bucket as others use it, whichever stack declares it."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    @classmethod
    def of(cls, name: str) -> "BucketReference":
        """A bucket of another stack, of which the name says all."""
        return cls(name=pulumi.Output.from_input(name), arn=pulumi.Output.from_input(f"arn:aws:s3:::{name}"))


@dataclass(frozen=True, kw_only=True)
class BucketPartsArgs:
    """`key` encrypts the objects; without one, S3's own does. `access_log` is the bucket that records every request.

    `statements` are allowed in the bucket's policy beside the refusal of what is not TLS.
    """

    naming: Naming
    role: str
    data_class: DataClass
    key: aws.kms.Key | aws.kms.ReplicaKey | None
    retention: Retention
    access_log: "BucketParts | None"
    protected: bool
    statements: Sequence[Statement] = ()


class BucketParts(Component):
    """A bucket, and the settings that S3 keeps beside it."""

    bucket: aws.s3.Bucket
    policy: aws.s3.BucketPolicy
    versioning: aws.s3.BucketVersioning
    reference: BucketReference
    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: BucketPartsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage", name, args.naming, data_class=args.data_class, opts=opts)
        self._name = name
        self._args = args
        physical = args.naming.bucket(args.role)
        self.bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=physical,
            # Who lifts the protection by name says with it that what is inside may go.
            force_destroy=not args.protected,
            object_lock_enabled=True if args.retention.locked_days else None,
            opts=self.child(protect=args.protected),
        )
        self.arn = self.bucket.arn
        self.name = self.bucket.id
        self.reference = BucketReference(name=self.name, arn=self.arn)
        self._encrypt()
        self.policy = self._close()
        self.versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.name,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self.child(),
        )
        self._tidy()
        self._lock()
        self._record(physical)
        self.register_outputs({"arn": self.arn, "name": self.name})

    def _encrypt(self) -> None:
        key = self._args.key
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms" if key else "AES256", kms_master_key_id=key.arn if key else None
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-encryption",
            bucket=self.name,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=default,
                    # One call to KMS serves many objects.
                    bucket_key_enabled=True if key else None,
                )
            ],
            opts=self.child(),
        )

    def _close(self) -> aws.s3.BucketPolicy:
        """No public access, no access lists, no request without TLS."""
        block = aws.s3.BucketPublicAccessBlock(
            f"{self._name}-public-access",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )
        aws.s3.BucketOwnershipControls(
            f"{self._name}-ownership",
            bucket=self.name,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self.child(),
        )
        # S3 refuses two changes of a bucket's access at once.
        return aws.s3.BucketPolicy(
            f"{self._name}-policy",
            bucket=self.name,
            policy=pulumi.Output.json_dumps(
                {"Version": "2012-10-17", "Statement": [*_tls_only(self.arn), *self._args.statements]}
            ),
            opts=self.child(depends_on=[block]),
        )

    def _tidy(self) -> None:
        retention = self._args.retention
        leftovers = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="leftovers",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=retention.noncurrent_days
            ),
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
            abort_incomplete_multipart_upload=(
                aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                    days_after_initiation=ABANDONED_UPLOAD_DAYS
                )
            ),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{self._name}-lifecycle",
            bucket=self.name,
            rules=[leftovers, *_ageing(retention)],
            opts=self.child(depends_on=[self.versioning]),
        )

    def _lock(self) -> None:
        """In compliance mode: whoever holds an administrator's credentials cannot delete what is locked either."""
        days = self._args.retention.locked_days
        if days is None:
            return
        aws.s3.BucketObjectLockConfiguration(
            f"{self._name}-lock",
            bucket=self.name,
            rule=aws.s3.BucketObjectLockConfigurationRuleArgs(
                default_retention=aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                    mode="COMPLIANCE", days=days
                )
            ),
            opts=self.child(depends_on=[self.versioning]),
        )

    def _record(self, physical: str) -> None:
        log = self._args.access_log
        if log is None:
            return
        # S3 checks, when logging is turned on, that the log's policy lets it write.
        aws.s3.BucketLogging(
            f"{self._name}-access-log",
            bucket=self.name,
            target_bucket=log.name,
            target_prefix=access_log_prefix(physical),
            opts=self.child(depends_on=[log.policy]),
        )


def access_log_prefix(bucket: str) -> str:
    """Where the access log has the records of a bucket."""
    return f"s3-access/{bucket}/"


def _tls_only(arn: pulumi.Output[str]) -> list[Statement]:
    # Spelt as a mapping, the principal means the same as "*", and can be read by all that read policies.
    refused = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*"}
    resources = [arn, arn.apply(lambda value: f"{value}/*")]
    return [
        {
            **refused,
            "Sid": "TlsOnly",
            "Resource": resources,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            **refused,
            "Sid": "RecentTlsOnly",
            "Resource": resources,
            "Condition": {"NumericLessThan": {"s3:TlsVersion": OLDEST_TLS}},
        },
    ]


def _ageing(retention: Retention) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    """The rule for current objects, where they do not stay for good."""
    archived, expired = retention.archived_after_days, retention.expired_after_days
    if archived is None and expired is None:
        return []
    to_archive = aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(days=archived, storage_class="GLACIER")
    return [
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="ageing",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            transitions=[to_archive] if archived else None,
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=expired) if expired else None,
        )
    ]
