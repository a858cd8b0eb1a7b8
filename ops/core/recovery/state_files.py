"""A stack's state file in the backend: whether it can be read, and its restoration from the newest backup that can.

What a killed engine can leave in a folder (file://): it writes a checkpoint to a `.tmp` file beside it and renames
that, so a checkpoint is the old or the new one, never a partial one. Just before, it empties and writes the `.attrs`
file in place: an engine that is killed there leaves an empty one, and every later read of the intact checkpoint fails
with "EOF". A `.tmp` file in the folder of locks counts as a lock. The engine never calls fsync, so only a crash of the
machine, or a person, can damage or lose a checkpoint.
In a bucket (s3://) every write is one PutObject, and nothing is torn. How we found out:
docs/decisions/0015-a-torn-state-is-restored-by-the-next-command.md.
"""

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from ops.core.engine import outputs_of
from ops.core.objects import Objects
from ops.core.steps import ago
from ops.errors import OpsError

PACKED = ".gz"
BACKUPS = (
    ("stacks/{project}/{stack}.json", ".bak"),
    ("backups/{project}/{stack}/{stack}.", ".json"),
    ("backups/{project}/{stack}/{stack}.", ".json.gz"),
    ("history/{project}/{stack}/{stack}-", ".checkpoint.json"),
    ("history/{project}/{stack}/{stack}-", ".checkpoint.json.gz"),
)
"""Where the engine's backend keeps earlier states: prefix and suffix of their keys."""
ATTRIBUTES = ".attrs"
"""The engine's attributes beside each file of a folder: type and checksum. A file can be read without them."""
DRAFT = ".tmp"
"""The suffix of a file before its final rename."""
READ_BY_THE_ENGINE = ("meta", "stacks/{project}/{stack}.", "locks/organization/{project}/{stack}/")
MISSING = "missing"
DAMAGED = "damaged/{project}/{stack}.{now:%Y%m%dT%H%M%S}.json"


@dataclass(frozen=True, kw_only=True)
class Backup:
    """An earlier state that can be read; `at` is when the engine wrote it, in UTC."""

    key: str
    content: bytes
    at: datetime
    latest: dict[str, Any]

    @property
    def resources(self) -> int:
        """How many it has."""
        return len(self.latest.get("resources") or [])

    def __str__(self) -> str:
        return f"{self.key}, of {ago(self.at)}"


class StateFile:
    """The state of one stack in the engine's backend."""

    def __init__(self, state: Objects, project: str, stack: str) -> None:
        self._state = state
        self._place = {"project": project, "stack": stack}
        self._unpacked = "stacks/{project}/{stack}.json".format(**self._place)
        self._restoration = "restorations/{project}/{stack}.json".format(**self._place)
        self.stack = stack

    @property
    def key(self) -> str:
        """Its key in the backend; the compressed form if that one exists."""
        packed = self._unpacked + PACKED
        only_packed = self._state.read(self._unpacked) is None and self._state.read(packed) is not None
        return packed if only_packed else self._unpacked

    def problem(self) -> str | None:
        """Its problem, None if it can be read."""
        content = self._state.read(self.key)
        if content is None:
            return MISSING
        try:
            _latest(self.key, content)
        except ValueError as error:
            return f"damaged ({error})"
        return None

    def broken_attributes(self) -> list[str]:
        """Incomplete attributes from a killed engine: with these, an intact state cannot be read ("EOF")."""
        prefixes = [prefix.format(**self._place) for prefix in READ_BY_THE_ENGINE]
        keys = [key for prefix in prefixes for key in self._state.keys(prefix, ATTRIBUTES)]
        return [key for key in keys if not _is_json(self._state.read(key))]

    def mend_attributes(self) -> None:
        """Remove broken attributes; the engine writes new ones."""
        for key in self.broken_attributes():
            self._state.delete(key)

    def known(self) -> bool:
        """Whether the backend has ever held it."""
        earlier = (*self._backup_keys(), *islice(self._state.former(self.key), 1))
        return bool(earlier) or self._state.read(self.key) is not None

    def newest_backup(self) -> Backup | None:
        """The newest readable earlier state; one with resources is preferred to one without."""
        return max(self._backups(), key=lambda backup: (backup.resources > 0, backup.at), default=None)

    def had_resources(self) -> bool:
        """Whether its last known state had resources: `pulumi stack rm` requires a stack without any."""
        last = max(self._backups(), key=lambda backup: backup.at, default=None)
        return last is not None and last.resources > 0

    def _backups(self) -> list[Backup]:
        found = [backup for key in self._backup_keys() if (backup := self._backup(key, self._state.read(key)))]
        # A bucket keeps many versions, newest first: the first readable one is the newest.
        former = (self._backup(self.key, content) for content in self._state.former(self.key))
        return [*found, *islice(filter(None, former), 1)]

    def restore(self, backup: Backup) -> str | None:
        """Replace the state by a backup. Returns where the damaged state is kept, None if there was none.

        This starts the restoration: until `complete`, the state may lack what was created after the backup.
        """
        self._state.write(self._restoration, json.dumps({"from": backup.key}).encode())
        damaged = self._state.read(self.key)
        aside = None
        if damaged is not None:
            aside = DAMAGED.format(**self._place, now=datetime.now(UTC))
            self._state.write(aside, damaged)
        content = gzip.decompress(backup.content) if backup.key.endswith(PACKED) else backup.content
        self._state.write(self._unpacked, content)
        self._state.delete(self._unpacked + ATTRIBUTES)
        # If both exist, the engine uses the compressed form.
        self._state.delete(self._unpacked + PACKED)
        return aside

    def begun(self) -> str | None:
        """The backup of an incomplete restoration, None if there is none."""
        record = self._state.read(self._restoration)
        return None if record is None else str(json.loads(record)["from"])

    def complete(self) -> None:
        """Record that the restored state has what was created after the backup."""
        self._state.delete(self._restoration)

    def outputs(self) -> tuple[dict[str, Any], Backup | None] | None:
        """The stack's outputs without the engine, and the backup that they are from; None if nothing can be read."""
        if self.problem() is None:
            return outputs_of(_latest(self.key, self._state.read(self.key) or b"")), None
        backup = self.newest_backup()
        return (outputs_of(backup.latest), backup) if backup else None

    def lost(self, problem: str) -> OpsError:
        """The error for a state that no backup can restore."""
        return OpsError(
            f"the state of stack {self.stack} is {problem}, and there is no backup of it that can be read; make an "
            f"empty one (`pulumi stack init {self.stack}` with the stack's secrets provider), then run "
            f"`ops recover {self.stack}`, which finds what exists by its names"
        )

    def _backup_keys(self) -> list[str]:
        return [key for prefix, ending in BACKUPS for key in self._state.keys(prefix.format(**self._place), ending)]

    def _backup(self, key: str, content: bytes | None) -> Backup | None:
        if content is None:
            return None
        try:
            latest = _latest(key, content)
            at = datetime.fromisoformat(latest["manifest"]["time"]).astimezone(UTC)
        except (ValueError, KeyError, TypeError):
            return None
        return Backup(key=key, content=content, at=at, latest=latest)


def _is_json(content: bytes | None) -> bool:
    try:
        json.loads(content or b"")
    except ValueError:
        return content is None
    return True


def _latest(key: str, content: bytes) -> dict[str, Any]:
    """The state in a file. Raises ValueError with a description if the engine could not read it."""
    try:
        found = json.loads(gzip.decompress(content) if key.endswith(PACKED) else content)
    except (OSError, EOFError) as error:
        raise ValueError(f"not readable: {error}") from None
    except ValueError as error:
        raise ValueError(f"cut off or not JSON: {error}" if content else "empty") from None
    if not isinstance(found, dict) or not isinstance(found.get("checkpoint"), dict):
        raise ValueError("not a state of the engine")
    # `pulumi stack import` capitalizes these keys, everything else does not.
    return {key.lower(): value for key, value in found["checkpoint"].items()}.get("latest") or {}
