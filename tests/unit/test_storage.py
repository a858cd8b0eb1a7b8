"""The buckets: closed, encrypted, versioned, tidied up, recorded, and locked where it matters."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from fake_cloud import Cloud, deploy

from components.keys import Keys, KeysArgs
from components.storage import Storage, StorageArgs
from naming import DataClass, Naming
from settings import Settings

BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
DATA = ["uploads", "releases", "backups"]
RECORDED = ["trust", *DATA]
ROLES = ["logs", *RECORDED]


@dataclass(frozen=True)
class Ground:
    keys: Keys
    storage: Storage


def storage_of(prod: Settings, naming: Naming, *, protected: bool, home: Naming | None = None) -> Cloud[Ground]:
    def build() -> Ground:
        keys = Keys("keys", KeysArgs(naming=naming, region=prod.region, settings=prod.keys, protected=protected))
        args = StorageArgs(
            naming=naming, region=prod.region, keys=keys, settings=prod.storage, protected=protected, home=home
        )
        return Ground(keys, Storage("storage", args))

    return deploy(build)


@pytest.fixture(scope="module")
def cloud(prod: Settings, naming: Naming) -> Cloud[Ground]:
    return storage_of(prod, naming, protected=True)


def part(cloud: Cloud[Ground], kind: str, role: str) -> dict[str, Any]:
    """The inputs of the resource of a kind that belongs to a bucket."""
    (found,) = [r for r in cloud.of(kind) if r.name.startswith(f"storage-{role}-")]
    return found.inputs


def lifecycle_rule(cloud: Cloud[Ground], role: str, rule_id: str) -> dict[str, Any]:
    (found,) = [rule for rule in part(cloud, LIFECYCLE, role)["rules"] if rule["id"] == rule_id]
    return found


def statements(cloud: Cloud[Ground], role: str, effect: str) -> list[dict[str, Any]]:
    policy = cloud.one(POLICY, f"storage-{role}-policy").document()
    return [statement for statement in policy["Statement"] if statement["Effect"] == effect]


@pytest.mark.parametrize("role", ROLES)
def test_every_bucket_is_named_by_role_and_account_and_protected(
    cloud: Cloud[Ground], naming: Naming, role: str
) -> None:
    bucket = cloud.one(BUCKET, f"storage-{role}-bucket")
    assert bucket.inputs["bucket"] == naming.bucket(role)
    assert bucket.inputs["forceDestroy"] is False
    assert bucket.protect


def test_buckets_and_what_is_in_them_can_go_once_protection_is_lifted(prod: Settings, naming: Naming) -> None:
    cloud = storage_of(prod, naming, protected=False)
    assert not [resource.name for resource in cloud.resources if resource.protect]
    assert all(bucket.inputs["forceDestroy"] is True for bucket in cloud.of(BUCKET))


@pytest.mark.parametrize("role", DATA)
def test_data_is_encrypted_with_the_storage_key(cloud: Cloud[Ground], role: str) -> None:
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    (rule,) = part(cloud, kind, role)["rules"]
    assert rule["bucketKeyEnabled"] is True
    assert rule["applyServerSideEncryptionByDefault"] == {
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": cloud.value(cloud.built.keys.storage.arn),
    }


@pytest.mark.parametrize("role", ["logs", "trust"])
def test_what_a_balancer_writes_or_reads_is_encrypted_with_s3s_own_key(cloud: Cloud[Ground], role: str) -> None:
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    (rule,) = part(cloud, kind, role)["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


@pytest.mark.parametrize("role", ROLES)
def test_every_bucket_is_closed_to_the_public_and_to_access_lists(cloud: Cloud[Ground], role: str) -> None:
    block = part(cloud, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", role)
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(block[switch] is True for switch in switches)
    ownership = part(cloud, "aws:s3/bucketOwnershipControls:BucketOwnershipControls", role)
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize("role", ROLES)
def test_every_bucket_refuses_what_is_not_recent_tls(cloud: Cloud[Ground], naming: Naming, role: str) -> None:
    arn = f"arn:aws:s3:::{naming.bucket(role)}"
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
def test_no_bucket_lets_everyone_in(cloud: Cloud[Ground], role: str) -> None:
    assert all(set(statement["Principal"]) == {"Service"} for statement in statements(cloud, role, "Allow"))


@pytest.mark.parametrize("role", ROLES)
def test_every_bucket_keeps_old_versions_for_a_while(cloud: Cloud[Ground], prod: Settings, role: str) -> None:
    versioning = part(cloud, "aws:s3/bucketVersioning:BucketVersioning", role)
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    leftovers = lifecycle_rule(cloud, role, "leftovers")
    assert leftovers["status"] == "Enabled"
    kept = prod.storage.noncurrent_version_retention_days
    assert leftovers["noncurrentVersionExpiration"] == {"noncurrentDays": kept}
    assert leftovers["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


@pytest.mark.parametrize("role", ["uploads", "releases", "trust"])
def test_what_is_in_use_stays_for_good(cloud: Cloud[Ground], role: str) -> None:
    assert [rule["id"] for rule in part(cloud, LIFECYCLE, role)["rules"]] == ["leftovers"]


def test_logs_move_to_glacier_and_end(cloud: Cloud[Ground], prod: Settings) -> None:
    ageing = lifecycle_rule(cloud, "logs", "ageing")
    assert ageing["transitions"] == [{"days": prod.storage.logs_glacier_after_days, "storageClass": "GLACIER"}]
    assert ageing["expiration"] == {"days": prod.storage.logs_retention_days}


def test_backups_end_but_not_before_their_lock(cloud: Cloud[Ground], prod: Settings) -> None:
    ageing = lifecycle_rule(cloud, "backups", "ageing")
    assert ageing["expiration"] == {"days": prod.storage.backups_retention_days}
    assert "transitions" not in ageing
    (lock,) = cloud.of(LOCK)
    assert lock.inputs["rule"] == {
        "defaultRetention": {"mode": "COMPLIANCE", "days": prod.storage.backups_lock_days},
    }


def test_object_lock_is_on_for_backups_alone(cloud: Cloud[Ground]) -> None:
    locked = {bucket.name for bucket in cloud.of(BUCKET) if bucket.inputs.get("objectLockEnabled")}
    assert locked == {"storage-backups-bucket"}


@pytest.mark.parametrize("role", RECORDED)
def test_requests_are_recorded_where_the_log_lets_s3_write(cloud: Cloud[Ground], naming: Naming, role: str) -> None:
    log = naming.bucket("logs")
    logging = cloud.one(LOGGING, f"storage-{role}-access-log")
    assert logging.inputs["targetBucket"] == log
    assert cloud.one(POLICY, "storage-logs-policy").urn in logging.depends_on
    written = f"arn:aws:s3:::{log}/{logging.inputs['targetPrefix']}*"
    (writer,) = [s for s in statements(cloud, "logs", "Allow") if s["Resource"] == written]
    # The form that the emulator takes too: one service as a string, one resource as a string.
    assert writer["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert writer["Condition"] == {
        "StringEquals": {"aws:SourceAccount": naming.account_id},
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{naming.bucket(role)}"},
    }


def test_the_log_does_not_record_itself(cloud: Cloud[Ground]) -> None:
    assert {logging.name for logging in cloud.of(LOGGING)} == {f"storage-{role}-access-log" for role in RECORDED}


def test_balancers_of_the_account_can_write_their_log(cloud: Cloud[Ground], naming: Naming) -> None:
    service = {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    (writer,) = [s for s in statements(cloud, "logs", "Allow") if s["Principal"] == service]
    assert writer["Action"] == "s3:PutObject"
    assert writer["Resource"] == f"arn:aws:s3:::{naming.bucket('logs')}/*/AWSLogs/{naming.account_id}/*"


@pytest.mark.parametrize(
    ("role", "data_class"),
    [
        ("uploads", DataClass.PERSONAL),
        ("releases", DataClass.INTERNAL),
        ("logs", DataClass.PERSONAL),
        ("backups", DataClass.PERSONAL),
        ("trust", DataClass.INTERNAL),
    ],
)
def test_tags_say_what_a_bucket_holds(cloud: Cloud[Ground], role: str, data_class: DataClass) -> None:
    tags = cloud.one(BUCKET, f"storage-{role}-bucket").inputs["tags"]
    assert tags["DataClass"] == data_class.value
    assert tags["Component"] == f"storage-{role}"


@pytest.mark.parametrize("role", ROLES)
def test_buckets_are_given_on_by_name_and_arn(cloud: Cloud[Ground], naming: Naming, role: str) -> None:
    bucket = getattr(cloud.built.storage, role)
    assert cloud.value(bucket.name) == naming.bucket(role)
    assert cloud.value(bucket.arn) == f"arn:aws:s3:::{naming.bucket(role)}"


def test_where_another_stack_owns_the_data_only_logs_and_trust_are_declared(prod: Settings, naming: Naming) -> None:
    home = replace(naming, environment="home")
    cloud = storage_of(prod, naming, protected=True, home=home)
    assert [bucket.name for bucket in cloud.of(BUCKET)] == ["storage-logs-bucket", "storage-trust-bucket"]
    storage = cloud.built.storage
    for role in DATA:
        name = cloud.value(getattr(storage, role).name)
        assert name == f"askproai-home-{role}-replica-{naming.account_id}"
        assert cloud.value(getattr(storage, role).arn) == f"arn:aws:s3:::{name}"
    assert storage.data_key.alias == "alias/askproai-home-storage-replica"
    assert storage.data_key.arn == f"arn:aws:kms:{prod.region}:{naming.account_id}:key/*"
    writers = [s["Sid"] for s in statements(cloud, "logs", "Allow")]
    assert writers == ["LoadBalancers", "AccessLogOfTrust"]
