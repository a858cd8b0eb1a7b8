"""The cost of an outage, from the rows that a visitor wrote: how long nobody was served, and which rows are missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.drill.canary import Ask, Attempt, send
from ops.errors import OpsError

SURVIVORS_ASKED = 15
"""This many consecutive existing rows: older ones exist too, because replication keeps the order."""


@dataclass(frozen=True, kw_only=True)
class Outage:
    """From the first refused row to the first one that another region acknowledged."""

    began: datetime
    ended: datetime

    @property
    def seconds(self) -> float:
        """How long nobody was served."""
        return (self.ended - self.began).total_seconds()


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Acknowledged rows that the database does not have, and how much time they span, in seconds."""

    rows: int
    seconds: float


def outage(attempts: Sequence[Attempt], lost_region: str) -> Outage | None:
    """The outage from the loss of a region until another serves, None if there is none, or no end yet."""
    served = [number for number, attempt in enumerate(attempts) if _by(attempt, lost_region)]
    if not served:
        return None
    after = attempts[served[-1] + 1 :]
    began = next((attempt for attempt in after if not attempt.acknowledged), None)
    ended = next((attempt for attempt in after if attempt.acknowledged and attempt.region != lost_region), None)
    if began is None or ended is None:
        return None
    return Outage(began=began.sent, ended=ended.answered)


def fails(attempts: Sequence[Attempt], times: int) -> bool:
    """Whether the last responses were all failures."""
    return len(attempts) >= times and not any(attempt.acknowledged for attempt in attempts[-times:])


def serves(attempts: Sequence[Attempt], region: str) -> bool:
    """Whether a region acknowledged a row."""
    return any(_by(attempt, region) for attempt in attempts)


def loss(attempts: Iterable[Attempt], region: str, ask: Ask) -> Loss:
    """The missing rows among those that a region acknowledged.

    Each is requested again, newest first: an existing row reports its first database, a missing row is written now, and
    reports that. Raises OpsError if a row cannot be requested.
    """
    rows = [attempt for attempt in attempts if _by(attempt, region)]
    missing = 0
    survived: list[Attempt] = []
    for row in reversed(rows):
        again = send(ask, row.id)
        if not again.acknowledged:
            raise OpsError(f"row {row.id} cannot be asked for: the answer is {again.status}")
        if again.database == row.database and again.written == row.written:
            survived.append(row)
            if len(survived) == SURVIVORS_ASKED:
                break
        else:
            missing += 1
            survived.clear()
    if not missing:
        return Loss(rows=0, seconds=0.0)
    newest = max(survived, key=lambda row: row.sent, default=None)
    since = newest.answered if newest else rows[0].sent
    return Loss(rows=missing, seconds=(rows[-1].answered - since).total_seconds())


def _by(attempt: Attempt, region: str) -> bool:
    return attempt.acknowledged and attempt.region == region
