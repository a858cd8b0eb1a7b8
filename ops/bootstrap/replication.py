"""How S3 copies the state to the other region: a role that may do nothing else, and the rule."""

import json
from collections.abc import Iterator
from typing import Any

from ops.bootstrap.keys import key_arn
from ops.bootstrap.place import Place
from ops.bootstrap.thing import Thing
from ops.core.aws import client
from ops.core.recovery.finders.wanted import absent

RIGHTS = "copy"
PROMISED_MINUTES = 15
"""S3 API, ReplicationTimeValue: the one threshold that Replication Time Control knows."""
TRUST_IN_S3 = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def things(place: Place) -> Iterator[Thing]:
    """The role, what it may do, and the rule."""
    yield Thing(
        name=f"role {place.role}",
        where="IAM",
        why="S3 copies the state in it",
        exists=lambda: _role(place) is not None,
        make=lambda: _make_role(place),
    )
    yield Thing(
        name=f"rights of {place.role}",
        where="IAM",
        why="to read the one bucket and to write the other",
        exists=lambda: _rights_are_so(place),
        make=lambda: _put_rights(place),
    )
    yield Thing(
        name=f"copy of {place.bucket} to {place.copy_bucket}",
        where=place.region,
        why="the state outlives either region; deletions are not copied",
        exists=lambda: _copies(place),
        make=lambda: _make_rule(place),
    )


def _role(place: Place) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        return dict(client("iam", place.region).get_role(RoleName=place.role)["Role"])
    except ClientError as error:
        if absent(error):
            return None
        raise


def _make_role(place: Place) -> None:
    client("iam", place.region).create_role(
        RoleName=place.role,
        Description="What S3 may do to copy the state to the other region.",
        AssumeRolePolicyDocument=json.dumps(TRUST_IN_S3),
        Tags=[{"Key": key, "Value": value} for key, value in place.tags().items()],
    )


def _rights(place: Place) -> dict[str, Any]:
    """S3 User Guide, "Setting up permissions for live replication", with the locks of both buckets."""
    source, target = f"arn:aws:s3:::{place.bucket}", f"arn:aws:s3:::{place.copy_bucket}"
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
        (["kms:Decrypt"], key_arn(place, place.region)),
        (["kms:Encrypt", "kms:GenerateDataKey"], key_arn(place, place.copy_region)),
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in rows],
    }


def _rights_are_so(place: Place) -> bool:
    from botocore.exceptions import ClientError

    try:
        found = client("iam", place.region).get_role_policy(RoleName=place.role, PolicyName=RIGHTS)["PolicyDocument"]
    except ClientError as error:
        if absent(error):
            return False
        raise
    return bool(found == _rights(place))


def _put_rights(place: Place) -> None:
    client("iam", place.region).put_role_policy(
        RoleName=place.role, PolicyName=RIGHTS, PolicyDocument=json.dumps(_rights(place))
    )


def _rule(place: Place) -> dict[str, Any]:
    minutes = {"Minutes": PROMISED_MINUTES}
    return {
        "ID": "state",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{place.copy_bucket}",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": key_arn(place, place.copy_region)},
            "ReplicationTime": {"Status": "Enabled", "Time": minutes},
            "Metrics": {"Status": "Enabled", "EventThreshold": minutes},
        },
    }


def _copies(place: Place) -> bool:
    from botocore.exceptions import ClientError

    try:
        found = client("s3", place.region).get_bucket_replication(Bucket=place.bucket)["ReplicationConfiguration"]
    except ClientError as error:
        if absent(error):
            return False
        raise
    wanted = f"arn:aws:s3:::{place.copy_bucket}"
    return any(rule["Status"] == "Enabled" and rule["Destination"]["Bucket"] == wanted for rule in found["Rules"])


def _make_rule(place: Place) -> None:
    role = _role(place) or {}
    client("s3", place.region).put_bucket_replication(
        Bucket=place.bucket, ReplicationConfiguration={"Role": role["Arn"], "Rules": [_rule(place)]}
    )
