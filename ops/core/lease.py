"""A lock's lease: renewed while its holder runs, which distinguishes a lock in use from that of a dead holder."""

import json
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from ops.core.objects import Objects

STARTED_TOLERANCE_SECONDS = 2.0
RENEW_SECONDS = 15.0
WATCH_SECONDS = 40
"""Our choice: two renewals, and a network interruption that loses one."""


class Lease:
    """A held lock, under `key`: `record` contains the holder, and a unique `hold`."""

    def __init__(self, kept: Objects, key: str, record: Mapping[str, Any]) -> None:
        self.key, self._kept, self._record = key, kept, record
        self.content = self._now()
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def begin(self) -> None:
        """Renew it from now on until it is released."""
        threading.Thread(target=self._run, daemon=True, name="lease").start()

    def renew(self) -> None:
        """Renew the lease, unless this process is no longer the holder."""
        with self._lock:
            if self._ended.is_set():
                return
            content = self._now()
            if self._kept.swap(self.key, self.content, content):
                self.content = content
            elif (theirs := self._kept.read(self.key)) and self.owns(theirs):
                # S3's answer to the last renewal was lost.
                self.content = theirs

    def give_back(self) -> None:
        """Release it, unless another process has taken it."""
        with self._lock:
            self._ended.set()
            self._kept.swap(self.key, self.content, None)

    def owns(self, content: bytes) -> bool:
        """Whether a lock's content is this lease, however often renewed."""
        return bool(json.loads(content).get("hold") == self._record["hold"])

    def _now(self) -> bytes:
        return as_json({**self._record, "renewed": datetime.now(UTC).isoformat(timespec="milliseconds")})

    def _run(self) -> None:
        while not self._ended.wait(RENEW_SECONDS):
            # A backend that does not answer now may answer the next time.
            with suppress(Exception):
                self.renew()


def is_renewed(kept: Objects, key: str, content: bytes) -> bool:
    """Watch a lock for a while: whether its holder renews it. Clocks of different machines are never compared."""
    for _ in range(WATCH_SECONDS):
        time.sleep(1)
        if kept.read(key) != content:
            return True
    return False


def lives(pid: int, since: float) -> bool:
    """Whether the process that existed at a time (epoch) still runs, and not a later one with the same number."""
    import psutil

    try:
        process = psutil.Process(pid)
        started = process.create_time() - STARTED_TOLERANCE_SECONDS
        return started <= since and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def as_json(record: Mapping[str, Any]) -> bytes:
    """A record in its stored form."""
    return (json.dumps(record, sort_keys=True) + "\n").encode()
