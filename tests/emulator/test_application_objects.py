"""Objects in the sandbox follow the replication that their bucket declares."""

import pytest

from sandbox.application.objects import Objects
from tests.emulator.declared import OwnBuckets, bucket, replicate
from tests.emulator.emulated import OTHER_REGION, REGION, Clients


@pytest.fixture
def objects(endpoint: str, name: str) -> Objects:
    return Objects(OwnBuckets(endpoint, name))


@pytest.fixture
def buckets(aws: Clients, name: str) -> tuple[str, str]:
    """Two buckets in two regions, each the other's destination."""
    pair = bucket(aws, f"{name}-one", REGION), bucket(aws, f"{name}-two", OTHER_REGION)
    replicate(aws, *pair)
    replicate(aws, *reversed(pair))
    return pair


def contents(aws: Clients, name: str) -> list[tuple[str, str]]:
    """Key and text of every version."""
    s3 = aws("s3")
    versions = s3.list_object_versions(Bucket=name).get("Versions", [])
    return [
        (v["Key"], s3.get_object(Bucket=name, Key=v["Key"], VersionId=v["VersionId"])["Body"].read().decode())
        for v in versions
    ]


def test_every_version_is_copied_once_in_either_direction(
    aws: Clients, objects: Objects, buckets: tuple[str, str]
) -> None:
    one, two = buckets
    aws("s3").put_object(Bucket=one, Key="a", Body=b"1")
    aws("s3").put_object(Bucket=one, Key="a", Body=b"2")
    aws("s3", OTHER_REGION).put_object(Bucket=two, Key="b", Body=b"3")
    for _ in range(3):
        objects.copy(set(), 0)
    assert sorted(contents(aws, one)) == [("a", "1"), ("a", "2"), ("b", "3")] == sorted(contents(aws, two))
    assert aws("s3", OTHER_REGION).get_object(Bucket=two, Key="a")["Body"].read() == b"2"


def test_an_object_waits_for_the_lag(aws: Clients, objects: Objects, buckets: tuple[str, str]) -> None:
    one, two = buckets
    aws("s3").put_object(Bucket=one, Key="a", Body=b"1")
    objects.copy(set(), 3600)
    assert contents(aws, two) == []


@pytest.mark.parametrize("lost", [REGION, OTHER_REGION])
def test_nothing_is_copied_while_a_region_is_lost(
    aws: Clients, objects: Objects, buckets: tuple[str, str], lost: str
) -> None:
    one, two = buckets
    aws("s3").put_object(Bucket=one, Key="a", Body=b"1")
    objects.copy({lost}, 0)
    assert contents(aws, two) == []


def test_a_deletion_stays_where_it_is(aws: Clients, objects: Objects, buckets: tuple[str, str]) -> None:
    one, two = buckets
    aws("s3").put_object(Bucket=one, Key="a", Body=b"1")
    objects.copy(set(), 0)
    aws("s3").delete_object(Bucket=one, Key="a")
    objects.copy(set(), 0)
    assert contents(aws, two) == [("a", "1")]
    assert aws("s3", OTHER_REGION).list_objects_v2(Bucket=two)["KeyCount"] == 1


def test_a_deletion_is_copied_where_the_rule_says_so_and_a_later_version_follows(
    aws: Clients, objects: Objects, buckets: tuple[str, str]
) -> None:
    one, two = buckets
    replicate(aws, *buckets, deletions=True)
    aws("s3").put_object(Bucket=one, Key="a", Body=b"1")
    objects.copy(set(), 0)
    aws("s3").delete_object(Bucket=one, Key="a")
    for _ in range(2):
        objects.copy(set(), 0)
    there = aws("s3", OTHER_REGION)
    assert there.list_objects_v2(Bucket=two)["KeyCount"] == 0
    assert len(there.list_object_versions(Bucket=two)["DeleteMarkers"]) == 1
    assert contents(aws, two) == [("a", "1")]
    aws("s3").put_object(Bucket=one, Key="a", Body=b"2")
    objects.copy(set(), 0)
    assert there.get_object(Bucket=two, Key="a")["Body"].read() == b"2"


def test_what_is_deleted_for_good_is_not_brought_back(aws: Clients, objects: Objects, buckets: tuple[str, str]) -> None:
    one, two = buckets
    version = aws("s3").put_object(Bucket=one, Key="a", Body=b"1")["VersionId"]
    objects.copy(set(), 0)
    aws("s3").delete_object(Bucket=one, Key="a", VersionId=version)
    objects.copy(set(), 0)
    assert (contents(aws, one), contents(aws, two)) == ([], [("a", "1")])


def test_what_is_there_when_the_application_starts_is_not_copied_again(
    aws: Clients, endpoint: str, name: str, objects: Objects, buckets: tuple[str, str]
) -> None:
    one, two = buckets
    aws("s3").put_object(Bucket=one, Key="a", Body=b"1")
    assert objects.copy(set(), 0) == 1
    assert Objects(OwnBuckets(endpoint, name)).copy(set(), 0) == 0
    assert contents(aws, two) == [("a", "1")]


def test_a_bucket_without_replication_keeps_its_objects(aws: Clients, objects: Objects, name: str) -> None:
    alone = bucket(aws, name, REGION)
    aws("s3").put_object(Bucket=alone, Key="a", Body=b"1")
    objects.copy(set(), 0)
    assert contents(aws, alone) == [("a", "1")]
