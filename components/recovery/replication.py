"""One direction of the pair of data buckets: new objects, and changes to old ones, are copied to the other region.

Deletions are not: what is deleted in one region, by an attacker or by mistake, stays in the other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.storage.bucket import BucketParts, Statement
from naming import Naming

NAME_LIMIT = 64
PROMISED_MINUTES = 15
"""The one threshold that Replication Time Control knows (S3 API, ReplicationTimeValue)."""

TRUST_IN_S3 = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
"""As S3 documents it, without a condition: one that S3 does not meet would end the replication without a word."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """Buckets by role, the key that encrypts them, and the region that holds both."""

    buckets: Mapping[str, BucketParts]
    key: aws.kms.Key | aws.kms.ReplicaKey
    region: str


@dataclass(frozen=True, kw_only=True)
class ReplicationArgs:
    """From each bucket of one side to the bucket of the same role on the other."""

    naming: Naming
    source: Side
    target: Side


class Replication(Component):
    """A role that may do nothing but copy in this direction, and a rule for each bucket."""

    role: aws.iam.Role

    def __init__(self, name: str, args: ReplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage", name, args.naming, opts=opts)
        self._name = name
        self._args = args
        self.role = aws.iam.Role(
            f"{name}-role",
            name=args.naming.physical(name, NAME_LIMIT),
            description="What S3 may do to copy objects to the other region.",
            assume_role_policy=json.dumps(TRUST_IN_S3),
            opts=self.child(),
        )
        rights = aws.iam.RolePolicy(
            f"{name}-rights",
            name="rights",
            role=self.role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": _rights(args)}),
            opts=self.child(),
        )
        for role, bucket in args.source.buckets.items():
            self._rules(role, bucket, args.target.buckets[role], rights)
        self.register_outputs({"role_arn": self.role.arn})

    def _rules(self, role: str, source: BucketParts, target: BucketParts, rights: aws.iam.RolePolicy) -> None:
        criteria = aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(
            sse_kms_encrypted_objects=(
                aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs(status="Enabled")
            ),
            # Tags and locks that are set on a copy come back: without this, the two sides drift apart after a failover.
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
                        status="Disabled"
                    ),
                    source_selection_criteria=criteria,
                    destination=_destination(target, self._args.target.key),
                )
            ],
            # S3 wants both buckets versioned, and a role that can already copy.
            opts=self.child(depends_on=[source.versioning, target.versioning, rights]),
        )


def _destination(
    target: BucketParts, key: aws.kms.Key | aws.kms.ReplicaKey
) -> aws.s3.BucketReplicationConfigRuleDestinationArgs:
    """With a promise of S3's, and metrics that say whether it is kept."""
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


def _rights(args: ReplicationArgs) -> list[Statement]:
    """S3 User Guide, "Setting up permissions for live replication" and "Replicating encrypted objects", without
    s3:ReplicateDelete."""
    sources, targets = _arns(args.source), _arns(args.target)
    return [
        _allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], sources),
        _allow(
            [
                "s3:GetObjectLegalHold",
                "s3:GetObjectRetention",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            _objects(sources),
        ),
        _allow(["s3:ReplicateObject", "s3:ReplicateTags"], _objects(targets)),
        _use_key(["kms:Decrypt"], args.source, sources),
        _use_key(["kms:Encrypt", "kms:GenerateDataKey"], args.target, targets),
    ]


def _arns(side: Side) -> list[pulumi.Output[str]]:
    return [bucket.arn for bucket in side.buckets.values()]


def _objects(arns: list[pulumi.Output[str]]) -> list[pulumi.Output[str]]:
    return [arn.apply(lambda value: f"{value}/*") for arn in arns]


def _use_key(actions: list[str], side: Side, arns: list[pulumi.Output[str]]) -> Statement:
    """A side's key, on the way through S3, and for what is in these buckets: a bucket key names the bucket alone."""
    condition = {
        "StringEquals": {"kms:ViaService": f"s3.{side.region}.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [*arns, *_objects(arns)]},
    }
    return {**_allow(actions, side.key.arn), "Condition": condition}


def _allow(actions: list[str], resources: Any) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
