"""Replication of the data buckets in one direction: new objects and changes are copied to the other region.

Deletions are replicated only for uploads, as delete markers, which keep the versions for a while: what a customer
erased must neither come back with a failover nor stay in the other region for ever (GDPR, article 17). Other objects
that an attacker or a mistake deletes stay in the other region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import Statement, allow, trust
from components.security.service_role import service_role
from components.site import Site
from components.storage.bucket import Bucket
from components.storage.storage import DataRole

OUT, BACK = "replication", "offsite-replication"
"""The names of both directions, from the home of the data and back. They are the IDs of the rules, a dimension of
CloudWatch's metrics."""
ERASED_IN_BOTH: tuple[DataRole, ...] = ("uploads",)
PROMISED_MINUTES = 15
"""The only threshold of Replication Time Control (S3 API, ReplicationTimeValue)."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """Buckets by role, the key that encrypts them, and the region of both."""

    buckets: Mapping[DataRole, Bucket]
    key: aws.kms.Key | aws.kms.ReplicaKey
    region: str


@dataclass(frozen=True, kw_only=True)
class ReplicationArgs:
    """From each bucket on one side to the bucket of the same role on the other."""

    site: Site
    source: Side
    target: Side


class Replication(Component):
    """A role that may only copy in this direction, and a rule for each bucket."""

    role: aws.iam.Role

    def __init__(self, name: str, args: ReplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage:Replication", name, args.site, opts=opts)
        self._name = name
        self._args = args
        self.role, rights = service_role(
            self,
            name,
            args.site,
            description="What S3 may do to copy objects to the other region.",
            # Without a condition, as S3 documents it: replication would stop silently if S3 did not meet it.
            trusts=trust("s3.amazonaws.com"),
            may=_permissions(args),
        )
        for role, bucket in args.source.buckets.items():
            self._rules(role, bucket, args.target.buckets[role], rights)
        self.register_outputs({"role_arn": self.role.arn})

    def _rules(self, role: DataRole, source: Bucket, target: Bucket, policy: aws.iam.RolePolicy) -> None:
        criteria = aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(
            sse_kms_encrypted_objects=(
                aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs(status="Enabled")
            ),
            # Tags and locks set on a copy are copied back: without this, the two sides differ after a failover.
            replica_modifications=(
                aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaReplicaModificationsArgs(status="Enabled")
            ),
        )
        aws.s3.BucketReplicationConfig(
            f"{self._name}-{role}",
            bucket=source.name,
            role=self.role.arn,
            rules=[
                aws.s3.BucketReplicationConfigRuleArgs(
                    id=self._name,
                    priority=1,
                    status="Enabled",
                    filter=aws.s3.BucketReplicationConfigRuleFilterArgs(prefix=""),
                    delete_marker_replication=aws.s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs(
                        status="Enabled" if role in ERASED_IN_BOTH else "Disabled"
                    ),
                    source_selection_criteria=criteria,
                    destination=_destination(target, self._args.target.key),
                )
            ],
            # S3 requires both buckets to be versioned, and the role to have its permissions.
            opts=self.child(depends_on=[source.versioning, target.versioning, policy]),
        )


def _destination(
    target: Bucket, key: aws.kms.Key | aws.kms.ReplicaKey
) -> aws.s3.BucketReplicationConfigRuleDestinationArgs:
    """With Replication Time Control, and the metrics that show whether S3 meets it."""
    return aws.s3.BucketReplicationConfigRuleDestinationArgs(
        bucket=target.arn,
        encryption_configuration=aws.s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs(
            replica_kms_key_id=key.arn
        ),
        replication_time=aws.s3.BucketReplicationConfigRuleDestinationReplicationTimeArgs(
            status="Enabled",
            time=aws.s3.BucketReplicationConfigRuleDestinationReplicationTimeTimeArgs(minutes=PROMISED_MINUTES),
        ),
        metrics=aws.s3.BucketReplicationConfigRuleDestinationMetricsArgs(
            status="Enabled",
            event_threshold=aws.s3.BucketReplicationConfigRuleDestinationMetricsEventThresholdArgs(
                minutes=PROMISED_MINUTES
            ),
        ),
    )


def _permissions(args: ReplicationArgs) -> list[Statement]:
    """S3 User Guide, "Setting up permissions for live replication" and "Replicating encrypted objects"."""
    sources, targets = _arns(args.source), _arns(args.target)
    erased = [args.target.buckets[role].arn for role in ERASED_IN_BOTH]
    return [
        allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], sources),
        allow(
            [
                "s3:GetObjectLegalHold",
                "s3:GetObjectRetention",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            _objects(sources),
        ),
        allow(["s3:ReplicateObject", "s3:ReplicateTags"], _objects(targets)),
        allow(["s3:ReplicateDelete"], _objects(erased)),
        _use_key(["kms:Decrypt"], args.source, sources),
        _use_key(["kms:Encrypt", "kms:GenerateDataKey"], args.target, targets),
    ]


def _arns(side: Side) -> list[pulumi.Output[str]]:
    return [bucket.arn for bucket in side.buckets.values()]


def _objects(arns: list[pulumi.Output[str]]) -> list[pulumi.Output[str]]:
    return [arn.apply(lambda value: f"{value}/*") for arn in arns]


def _use_key(actions: list[str], side: Side, arns: list[pulumi.Output[str]]) -> Statement:
    """A side's key, only through S3, for objects in these buckets; the context of a bucket key is the bucket's ARN."""
    condition = {
        "StringEquals": {"kms:ViaService": f"s3.{side.region}.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [*arns, *_objects(arns)]},
    }
    return allow(actions, side.key.arn, condition=condition)
