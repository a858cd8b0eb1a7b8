"""S3 on the emulated AWS."""

import json
from typing import Any

import pytest

from tests.emulator.emulated import OTHER_REGION, REGION, Clients


@pytest.fixture
def s3(aws: Clients) -> Any:
    return aws("s3")


def create(s3: Any, name: str, region: str = REGION) -> str:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.mark.fix("s3.py:log_delivery_reads_policies_as_aws")
def test_a_bucket_logs_to_one_whose_policy_lets_it_in_by_a_pattern(s3: Any, name: str) -> None:
    target = create(s3, f"{name}-logs")
    statements = [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{target}/*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": ["logging.s3.amazonaws.com"]},
            "Action": ["s3:PutObject"],
            "Resource": f"arn:aws:s3:::{target}/access/*",
        },
    ]
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    logging = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "access/uploads/"}}
    s3.put_bucket_logging(Bucket=create(s3, name), BucketLoggingStatus=logging)
    assert s3.get_bucket_logging(Bucket=name)["LoggingEnabled"] == logging["LoggingEnabled"]


@pytest.mark.fix("s3.py:statement_applies_on_its_condition")
def test_a_bucket_that_wants_tls_takes_objects(s3: Any, name: str) -> None:
    bucket = create(s3, name)
    refused = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
    plain = {**refused, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [plain]}))
    s3.put_object(Bucket=bucket, Key="one", Body=b"1")
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [plain, refused]}))
    with pytest.raises(s3.exceptions.ClientError):
        s3.put_object(Bucket=bucket, Key="two", Body=b"2")


@pytest.mark.fix("s3.py:replication_rules_read_back")
def test_replication_rules_read_back_whole(aws: Clients, s3: Any, name: str) -> None:
    target = create(aws("s3", OTHER_REGION), f"{name}-copy", OTHER_REGION)
    rule = {
        "ID": "copy",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": "files/"},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{target}",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:aws:kms:eu-west-1:123456789012:key/1"},
        },
    }
    configuration = {"Role": "arn:aws:iam::123456789012:role/copy", "Rules": [rule]}
    s3.put_bucket_replication(Bucket=create(s3, name), ReplicationConfiguration=configuration)
    assert s3.get_bucket_replication(Bucket=name)["ReplicationConfiguration"] == configuration


@pytest.mark.fix("s3.py:copies_need_no_checksum")
def test_an_object_is_copied_within_a_bucket_that_locks(s3: Any, name: str) -> None:
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}, ObjectLockEnabledForBucket=True
    )
    lock = {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}, "ObjectLockEnabled": "Enabled"}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    s3.put_object(Bucket=name, Key="state", Body=b"state")
    s3.copy_object(Bucket=name, Key="history", CopySource={"Bucket": name, "Key": "state"})
    assert s3.get_object(Bucket=name, Key="history")["Body"].read() == b"state"


@pytest.mark.fix("s3.py:versions_outlive_versioning")
def test_versions_are_deleted_one_by_one_after_versioning_is_suspended(s3: Any, name: str) -> None:
    bucket = create(s3, name)
    first = s3.put_object(Bucket=bucket, Key="bundle", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="bundle", Body=b"2")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="bundle")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    null = s3.delete_object(Bucket=bucket, Key="bundle")
    assert (null["VersionId"], null["DeleteMarker"]) == ("null", True)
    s3.delete_object(Bucket=bucket, Key="bundle", VersionId=first)
    left = s3.list_object_versions(Bucket=bucket)
    assert [version["VersionId"] for version in left["Versions"]] == [second]
    assert {each["VersionId"] for each in left["DeleteMarkers"]} == {marker, "null"}
    for version in (marker, "null", second):
        s3.delete_object(Bucket=bucket, Key="bundle", VersionId=version)
    s3.delete_bucket(Bucket=bucket)


SMALL_TOO = "varies_by_storage_class"


def moving(s3: Any, name: str) -> dict[str, Any]:
    """What a bucket says whose lifecycle moves objects of all sizes."""
    moved = {"ID": "ageing", "Status": "Enabled", "Filter": {"Prefix": ""}}
    moved |= {"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}
    s3.put_bucket_lifecycle_configuration(
        Bucket=create(s3, name), LifecycleConfiguration={"Rules": [moved]}, TransitionDefaultMinimumObjectSize=SMALL_TOO
    )
    return dict(s3.get_bucket_lifecycle_configuration(Bucket=name))


@pytest.mark.fix("s3.py:smallest_moved_object_is_remembered")
def test_a_lifecycle_remembers_which_objects_are_too_small_to_move(s3: Any, name: str) -> None:
    assert moving(s3, name)["TransitionDefaultMinimumObjectSize"] == SMALL_TOO


@pytest.mark.fix("s3.py:smallest_moved_object_reads_back")
def test_a_lifecycle_says_which_objects_are_too_small_to_move_and_its_rules(s3: Any, name: str) -> None:
    found = moving(s3, name)
    assert found["TransitionDefaultMinimumObjectSize"] == SMALL_TOO
    assert [rule["ID"] for rule in found["Rules"]] == ["ageing"]
