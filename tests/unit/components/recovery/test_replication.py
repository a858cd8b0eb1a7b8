"""The replication between the two regions: both ways, deletions only of uploads, and minimal permissions."""

from typing import Any

import pytest
from fake_cloud import Cloud
from regions import region
from stack_files import offsite_of, settings_of

from outputs import RegionOutputs

RULES = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
PROD = settings_of("prod")
OFFSITE = offsite_of("prod")
ROLES = ["uploads", "releases"]
WAYS = {"replication": (PROD.region, OFFSITE.region), "offsite-replication": (OFFSITE.region, PROD.region)}
"""Each direction's component, and the regions from which and to which it copies."""


@pytest.fixture(scope="module")
def cloud() -> Cloud[RegionOutputs]:
    return region("prod")


def bucket(where: str, role: str) -> str:
    return f"askproai-prod-{role}{'' if where == PROD.region else '-replica'}-{PROD.account_id}"


def key(cloud: Cloud[RegionOutputs], where: str) -> str:
    arn: str = cloud.exports["key_arns"]["storage"]
    return arn.replace(PROD.region, where)


def rule(cloud: Cloud[RegionOutputs], way: str, role: str) -> dict[str, Any]:
    [only] = cloud.one(RULES, f"{way}-{role}").inputs["rules"]
    return only


def rights(cloud: Cloud[RegionOutputs], way: str) -> list[dict[str, Any]]:
    document = cloud.one("aws:iam/rolePolicy:RolePolicy", f"{way}-rights").document()
    statements: list[dict[str, Any]] = document["Statement"]
    return statements


def right(cloud: Cloud[RegionOutputs], way: str, action: str) -> dict[str, Any]:
    [only] = [statement for statement in rights(cloud, way) if action in statement["Action"]]
    return only


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("way", WAYS)
def test_each_bucket_is_copied_to_its_twin_under_the_key_of_the_other_region(
    cloud: Cloud[RegionOutputs], way: str, role: str
) -> None:
    source, target = WAYS[way]
    assert cloud.one(RULES, f"{way}-{role}").inputs["bucket"] == bucket(source, role)
    destination = rule(cloud, way, role)["destination"]
    assert destination["bucket"] == f"arn:aws:s3:::{bucket(target, role)}"
    assert destination["encryptionConfiguration"] == {"replicaKmsKeyId": key(cloud, target)}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("way", WAYS)
def test_everything_is_copied_but_deletions_only_where_customers_erase(
    cloud: Cloud[RegionOutputs], way: str, role: str
) -> None:
    copied = rule(cloud, way, role)
    assert (copied["status"], copied["filter"]) == ("Enabled", {"prefix": ""})
    assert copied["deleteMarkerReplication"] == {"status": "Enabled" if role == "uploads" else "Disabled"}
    assert copied["sourceSelectionCriteria"] == {
        "replicaModifications": {"status": "Enabled"},
        "sseKmsEncryptedObjects": {"status": "Enabled"},
    }


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("way", WAYS)
def test_s3_promises_a_time_and_tells_whether_it_is_kept(cloud: Cloud[RegionOutputs], way: str, role: str) -> None:
    destination = rule(cloud, way, role)["destination"]
    assert destination["replicationTime"] == {"status": "Enabled", "time": {"minutes": 15}}
    assert destination["metrics"] == {"status": "Enabled", "eventThreshold": {"minutes": 15}}
    assert PROD.recovery is not None
    assert PROD.recovery.rpo_minutes >= 15


@pytest.mark.parametrize("way", WAYS)
def test_a_rule_waits_for_both_versionings_and_for_the_rights(cloud: Cloud[RegionOutputs], way: str) -> None:
    awaited = {urn.rpartition("::")[2] for urn in cloud.one(RULES, f"{way}-uploads").depends_on}
    assert {"storage-uploads-versioning", "offsite-storage-uploads-versioning", f"{way}-rights"} <= awaited


@pytest.mark.parametrize("way", WAYS)
def test_a_role_reads_one_side_and_writes_the_other(cloud: Cloud[RegionOutputs], way: str) -> None:
    source, target = WAYS[way]
    sources, targets = ([f"arn:aws:s3:::{bucket(where, role)}" for role in ROLES] for where in (source, target))
    assert right(cloud, way, "s3:ListBucket")["Resource"] == sources
    assert right(cloud, way, "s3:GetObjectVersionForReplication")["Resource"] == [f"{arn}/*" for arn in sources]
    assert right(cloud, way, "s3:ReplicateObject")["Resource"] == [f"{arn}/*" for arn in targets]


@pytest.mark.parametrize("way", WAYS)
def test_a_role_decrypts_what_it_reads_and_encrypts_what_it_writes(cloud: Cloud[RegionOutputs], way: str) -> None:
    for action, where in zip(("kms:Decrypt", "kms:Encrypt"), WAYS[way], strict=True):
        used = right(cloud, way, action)
        assert used["Resource"] == key(cloud, where)
        assert used["Condition"]["StringEquals"] == {"kms:ViaService": f"s3.{where}.amazonaws.com"}
        arns = [f"arn:aws:s3:::{bucket(where, role)}" for role in ROLES]
        context = used["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
        assert context == [*arns, *(f"{arn}/*" for arn in arns)]


@pytest.mark.parametrize("way", WAYS)
def test_no_role_can_delete_for_good_or_do_what_has_no_name(cloud: Cloud[RegionOutputs], way: str) -> None:
    actions = {action for statement in rights(cloud, way) for action in statement["Action"]}
    assert [action for action in actions if "Delete" in action or "*" in action] == ["s3:ReplicateDelete"]
    assert right(cloud, way, "s3:ReplicateDelete")["Resource"] == [f"arn:aws:s3:::{bucket(WAYS[way][1], 'uploads')}/*"]
    assert "*" not in {resource for s in rights(cloud, way) for resource in s["Resource"]}


@pytest.mark.parametrize("way", WAYS)
def test_s3_alone_takes_the_role(cloud: Cloud[RegionOutputs], way: str) -> None:
    role = cloud.one("aws:iam/role:Role", f"{way}-role")
    [trust] = role.document("assumeRolePolicy")["Statement"]
    assert trust["Principal"] == {"Service": "s3.amazonaws.com"}
    assert {cloud.one(RULES, f"{way}-{bucket_role}").inputs["role"] for bucket_role in ROLES} == {
        f"arn:aws:iam::{PROD.account_id}:role/{role.inputs['name']}"
    }
