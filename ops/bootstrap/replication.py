"""Replication of the state to the other region: a role only for that, and the rule."""

import json
from collections.abc import Iterator
from typing import Any

from ops.bootstrap.buckets import holds
from ops.bootstrap.keys import key_arn
from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.aws import client, if_present

POLICY = "copy"
PROMISED_MINUTES = 15
"""S3 API, ReplicationTimeValue: the only threshold of Replication Time Control."""
TRUST_IN_S3 = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def prerequisites(backend: StateBackend) -> Iterator[Prerequisite]:
    """The role, its permissions, and the rule."""
    yield Prerequisite(
        name=f"role {backend.role}",
        where="IAM",
        why="S3 copies the state in it",
        exists=lambda: _has_role(backend),
        make=lambda: _make_role(backend),
    )
    yield Prerequisite(
        name=f"permissions of {backend.role}",
        where="IAM",
        why="to read the one bucket and to write the other",
        exists=lambda: _is_permitted(backend),
        make=lambda: _permit(backend),
    )
    yield Prerequisite(
        name=f"copy of {backend.home.bucket} to {backend.copy.bucket}",
        where=backend.region,
        why="the state outlives either region; deletions are not copied",
        exists=lambda: _copies(backend),
        make=lambda: _make_rule(backend),
    )


def _has_role(backend: StateBackend) -> bool:
    return if_present(lambda: client("iam", backend.region).get_role(RoleName=backend.role)) is not None


def _make_role(backend: StateBackend) -> None:
    client("iam", backend.region).create_role(
        RoleName=backend.role,
        Description="What S3 may do to copy the state to the other region.",
        AssumeRolePolicyDocument=json.dumps(TRUST_IN_S3),
        Tags=[{"Key": key, "Value": value} for key, value in backend.tags().items()],
    )


def _permissions(backend: StateBackend) -> dict[str, Any]:
    """S3 User Guide, "Setting up permissions for live replication", with the locks of both buckets."""
    source, target = (f"arn:aws:s3:::{side.bucket}" for side in (backend.home, backend.copy))
    reading = [
        "s3:GetObjectVersionForReplication",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionTagging",
        "s3:GetObjectRetention",
        "s3:GetObjectLegalHold",
    ]
    rows: list[tuple[list[str], str]] = [
        (["s3:GetReplicationConfiguration", "s3:ListBucket"], source),
        (reading, f"{source}/*"),
        (["s3:ReplicateObject", "s3:ReplicateTags"], f"{target}/*"),
        (["kms:Decrypt"], key_arn(backend, backend.region)),
        (["kms:Encrypt", "kms:GenerateDataKey"], key_arn(backend, backend.copy_region)),
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in rows],
    }


def _is_permitted(backend: StateBackend) -> bool:
    iam = client("iam", backend.region)
    answer = if_present(lambda: iam.get_role_policy(RoleName=backend.role, PolicyName=POLICY))
    return answer is not None and bool(answer["PolicyDocument"] == _permissions(backend))


def _permit(backend: StateBackend) -> None:
    client("iam", backend.region).put_role_policy(
        RoleName=backend.role, PolicyName=POLICY, PolicyDocument=json.dumps(_permissions(backend))
    )


def _rule(backend: StateBackend) -> dict[str, Any]:
    minutes = {"Minutes": PROMISED_MINUTES}
    return {
        "ID": "state",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{backend.copy.bucket}",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": key_arn(backend, backend.copy_region)},
            "ReplicationTime": {"Status": "Enabled", "Time": minutes},
            "Metrics": {"Status": "Enabled", "EventThreshold": minutes},
        },
    }


def _copies(backend: StateBackend) -> bool:
    s3 = client("s3", backend.region)
    answer = if_present(lambda: s3.get_bucket_replication(Bucket=backend.home.bucket)["ReplicationConfiguration"])
    target = {"Bucket": f"arn:aws:s3:::{backend.copy.bucket}"}
    return holds(answer, {"Rules": [{"Status": "Enabled", "Destination": target}]})


def _make_rule(backend: StateBackend) -> None:
    role = f"arn:aws:iam::{backend.account_id}:role/{backend.role}"
    client("s3", backend.region).put_bucket_replication(
        Bucket=backend.home.bucket, ReplicationConfiguration={"Role": role, "Rules": [_rule(backend)]}
    )
