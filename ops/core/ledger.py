"""What operators did, and who is at it now: kept where the engine's state is, outside the region that may be lost."""

import getpass
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from ops.core.objects import Objects, objects
from ops.core.steps import say
from ops.errors import Exit, OpsError

Record = dict[str, Any]

HISTORY = "history/"
STARTED_TOLERANCE_SECONDS = 2.0
TAKE_OVER_ATTEMPTS = 3


def operator() -> str:
    """Who runs the command: user@host."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class Ledger:
    """Operations under way (`put`, changed as they go on) and the history (`append`, never changed)."""

    def __init__(self, kept: Objects | None = None) -> None:
        self._kept = kept or objects()

    def get(self, key: str) -> Record | None:
        """A record, None where there is none."""
        content = self._kept.read(f"{key}.json")
        return None if content is None else dict(json.loads(content))

    def put(self, key: str, record: Record) -> None:
        """Write a record, whatever was there."""
        self._kept.write(f"{key}.json", _json(record))

    def delete(self, key: str) -> None:
        """Forget a record."""
        self._kept.delete(f"{key}.json")

    def append(self, kind: str, record: Record) -> Record:
        """Add a record to the history, with who and when."""
        now = datetime.now(UTC)
        complete = {**record, "kind": kind, "by": operator(), "at": now.isoformat()}
        self.put(f"{HISTORY}{now:%Y%m%dT%H%M%S.%f}-{kind}", complete)
        return complete

    @contextmanager
    def hold(self, name: str, take_over: str | None = None) -> Iterator[None]:
        """Hold a lock while the body runs; a dead process of this machine loses it with a note.

        `take_over` names the holder whose lock may be taken as well. Raises OpsError BUSY, which names the holder.
        """
        key = f"locks/{name}.json"
        mine = _json(_holder())
        for _ in range(TAKE_OVER_ATTEMPTS):
            if self._kept.swap(key, None, mine):
                break
            theirs = self._kept.read(key)
            if theirs is None:
                continue
            # It is mine where S3's answer to the first try was lost, and the SDK tried again.
            if theirs != mine:
                self._take(key, theirs, mine, take_over)
            break
        else:
            raise OpsError(f"the lock {name} changes hands; try again", Exit.BUSY)
        try:
            yield
        finally:
            self._kept.swap(key, mine, None)

    def _take(self, key: str, theirs: bytes, mine: bytes, take_over: str | None) -> None:
        record = json.loads(theirs)
        who = f"{record['holder']} (pid {record['pid']}) since {record['since']}"
        if _dead(record):
            say(f"the last command of {who} was killed; going on in its place")
        elif _of_this_machine(record):
            raise OpsError(f"{who} is at work on this machine; wait until that command has ended", Exit.BUSY)
        elif take_over != record["holder"]:
            raise OpsError(
                f"{who} is at work; wait, or take over with --take-over {record['holder']} once that command has ended",
                Exit.BUSY,
            )
        else:
            say(f"taking over from {who}")
        if not self._kept.swap(key, theirs, mine):
            raise OpsError("another operator took over first; try again", Exit.BUSY)


def _holder() -> Record:
    import psutil

    return {
        "holder": operator(),
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "hold": uuid.uuid4().hex,
    }


def _of_this_machine(record: Record) -> bool:
    return str(record["holder"]).rpartition("@")[2] == socket.gethostname()


def _dead(record: Record) -> bool:
    """Whether the holder was a process of this machine that is gone."""
    import psutil

    if not _of_this_machine(record):
        return False
    try:
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["started"]) < STARTED_TOLERANCE_SECONDS
        return not same or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _json(record: Record) -> bytes:
    return (json.dumps(record, indent=2, sort_keys=True) + "\n").encode()
