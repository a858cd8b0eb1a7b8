"""The engine's lock on a stack: its holder, whether that engine still runs, and the removal of a dead engine's lock."""

import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops.core.lease import lives
from ops.core.objects import Objects
from ops.core.recovery.state_files import ATTRIBUTES, DRAFT
from ops.errors import Exit, OpsError


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock as the engine wrote it; `key` is its key in the state backend, `since` is in UTC."""

    key: str
    user: str
    host: str
    pid: int
    since: datetime

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (pid {self.pid}) since {self.since:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def of_this_machine(self) -> bool:
        """Whether this machine can tell if the holder still runs."""
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Whether the holder is a process of this machine, and not a later one with its number."""
        return lives(self.pid, self.since.timestamp())


def locks(state: Objects, project: str, stack: str) -> list[Lock]:
    """The locks on a stack, oldest first."""
    found = []
    folder = f"locks/organization/{project}/{stack}/"
    # For the engine the draft of a lock is a lock: an engine that was killed before the rename locks all others out.
    for key in [*state.keys(folder), *state.keys(folder, DRAFT)]:
        content = state.read(key)
        # An engine may end and remove its lock during this search.
        if content is not None:
            found.append(_lock(key, content))
    return sorted(found, key=lambda lock: lock.since)


def removable(held: list[Lock], stack: str, *, take: bool) -> list[Lock]:
    """The locks that nobody holds any more; with `take`, including those of other machines.

    Raises OpsError BUSY, which names each holder that runs or may run.
    """
    problems = []
    for lock in held:
        if lock.of_this_machine and lock.alive:
            problems.append(f"stack {stack} is in use by {lock}: wait until that engine has ended")
        elif not lock.of_this_machine and not take:
            problems.append(
                f"stack {stack} is locked by {lock}: whether that engine lives can only be seen "
                f"there; once you know it has ended, run `ops recover {stack} --take-lock`"
            )
    if problems:
        raise OpsError("\n".join(problems), Exit.BUSY)
    return held


def remove(state: Objects, lock: Lock) -> None:
    """Remove a lock."""
    state.delete(lock.key)
    state.delete(lock.key + ATTRIBUTES)


def _lock(key: str, content: bytes) -> Lock:
    try:
        row: dict[str, Any] = json.loads(content)
        since = datetime.fromisoformat(row["timestamp"]).astimezone(UTC)
        return Lock(key=key, user=row["username"], host=row["hostname"], pid=int(row["pid"]), since=since)
    except (ValueError, KeyError, TypeError):
        # An engine that was killed while it wrote its lock leaves a partial one, which nobody can hold.
        return Lock(key=key, user="unknown", host=socket.gethostname(), pid=0, since=datetime.fromtimestamp(0, UTC))
