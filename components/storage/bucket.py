"""An S3 bucket with what the platform requires of each: private, encrypted, versioned, with a lifecycle, TLS only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import EVERYONE, Statement, deny, deny_without_tls, document
from components.site import Site
from naming import DataClass

ABANDONED_UPLOAD_DAYS = 7
OLDEST_TLS = "1.2"
ALL_SIZES = "varies_by_storage_class"
"""Objects below 128 KB transition to Glacier too, because most log files are smaller: by default, S3 does not
transition them (S3 API, PutBucketLifecycleConfiguration)."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """The lifecycle of objects in a bucket, in days; None means never."""

    noncurrent_days: int
    archived_after_days: int | None = None
    expired_after_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class BucketReference:
    """A bucket as other components use it, regardless of the stack that declares it."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    @classmethod
    def of(cls, name: str) -> BucketReference:
        """A bucket of another stack, by its name."""
        return cls(name=pulumi.Output.from_input(name), arn=pulumi.Output.from_input(f"arn:aws:s3:::{name}"))


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """`key` encrypts the objects; without it, S3's own key does. `access_log` is the bucket for the access log.

    `statements` are added to the bucket's policy, which denies requests without TLS. With `lock_days` nobody can delete
    an object for that long, so nobody could empty the bucket, and it outlives its stack.
    """

    site: Site
    role: str
    data_class: DataClass
    key: aws.kms.Key | aws.kms.ReplicaKey | None
    retention: Retention
    access_log: Bucket | None
    statements: Sequence[Statement] = ()
    lock_days: int | None = None


class Bucket(Component):
    """A bucket, and the settings that are separate resources."""

    bucket: aws.s3.Bucket
    policy: aws.s3.BucketPolicy
    versioning: aws.s3.BucketVersioning
    reference: BucketReference
    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage:BucketParts", name, args.site, data_class=args.data_class, opts=opts)
        self._name = name
        self._args = args
        physical = args.site.naming.bucket(args.role)
        self.bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=physical,
            # Lifting the protection by name also allows the deletion of its contents.
            force_destroy=not args.site.protected and not args.lock_days,
            object_lock_enabled=True if args.lock_days else None,
            opts=self._part(protect=args.site.protected),
        )
        self.arn = self.bucket.arn
        self.name = self.bucket.id
        self.reference = BucketReference(name=self.name, arn=self.arn)
        self._set_encryption()
        self.policy = self._restrict_access()
        self.versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.name,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._part(),
        )
        self._set_lifecycle()
        self._lock()
        self._log_access(physical)
        self.register_outputs({"arn": self.arn, "name": self.name})

    def _part(
        self, *, protect: bool | None = None, depends_on: list[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """Options of the bucket and its settings: a bucket that outlives its stack keeps its settings."""
        outlives = True if self._args.lock_days else None
        return self.child(protect=protect, depends_on=depends_on, outlives=outlives)

    def _set_encryption(self) -> None:
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
                    # With a bucket key, one KMS call serves many objects.
                    bucket_key_enabled=True if key else None,
                )
            ],
            opts=self._part(),
        )

    def _restrict_access(self) -> aws.s3.BucketPolicy:
        """No public access, no ACLs, no request without TLS."""
        block = aws.s3.BucketPublicAccessBlock(
            f"{self._name}-public-access",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._part(),
        )
        aws.s3.BucketOwnershipControls(
            f"{self._name}-ownership",
            bucket=self.name,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self._part(),
        )
        # S3 rejects concurrent changes to a bucket's access.
        return aws.s3.BucketPolicy(
            f"{self._name}-policy",
            bucket=self.name,
            policy=document([*_tls_only(self.arn), *self._args.statements]),
            opts=self._part(depends_on=[block]),
        )

    def _set_lifecycle(self) -> None:
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
            transition_default_minimum_object_size=ALL_SIZES if retention.archived_after_days else None,
            opts=self._part(depends_on=[self.versioning]),
        )

    def _lock(self) -> None:
        days = self._args.lock_days
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
            opts=self._part(depends_on=[self.versioning]),
        )

    def _log_access(self, physical: str) -> None:
        log = self._args.access_log
        if log is None:
            return
        # When logging is turned on, S3 checks that the log bucket's policy allows it to write.
        aws.s3.BucketLogging(
            f"{self._name}-access-log",
            bucket=self.name,
            target_bucket=log.name,
            target_prefix=access_log_prefix(physical),
            opts=self._part(depends_on=[log.policy]),
        )


def access_log_prefix(bucket: str) -> str:
    """The prefix of a bucket's records in the access log."""
    return f"s3-access/{bucket}/"


def _tls_only(arn: pulumi.Output[str]) -> list[Statement]:
    resources = [arn, arn.apply(lambda value: f"{value}/*")]
    old_tls = {"NumericLessThan": {"s3:TlsVersion": OLDEST_TLS}}
    return [
        deny_without_tls("s3:*", resources, sid="TlsOnly", principal=EVERYONE),
        deny("s3:*", resources, sid="RecentTlsOnly", principal=EVERYONE, condition=old_tls),
    ]


def _ageing(retention: Retention) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    """The rule for current objects, unless they never expire."""
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
