"""The operators' records in a bucket, as they are where the state backend is S3."""

import json
from collections.abc import Iterator

import pytest

from ops.core.ledger import Ledger
from ops.core.objects import Bucket
from ops.errors import OpsError
from tests.emulator.emulated import REGION, Clients
from tests.emulator.operators import operating


@pytest.fixture
def bucket(aws_bucket: str, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with operating(endpoint, monkeypatch):
        yield Bucket(aws_bucket, ".askproai", REGION)


@pytest.fixture
def aws_bucket(aws: Clients, name: str) -> str:
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_an_object_is_made_once_changed_by_who_knows_it_and_removed(bucket: Bucket) -> None:
    assert bucket.swap("locks/a.json", None, b"mine") is True
    assert bucket.swap("locks/a.json", None, b"theirs") is False
    assert bucket.swap("locks/a.json", b"another", b"theirs") is False
    assert bucket.swap("locks/a.json", b"mine", b"theirs") is True
    assert (bucket.read("locks/a.json"), bucket.keys("locks/")) == (b"theirs", ["locks/a.json"])
    assert bucket.swap("locks/a.json", b"theirs", None) is True
    assert (bucket.read("locks/a.json"), bucket.keys("")) == (None, [])


def test_two_who_saw_nothing_do_not_both_make_it(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.write("locks/a.json", b"theirs")

    def nothing(key: str) -> tuple[None, None]:
        return None, None

    monkeypatch.setattr(bucket, "_read", nothing)
    assert bucket.swap("locks/a.json", None, b"mine") is False


def test_what_changed_hands_meanwhile_is_not_removed(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its former holder ends late: it read the lock while it still held it."""
    bucket.write("locks/a.json", b"mine")
    before = bucket._read("locks/a.json")
    bucket.write("locks/a.json", b"theirs")

    def late(key: str) -> tuple[bytes | None, str | None]:
        return before

    with monkeypatch.context() as patch:
        patch.setattr(bucket, "_read", late)
        assert bucket.swap("locks/a.json", b"mine", None) is False
    assert bucket.read("locks/a.json") == b"theirs"


def test_the_ledger_holds_its_lock_and_history_there(bucket: Bucket) -> None:
    ledger = Ledger(bucket)
    with (
        ledger.hold("platform"),
        pytest.raises(OpsError, match="is running a command"),
        Ledger(bucket).hold("platform"),
    ):
        pytest.fail("two hold the lock")
    ledger.append("waiver", {"reason": "lost"})
    (key,) = bucket.keys("history/")
    assert json.loads(bucket.read(key) or b"")["kind"] == "waiver"
