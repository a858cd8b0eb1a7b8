"""The ledger: records of decisions, and a lock that names its holder."""

import json
import os
import socket
import time
from pathlib import Path

import psutil
import pytest

from ops.core import lease
from ops.core.ledger import Ledger, operator
from ops.core.objects import Folder, backend_url, objects
from ops.errors import Exit, OpsError

LOCK = "locks/platform.json"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr(lease, "WATCH_SECONDS", 1)
    monkeypatch.setattr(lease.time, "sleep", at_once)
    return Folder(tmp_path / ".askproai")


def at_once(_: float) -> None:
    """Wait for nothing."""


def lock_of(holder: str, pid: int, **other: object) -> bytes:
    return json.dumps({"holder": holder, "pid": pid, "since": "2030-01-01T00:00:00+00:00", **other}).encode()


def lock_of_this_machine(kept: Folder, **other: object) -> bytes:
    """The lock that a command of another process here would hold."""
    with Ledger(kept).hold("platform"):
        mine = json.loads(kept.read(LOCK) or b"")
    return json.dumps(mine | {"holder": f"ann@{socket.gethostname()}", "started": 0.0} | other).encode()


def lock_of_this_machine_renewed(theirs: bytes) -> bytes:
    return json.dumps(json.loads(theirs) | {"renewed": "2030-01-01T02:41:15.000+00:00"}).encode()


def test_a_second_operator_is_refused_with_the_name_of_the_first(kept: Folder) -> None:
    with Ledger(kept).hold("platform"), pytest.raises(OpsError) as busy, Ledger(kept).hold("platform"):
        pytest.fail("two hold the lock")
    assert busy.value.exit_code is Exit.BUSY
    assert f"{operator()} (pid {os.getpid()})" in busy.value.message


def test_a_holder_that_is_seen_to_live_is_not_taken_over_from(kept: Folder) -> None:
    first, second = Ledger(kept).hold("platform"), Ledger(kept).hold("platform", take_over=operator())
    with first, pytest.raises(OpsError, match="a command on this machine"), second:
        pytest.fail("two hold the lock")


def test_a_lock_is_given_back_whatever_ends_its_holder(kept: Folder) -> None:
    with pytest.raises(KeyboardInterrupt), Ledger(kept).hold("platform"):
        raise KeyboardInterrupt
    assert kept.read(LOCK) is None


@pytest.mark.parametrize("other", [{}, {"boot": 0, "started": psutil.Process().create_time()}])
def test_a_holder_of_this_machine_that_was_killed_or_of_before_its_boot_loses_the_lock_with_a_note(
    kept: Folder, capsys: pytest.CaptureFixture[str], other: dict[str, object]
) -> None:
    kept.write(LOCK, lock_of_this_machine(kept, **other))
    assert Ledger(kept).holder("platform") == ""
    with Ledger(kept).hold("platform"):
        content = kept.read(LOCK)
    assert content is not None
    assert json.loads(content)["holder"] == operator()
    assert "the last command of ann@" in capsys.readouterr().out


def test_a_holder_of_another_machine_keeps_the_lock_until_named(kept: Folder) -> None:
    kept.write(LOCK, lock_of("ann@elsewhere", 1))
    with pytest.raises(OpsError, match=r"ann@elsewhere .* --take-over ann@elsewhere"), Ledger(kept).hold("platform"):
        pytest.fail("the lock was taken")
    with pytest.raises(OpsError), Ledger(kept).hold("platform", take_over="bob@elsewhere"):
        pytest.fail("the lock was taken from another")
    with Ledger(kept).hold("platform", take_over="ann@elsewhere"):
        assert kept.read(LOCK) is not None


def test_a_holder_that_lives_is_not_taken_over_from_though_it_is_named(
    kept: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its renewals of the lock are observed; its clock does not matter."""
    theirs = lock_of_this_machine(kept, machine="another", hold="theirs", renewed="2030-01-01T02:41:00.000+00:00")
    kept.write(LOCK, theirs)

    def renews(_: float) -> None:
        kept.write(LOCK, lock_of_this_machine_renewed(theirs))

    monkeypatch.setattr(lease.time, "sleep", renews)
    holder = json.loads(theirs)["holder"]
    with (
        pytest.raises(OpsError, match="is still running: wait") as busy,
        Ledger(kept).hold("platform", take_over=holder),
    ):
        pytest.fail("two hold the lock")
    assert busy.value.exit_code is Exit.BUSY
    with pytest.raises(OpsError, match="last seen alive 02:41:15 UTC"), Ledger(kept).hold("platform"):
        pytest.fail("two hold the lock")


def test_a_lease_is_renewed_until_it_is_given_back_or_taken(kept: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.001)
    ledger = Ledger(kept)
    with ledger.hold("platform"):
        first = kept.read(LOCK)
        deadline = time.monotonic() + 60
        while (renewed := kept.read(LOCK)) == first:
            assert time.monotonic() < deadline
        ledger.require_hold()
        theirs = lock_of("bob@elsewhere", 1, hold="theirs")
        # Atomically, like a takeover: a renewal may happen at any time.
        while not kept.swap(LOCK, kept.read(LOCK), theirs):
            assert time.monotonic() < deadline
    assert renewed is not None
    assert kept.read(LOCK) == theirs


def test_a_renewal_whose_answer_was_lost_loses_no_lease(kept: Folder) -> None:
    mine = lease.Lease(kept, LOCK, {"holder": "me", "hold": "mine"})
    kept.write(LOCK, lease.as_json({"holder": "me", "hold": "mine", "renewed": "later"}))
    mine.renew()
    mine.give_back()
    assert kept.read(LOCK) is None


@pytest.mark.parametrize("other", [{"machine": "another of this name"}, {"machine": None}])
def test_a_machine_of_the_same_name_is_not_this_one(kept: Folder, other: dict[str, object]) -> None:
    kept.write(LOCK, lock_of_this_machine(kept, **other))
    with pytest.raises(OpsError, match=r"ann@.* --take-over ann@"), Ledger(kept).hold("platform"):
        pytest.fail("the lock was taken")


def test_a_command_that_was_taken_over_from_stops_before_its_next_change(kept: Folder) -> None:
    ledger = Ledger(kept)
    ledger.require_hold()
    with ledger.hold("platform"):
        ledger.require_hold()
        theirs = lock_of("bob@elsewhere", 1)
        kept.write(LOCK, theirs)
        with pytest.raises(OpsError, match="bob@elsewhere took over") as busy:
            ledger.require_hold()
    assert busy.value.exit_code is Exit.BUSY
    assert kept.read(LOCK) == theirs


def test_a_lock_that_changed_hands_meanwhile_is_not_taken(kept: Folder) -> None:
    theirs = lock_of(f"ann@{socket.gethostname()}", os.getpid())
    kept.write(LOCK, b"another")
    assert kept.swap(LOCK, theirs, b"mine") is False
    assert kept.swap(LOCK, None, b"mine") is False
    assert kept.read(LOCK) == b"another"


def test_the_history_says_what_was_decided_by_whom_and_when(kept: Folder) -> None:
    ledger = Ledger(kept)
    for kind, record in (("waiver", {"reason": "lost"}), ("flip", {"to": "dr"})):
        ledger.append(kind, record)
    first, second = (json.loads(kept.read(key) or b"") for key in kept.keys("history/"))
    assert (first["kind"], first["reason"], first["by"]) == ("waiver", "lost", operator())
    assert (second["kind"], second["to"], second["at"] > first["at"]) == ("flip", "dr", True)


def test_a_record_is_put_read_and_forgotten(kept: Folder) -> None:
    ledger = Ledger(kept)
    assert ledger.get("under-way") is None
    ledger.put("under-way", {"to": "dr"})
    assert (ledger.get("under-way"), kept.keys("")) == ({"to": "dr"}, ["under-way.json"])
    ledger.delete("under-way")
    assert ledger.get("under-way") is None


def test_the_backend_is_found_as_the_engine_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    with pytest.raises(OpsError, match="pulumi login"):
        backend_url()
    (tmp_path / "credentials.json").write_text(json.dumps({"current": "s3://last-login"}))
    assert backend_url() == "s3://last-login"
    (tmp_path / "Pulumi.yaml").write_text("name: askproai\nbackend:\n  url: s3://of-the-project\n")
    assert backend_url() == "s3://of-the-project"
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://of-the-shell")
    assert backend_url() == "s3://of-the-shell"


def test_a_backend_that_is_no_folder_and_no_bucket_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
    with pytest.raises(OpsError, match="no folder"):
        objects()
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://state?awssdk=v2")
    with pytest.raises(OpsError, match="names no region"):
        objects()
