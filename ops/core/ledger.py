"""The history of operations, and the current one with its lock: stored beside the engine's state, outside the region
that may be lost."""

import getpass
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.core.lease import WATCH_SECONDS, Lease, as_json, is_renewed, lives
from ops.core.objects import Objects, objects
from ops.core.steps import say
from ops.errors import Exit, OpsError

Record = dict[str, Any]

HISTORY = "history/"
BOOT_TOLERANCE_SECONDS = 60.0
"""The boot time is computed from the clock, which may have been set since."""
TAKE_OVER_ATTEMPTS = 3


def operator() -> str:
    """Who runs the command: user@host."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class Ledger:
    """Running operations (`put`, updated as they continue) and the history (`append`, never changed)."""

    def __init__(self, kept: Objects | None = None) -> None:
        self._kept = kept or objects()
        self._lease: Lease | None = None

    def get(self, key: str) -> Record | None:
        """A record, None if it does not exist."""
        content = self._kept.read(f"{key}.json")
        return None if content is None else dict(json.loads(content))

    def put(self, key: str, record: Record) -> None:
        """Write a record, replacing an existing one."""
        self._kept.write(f"{key}.json", as_json(record))

    def delete(self, key: str) -> None:
        """Delete a record."""
        self._kept.delete(f"{key}.json")

    def append(self, kind: str, record: Record) -> Record:
        """Add a record to the history, with the user and the time."""
        now = datetime.now(UTC)
        complete = {**record, "kind": kind, "by": operator(), "at": now.isoformat()}
        self.put(f"{HISTORY}{now:%Y%m%dT%H%M%S.%f}-{kind}", complete)
        return complete

    @contextmanager
    def hold(self, name: str, take_over: str | None = None) -> Iterator[None]:
        """Hold a lock while the body runs; the lock of a dead process of this machine is taken with a note.

        `take_over` names a holder whose lock may also be taken, once it is no longer renewed. Raises OpsError BUSY,
        which names the holder.
        """
        key = f"locks/{name}.json"
        lease = Lease(self._kept, key, _holder())
        for _ in range(TAKE_OVER_ATTEMPTS):
            if self._kept.swap(key, None, lease.content):
                break
            theirs = self._kept.read(key)
            if theirs is None:
                continue
            # The lock is ours if S3's answer to the first attempt was lost and the SDK retried.
            if not lease.owns(theirs):
                self._take(key, theirs, lease.content, take_over)
            break
        else:
            raise OpsError(f"another command is just taking or releasing the lock {name}; try again", Exit.BUSY)
        self._lease = lease
        lease.begin()
        try:
            yield
        finally:
            self._lease = None
            lease.give_back()

    def holder(self, name: str) -> str:
        """Who holds a lock, since when, and when that command was last seen alive; empty if nobody does any more."""
        found = self.get(f"locks/{name}")
        return "".join(_told(found)) if found and not _dead(found) else ""

    def require_hold(self) -> None:
        """Raise OpsError (BUSY) if another command has taken over this one's lock."""
        if self._lease is None:
            return
        theirs = self._kept.read(self._lease.key)
        if not (theirs and self._lease.owns(theirs)):
            who = json.loads(theirs)["holder"] if theirs else "another command, which has ended"
            raise OpsError(f"{who} took over: this command stops here", Exit.BUSY)

    def _take(self, key: str, theirs: bytes, mine: bytes, take_over: str | None) -> None:
        record = json.loads(theirs)
        who, seen = _told(record)
        if _dead(record):
            say(f"the last command of {who} was killed; taking over from it")
        elif _of_this_machine(record):
            raise OpsError(f"{who} is running a command on this machine; wait until it has ended", Exit.BUSY)
        elif take_over != record["holder"]:
            raise OpsError(
                f"{who} is running a command{seen}; wait, or once it has ended, take over with --take-over "
                f"{record['holder']}",
                Exit.BUSY,
            )
        else:
            say(f"taking over from {who}{seen}: watching for {WATCH_SECONDS} s whether that command is still running")
            if is_renewed(self._kept, key, theirs):
                raise OpsError(f"{who} is still running: wait until that command has ended, or stop it", Exit.BUSY)
        if not self._kept.swap(key, theirs, mine):
            raise OpsError("another operator took over first; try again", Exit.BUSY)


def _told(record: Record) -> tuple[str, str]:
    """The holder of a lock, and when that command was last seen alive."""
    seen = f", last seen alive {record['renewed'][11:19]} UTC" if "renewed" in record else ""
    return f"{record['holder']} (pid {record['pid']}) since {record['since']}", seen


def _holder() -> Record:
    import psutil

    return {
        "holder": operator(),
        "pid": os.getpid(),
        "machine": _machine(),
        "boot": round(psutil.boot_time()),
        "started": psutil.Process().create_time(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "hold": uuid.uuid4().hex,
    }


def _machine() -> str:
    """This machine, as the scope of process numbers: containers and laptops with the same name have other network
    cards."""
    with suppress(OSError):
        return f"{socket.gethostname()} {uuid.getnode():012x} {Path('/proc/self/ns/pid').readlink()}"
    return f"{socket.gethostname()} {uuid.getnode():012x}"


def _of_this_machine(record: Record) -> bool:
    return record.get("machine") == _machine()


def _dead(record: Record) -> bool:
    """Whether the holder was a process of this machine that no longer runs."""
    import psutil

    if not _of_this_machine(record):
        return False
    same_boot = abs(record["boot"] - psutil.boot_time()) <= BOOT_TOLERANCE_SECONDS
    return not (same_boot and lives(record["pid"], record["started"]))
