"""Canary rows: the sandbox's tables of each database, by the resource ID, which never changes."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row as it was first written; `written` is in seconds since 1970."""

    id: int
    written: float
    region: str
    database: str

    def content(self) -> dict[str, object]:
        """The row in the form for visitors."""
        return {"id": self.id, "written_at": moment(self.written), "region": self.region, "database": self.database}


class Rows:
    """The rows of all databases, in this process's memory."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._tables: dict[str, dict[int, Row]] = {}
        self._lock = threading.Lock()

    def write(self, resource_id: str, number: int, region: str, database: str) -> Row:
        """Write a row; an existing row is not changed, so that a request can be retried."""
        with self._lock:
            table = self._tables.setdefault(resource_id, {})
            return table.setdefault(number, Row(id=number, written=self._clock(), region=region, database=database))

    def count(self, resource_id: str, up_to: int | None = None) -> int:
        """The number of a database's rows, up to a row number or in all."""
        with self._lock:
            return sum(up_to is None or number <= up_to for number in self._tables.get(resource_id, {}))

    def last(self, resource_id: str) -> Row | None:
        """The row with the greatest number."""
        with self._lock:
            return max(self._tables.get(resource_id, {}).values(), key=lambda row: row.id, default=None)

    def replicate(self, source: str, replica: str, lag_seconds: float) -> int:
        """Replicate what is older than the lag. Returns how many rows are still in transit.

        A new replica starts as a copy of its source's current rows.
        """
        with self._lock:
            given = self._tables.get(source, {})
            if replica not in self._tables:
                self._tables[replica] = dict(given)
                return 0
            arrived = self._clock() - lag_seconds
            table = self._tables[replica]
            new = {n: row for n, row in given.items() if n not in table}
            due = {n: row for n, row in new.items() if row.written <= arrived}
            table.update(due)
            return len(new) - len(due)

    def keep_only(self, resource_ids: set[str]) -> None:
        """Delete the rows of databases that no longer exist."""
        with self._lock:
            for gone in self._tables.keys() - resource_ids:
                del self._tables[gone]


def moment(seconds: float) -> str:
    """A time as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
