"""A visitor that writes several times a second, through the edge, and records what was acknowledged."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contract import CANARY_PATH
from ops.core.visitor import Answer, visit
from ops.errors import OpsError

ACKNOWLEDGED = 201
INTERVAL_SECONDS = 0.25
"""240 a minute: the edge refuses a client that calls the API more than 300 times in one."""
ANSWER_SECONDS = 4.0
AT_ONCE = 24
"""Concurrent requests: as many as are sent while one hangs, and a few more."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A row that was sent; `status` is that of the response, 0 without one. Times are this machine's, in UTC."""

    id: int
    sent: datetime
    answered: datetime
    status: int
    region: str = ""
    database: str = ""
    written: datetime | None = None
    """When the database accepted the row, according to its own clock."""

    @property
    def acknowledged(self) -> bool:
        """Whether the write was acknowledged."""
        return self.status == ACKNOWLEDGED


Ask = Callable[[int], Answer]


def through_the_edge(domain: str) -> Ask:
    """Writes a row as a visitor of the API does; an existing row is not changed."""
    return lambda number: visit(f"api.{domain}", CANARY_PATH, "POST", {"id": number}, seconds=ANSWER_SECONDS)


class Canary:
    """Writes until it is stopped; a hanging request does not block others."""

    def __init__(
        self, ask: Ask, interval_seconds: float = INTERVAL_SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        self._ask = ask
        self._interval = interval_seconds
        self._attempts: list[Attempt] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="canary")
        self._thread = threading.Thread(target=self._run, daemon=True, name="canary")
        # Above the numbers of every earlier run: none sends a thousand rows a second.
        self._next = int(clock() * 1000)

    def __enter__(self) -> "Canary":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop sending, and wait for outstanding responses."""
        self._stopped.set()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def attempts(self) -> list[Attempt]:
        """The responses so far, in the order of sending."""
        with self._lock:
            return sorted(self._attempts, key=lambda attempt: attempt.id)

    def wait(self, what: str, found: Callable[[list[Attempt]], bool], seconds: float) -> list[Attempt]:
        """Wait until the responses are as wanted. Raises OpsError after `seconds`."""
        deadline = time.monotonic() + seconds
        while not found(attempts := self.attempts()):
            if time.monotonic() > deadline:
                last = f"the last answer was {attempts[-1].status}" if attempts else "there was no answer at all"
                raise OpsError(f"{what}: not within {seconds:.0f} s; {last}")
            time.sleep(self._interval / 2)
        return attempts

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped.is_set():
            self._pool.submit(self._send, self._next)
            self._next += 1
            due += self._interval
            self._stopped.wait(max(0.0, due - time.monotonic()))

    def _send(self, number: int) -> None:
        attempt = send(self._ask, number)
        with self._lock:
            self._attempts.append(attempt)


def acknowledged(row: Mapping[str, Any]) -> Attempt:
    """A row that somebody else wrote, as reported by the application."""
    written = datetime.fromisoformat(row["written_at"])
    return Attempt(
        id=row["id"],
        sent=written,
        answered=written,
        status=ACKNOWLEDGED,
        region=row["region"],
        database=row["database"],
        written=written,
    )


def send(ask: Ask, number: int) -> Attempt:
    """Write one row, or request one that may exist: the response says when and where it was first written."""
    sent = datetime.now(UTC)
    answer = ask(number)
    written = answer["written_at"]
    return Attempt(
        id=number,
        sent=sent,
        answered=datetime.now(UTC),
        status=answer.status,
        region=str(answer["region"] or ""),
        database=str(answer["database"] or ""),
        written=datetime.fromisoformat(written) if isinstance(written, str) else None,
    )
