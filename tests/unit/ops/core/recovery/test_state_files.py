"""What an engine leaves in its backend: locks of the living and the dead, damaged states, and their backups."""

import gzip
import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.core.objects import Folder
from ops.core.recovery import locks
from ops.core.recovery.state_files import StateFile
from ops.errors import Exit, OpsError

NOBODY = 2**22 + 1
"""Above the largest process number that Linux gives."""


@pytest.fixture
def backend(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def lock(backend: Folder, **given: Any) -> None:
    content = {
        "pid": os.getpid(),
        "username": "ann",
        "hostname": socket.gethostname(),
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "123Z"),
        **given,
    }
    backend.write("locks/organization/askproai/prod/1.json", json.dumps(content).encode())


def held(backend: Folder) -> list[locks.Lock]:
    return locks.locks(backend, "askproai", "prod")


def state(resources: int, at: datetime, *, capital: bool = False) -> bytes:
    latest = {"manifest": {"time": at.isoformat()}, "resources": [{"urn": str(n)} for n in range(resources)]}
    return json.dumps({"version": 3, "checkpoint": {"Latest" if capital else "latest": latest}}).encode()


def at(minutes: int) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def test_a_lock_whose_engine_lives_is_left_and_its_holder_named(backend: Folder) -> None:
    lock(backend)
    with pytest.raises(OpsError, match=rf"ann@{socket.gethostname()} \(pid {os.getpid()}\)") as refused:
        locks.removable(held(backend), "prod", take=True)
    assert refused.value.exit_code is Exit.BUSY


def test_a_lock_of_a_process_that_is_gone_can_go(backend: Folder) -> None:
    lock(backend, pid=NOBODY)
    (dead,) = locks.removable(held(backend), "prod", take=False)
    locks.remove(backend, dead)
    assert held(backend) == []


def test_a_later_process_with_the_number_of_a_dead_engine_is_not_that_engine(backend: Folder) -> None:
    lock(backend, timestamp="2020-01-01T00:00:00Z")
    assert len(locks.removable(held(backend), "prod", take=False)) == 1


def test_a_lock_of_another_machine_goes_only_when_it_is_taken(backend: Folder) -> None:
    lock(backend, hostname="elsewhere", pid=NOBODY)
    with pytest.raises(OpsError, match="--take-lock") as refused:
        locks.removable(held(backend), "prod", take=False)
    assert refused.value.exit_code is Exit.BUSY
    assert len(locks.removable(held(backend), "prod", take=True)) == 1


def test_half_a_lock_is_a_dead_one(backend: Folder) -> None:
    backend.write("locks/organization/askproai/prod/1.json", b'{"pid":12')
    assert len(locks.removable(held(backend), "prod", take=False)) == 1


def test_locks_of_other_stacks_do_not_count(backend: Folder) -> None:
    backend.write("locks/organization/askproai/production/1.json", b"{}")
    assert held(backend) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "damaged (empty)"),
        (state(3, at(0))[:60], "damaged (cut off or not JSON"),
        (b"[]", "damaged (not a state of the engine)"),
        (state(3, at(0)), None),
        (state(3, at(0), capital=True), None),
    ],
)
def test_a_state_says_what_is_wrong_with_it(backend: Folder, content: bytes, problem: str | None) -> None:
    backend.write("stacks/askproai/prod.json", content)
    found = StateFile(backend, "askproai", "prod").problem()
    assert (found or "").startswith(problem or "")
    assert (found is None) == (problem is None)


def test_a_state_that_is_gone_is_missing_and_still_known(backend: Folder) -> None:
    file = StateFile(backend, "askproai", "prod")
    assert (file.problem(), file.known()) == ("missing", False)
    backend.write("backups/askproai/prod/prod.1.json", state(1, at(1)))
    assert file.known()


def test_the_newest_backup_that_can_be_read_takes_the_states_place(backend: Folder) -> None:
    backend.write("stacks/askproai/prod.json", b'{"version": 3, "chec')
    backend.write("stacks/askproai/prod.json.bak", b"{")
    backend.write("backups/askproai/prod/prod.1.json", state(5, at(90)))
    backend.write("backups/askproai/prod/prod.2.json", state(7, at(30)))
    backend.write("history/askproai/prod/prod-3.checkpoint.json", state(6, at(60)))
    file = StateFile(backend, "askproai", "prod")
    backup = file.newest_backup()
    assert backup is not None
    assert (str(backup), backup.resources) == ("backups/askproai/prod/prod.2.json, of 30 min ago", 7)
    aside = file.restore(backup)
    assert file.problem() is None
    assert aside is not None
    assert backend.read(aside) == b'{"version": 3, "chec'


def test_an_empty_backup_is_only_taken_where_there_is_no_other(backend: Folder) -> None:
    backend.write("backups/askproai/prod/prod.1.json", state(5, at(90)))
    backend.write("stacks/askproai/prod.json.bak", state(0, at(1)))
    backup = StateFile(backend, "askproai", "prod").newest_backup()
    assert backup is not None
    assert backup.resources == 5


def test_a_packed_backup_is_unpacked(backend: Folder) -> None:
    backend.write("stacks/askproai/prod.json.gz", b"not packed at all")
    backend.write("backups/askproai/prod/prod.1.json.gz", gzip.compress(state(5, at(5))))
    file = StateFile(backend, "askproai", "prod")
    assert (file.problem() or "").startswith("damaged (not readable")
    backup = file.newest_backup()
    assert backup is not None
    file.restore(backup)
    assert (file.key, file.problem()) == ("stacks/askproai/prod.json", None)


@pytest.mark.parametrize(("content", "alive"), [(b"", False), (b"{", False), (None, True)])
def test_the_draft_of_a_lock_is_a_lock(backend: Folder, content: bytes | None, alive: bool) -> None:
    """An engine that was killed before it renamed its lock keeps every other engine out."""
    lock(backend)
    whole = backend.read("locks/organization/askproai/prod/1.json") or b""
    backend.delete("locks/organization/askproai/prod/1.json")
    draft = "locks/organization/askproai/prod/1.json.18ebc618ab1cee02.tmp"
    backend.write(draft, whole if content is None else content)
    (found,) = held(backend)
    assert (found.key, found.alive) == (draft, alive)
    locks.remove(backend, found)
    assert held(backend) == []


@pytest.mark.parametrize("content", [None, b"", b'{"version": 3, "checkp'])
def test_outputs_of_a_state_that_cannot_be_read_are_those_of_its_backup(backend: Folder, content: bytes | None) -> None:
    stack = {"type": "pulumi:pulumi:Stack", "outputs": {"role": "standby"}}
    latest = {"manifest": {"time": at(1).isoformat()}, "resources": [{"type": "a:b:C"}, stack]}
    whole = json.dumps({"checkpoint": {"latest": latest}}).encode()
    file = StateFile(backend, "askproai", "prod")
    assert file.outputs() is None
    backend.write("stacks/askproai/prod.json.bak", whole)
    if content is not None:
        backend.write("stacks/askproai/prod.json", content)
    outputs, backup = file.outputs() or ({}, None)
    assert (outputs, backup and backup.key) == ({"role": "standby"}, "stacks/askproai/prod.json.bak")
    backend.write("stacks/askproai/prod.json", whole)
    assert file.outputs() == ({"role": "standby"}, None)


def test_attributes_that_were_cut_off_are_removed_and_nothing_else(backend: Folder) -> None:
    for key in ("stacks/askproai/prod.json", "stacks/askproai/dr.json", "meta.yaml"):
        backend.write(key, state(1, at(1)))
    backend.write("stacks/askproai/prod.json.attrs", b"")
    backend.write("stacks/askproai/prod.json.bak.attrs", b'{"md5":"1"}')
    backend.write("stacks/askproai/dr.json.attrs", b"")
    backend.write("meta.yaml.attrs", b'{"user.cache')
    file = StateFile(backend, "askproai", "prod")
    assert file.problem() is None
    assert file.broken_attributes() == ["meta.yaml.attrs", "stacks/askproai/prod.json.attrs"]
    file.mend_attributes()
    assert file.broken_attributes() == []
    assert backend.keys("stacks/", ".attrs") == ["stacks/askproai/dr.json.attrs", "stacks/askproai/prod.json.bak.attrs"]
