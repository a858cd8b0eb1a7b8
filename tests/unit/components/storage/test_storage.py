"""The buckets: private, encrypted, versioned, with lifecycle and access logs, and locked where required."""

from dataclasses import replace
from typing import Any

import pytest
from fake_cloud import FAKE_REGION, Cloud, deploy
from parts import NAMING, PROD, SITE, UNPROTECTED, ground

from components.site import Site
from components.storage.storage import DATA, DataRole, Storage, StorageArgs
from naming import DataClass, Naming

BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
RECORDED = ["trust", *DATA]
ROLES = ["logs", *RECORDED]


def storage_of(site: Site = SITE, home: Naming | None = None) -> Cloud[Storage]:
    args = StorageArgs(site=site, keys=ground().built.keys, settings=PROD.storage, home=home)
    return deploy(lambda: Storage("storage", args))


@pytest.fixture(scope="module")
def cloud() -> Cloud[Storage]:
    return storage_of()


def part(cloud: Cloud[Storage], kind: str, role: str) -> dict[str, Any]:
    """The inputs of the resource of a kind that belongs to a bucket."""
    (found,) = [r for r in cloud.of(kind) if r.name.startswith(f"storage-{role}-")]
    return found.inputs


def lifecycle_rule(cloud: Cloud[Storage], role: str, rule_id: str) -> dict[str, Any]:
    (found,) = [rule for rule in part(cloud, LIFECYCLE, role)["rules"] if rule["id"] == rule_id]
    return found


def statements(cloud: Cloud[Storage], role: str, effect: str) -> list[dict[str, Any]]:
    policy = cloud.one(POLICY, f"storage-{role}-policy").document()
    return [statement for statement in policy["Statement"] if statement["Effect"] == effect]


@pytest.mark.parametrize("role", ROLES)
def test_every_bucket_is_named_by_role_and_account_and_protected(cloud: Cloud[Storage], role: str) -> None:
    bucket = cloud.one(BUCKET, f"storage-{role}-bucket")
    assert bucket.inputs["bucket"] == NAMING.bucket(role)
    assert bucket.inputs["forceDestroy"] is False
    assert bucket.protect


def test_buckets_and_what_is_in_them_can_go_once_protection_is_lifted() -> None:
    cloud = storage_of(UNPROTECTED)
    assert not [resource.name for resource in cloud.resources if resource.protect]
    assert all(bucket.inputs["forceDestroy"] is True for bucket in cloud.of(BUCKET))


@pytest.mark.parametrize("role", DATA)
def test_data_is_encrypted_with_the_storage_key(cloud: Cloud[Storage], role: str) -> None:
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    (rule,) = part(cloud, kind, role)["rules"]
    assert rule["bucketKeyEnabled"] is True
    assert rule["applyServerSideEncryptionByDefault"] == {
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": cloud.value(ground().built.keys["storage"].arn),
    }


@pytest.mark.parametrize("role", ["logs", "trust"])
def test_what_a_balancer_writes_or_reads_is_encrypted_with_s3s_own_key(cloud: Cloud[Storage], role: str) -> None:
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    (rule,) = part(cloud, kind, role)["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


@pytest.mark.parametrize("role", ROLES)
def test_every_bucket_is_closed_to_the_public_and_to_access_lists(cloud: Cloud[Storage], role: str) -> None:
    block = part(cloud, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", role)
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(block[switch] is True for switch in switches)
    ownership = part(cloud, "aws:s3/bucketOwnershipControls:BucketOwnershipControls", role)
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize("role", ROLES)
def test_every_bucket_refuses_what_is_not_recent_tls(cloud: Cloud[Storage], role: str) -> None:
    arn = f"arn:aws:s3:::{NAMING.bucket(role)}"
    denials = statements(cloud, role, "Deny")
    assert [denial["Condition"] for denial in denials] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    ]
    for denial in denials:
        assert denial["Principal"] == {"AWS": "*"}
        assert denial["Action"] == "s3:*"
        assert denial["Resource"] == [arn, f"{arn}/*"]


@pytest.mark.parametrize("role", ROLES)
def test_no_bucket_lets_everyone_in(cloud: Cloud[Storage], role: str) -> None:
    assert all(set(statement["Principal"]) == {"Service"} for statement in statements(cloud, role, "Allow"))


@pytest.mark.parametrize("role", ROLES)
def test_every_bucket_keeps_old_versions_for_a_while(cloud: Cloud[Storage], role: str) -> None:
    versioning = part(cloud, "aws:s3/bucketVersioning:BucketVersioning", role)
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    leftovers = lifecycle_rule(cloud, role, "leftovers")
    assert leftovers["status"] == "Enabled"
    kept = PROD.storage.noncurrent_version_retention_days
    assert leftovers["noncurrentVersionExpiration"] == {"noncurrentDays": kept}
    assert leftovers["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


@pytest.mark.parametrize("role", ["uploads", "releases", "trust"])
def test_what_is_in_use_stays_for_good(cloud: Cloud[Storage], role: str) -> None:
    assert [rule["id"] for rule in part(cloud, LIFECYCLE, role)["rules"]] == ["leftovers"]


def test_logs_move_to_glacier_and_end(cloud: Cloud[Storage]) -> None:
    ageing = lifecycle_rule(cloud, "logs", "ageing")
    assert ageing["transitions"] == [{"days": PROD.storage.logs_glacier_after_days, "storageClass": "GLACIER"}]
    assert ageing["expiration"] == {"days": PROD.storage.logs_retention_days}
    # Small ones too, because most logs are small.
    assert part(cloud, LIFECYCLE, "logs")["transitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


@pytest.mark.parametrize("role", RECORDED)
def test_requests_are_recorded_where_the_log_lets_s3_write(cloud: Cloud[Storage], role: str) -> None:
    log = NAMING.bucket("logs")
    logging = cloud.one(LOGGING, f"storage-{role}-access-log")
    assert logging.inputs["targetBucket"] == log
    assert cloud.one(POLICY, "storage-logs-policy").urn in logging.depends_on
    written = f"arn:aws:s3:::{log}/{logging.inputs['targetPrefix']}*"
    (writer,) = [s for s in statements(cloud, "logs", "Allow") if s["Resource"] == written]
    # The form that the emulator accepts too: one service as a string, one resource as a string.
    assert writer["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert writer["Condition"] == {
        "StringEquals": {"aws:SourceAccount": NAMING.account_id},
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{NAMING.bucket(role)}"},
    }


def test_the_log_does_not_record_itself(cloud: Cloud[Storage]) -> None:
    assert {logging.name for logging in cloud.of(LOGGING)} == {f"storage-{role}-access-log" for role in RECORDED}


def test_balancers_of_the_account_can_write_their_log(cloud: Cloud[Storage]) -> None:
    service = {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    (writer,) = [s for s in statements(cloud, "logs", "Allow") if s["Principal"] == service]
    assert writer["Action"] == "s3:PutObject"
    assert writer["Resource"] == f"arn:aws:s3:::{NAMING.bucket('logs')}/*/AWSLogs/{NAMING.account_id}/*"


@pytest.mark.parametrize(
    ("role", "data_class"),
    [
        ("uploads", DataClass.PERSONAL),
        ("releases", DataClass.INTERNAL),
        ("logs", DataClass.PERSONAL),
        ("trust", DataClass.INTERNAL),
    ],
)
def test_tags_say_what_a_bucket_holds(cloud: Cloud[Storage], role: str, data_class: DataClass) -> None:
    tags = cloud.one(BUCKET, f"storage-{role}-bucket").inputs["tags"]
    assert tags["DataClass"] == data_class.value
    assert tags["Component"] == f"storage-{role}"


@pytest.mark.parametrize("role", DATA)
def test_data_buckets_are_handed_on_by_name_and_arn(cloud: Cloud[Storage], role: DataRole) -> None:
    bucket = cloud.built[role]
    assert cloud.value(bucket.name) == NAMING.bucket(role)
    assert cloud.value(bucket.arn) == f"arn:aws:s3:::{NAMING.bucket(role)}"


def test_where_another_stack_owns_the_data_only_logs_and_trust_are_declared() -> None:
    home = replace(NAMING, environment="home")
    cloud = storage_of(home=home)
    assert [bucket.name for bucket in cloud.of(BUCKET)] == ["storage-logs-bucket", "storage-trust-bucket"]
    storage = cloud.built
    for role in DATA:
        name = cloud.value(storage[role].name)
        assert name == f"askproai-home-{role}-replica-{NAMING.account_id}"
        assert cloud.value(storage[role].arn) == f"arn:aws:s3:::{name}"
    assert storage.data_key.alias == "alias/askproai-home-storage-replica"
    assert storage.data_key.arn == f"arn:aws:kms:{FAKE_REGION}:{NAMING.account_id}:key/*"
    writers = [s["Sid"] for s in statements(cloud, "logs", "Allow")]
    assert writers == ["LoadBalancers", "AccessLogOfTrust"]
