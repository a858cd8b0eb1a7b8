"""The data-loss estimate: computed before the operator decides, shown, and stored with the decision."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from contract import CANARY_PATH, app
from ops.core import facts, visitor
from ops.core.facts import side_by_side
from ops.core.pair import Pair, RegionStack
from ops.core.region_table import or_else


@dataclass(frozen=True, kw_only=True)
class DataLossEstimate:
    """What a switch would lose, None for what could not be read.

    `canary` is {"rows", "last_id", "last_written_at", ...} as visitors see it. The standby's is unknown before it
    serves, because its origin answers only health checks.
    """

    lag: facts.Lag
    canary: dict[str, Any] | None
    newest_object: facts.NewestObject
    queued_messages: int | None

    def lines(self) -> list[str]:
        """The estimate as text for the operator."""
        queued = "unknown number" if self.queued_messages is None else self.queued_messages
        newest = self.newest_object
        some = "" if newest.complete else " or later"
        return [
            f"replica lag              {self.lag}",
            f"last canary row          {_canary(self.canary)}",
            f"newest replicated object {f'{newest.newest.isoformat()}{some}' if newest.newest else 'none, or unknown'}",
            f"messages in queues {queued}, which stay behind",
        ]

    def to_json(self) -> dict[str, Any]:
        """The estimate for the ledger."""
        measured = self.lag.measured
        newest = self.newest_object.newest
        return {
            "lag_seconds": self.lag.seconds,
            "lag_measured_at": measured.isoformat() if measured else None,
            "missing_seconds": self.lag.missing_seconds,
            "canary": self.canary,
            "newest_object": newest.isoformat() if newest else None,
            "queued_messages": self.queued_messages,
        }


def estimate(pair: Pair, standby: RegionStack, other: RegionStack, *, other_answers: bool) -> DataLossEstimate:
    """Read everything in parallel; from the other region only if it answers."""
    bucket = str(standby.output("bucket_names")["uploads"])
    asked: dict[str, Callable[[], Any]] = {
        "lag": lambda: facts.lag(standby),
        "canary": lambda: canary_rows(pair),
        "newest": lambda: facts.newest_object(standby, bucket),
    }
    if other_answers:
        asked["queued"] = lambda: facts.queued(other)
    found = side_by_side({name: partial(or_else, question, None) for name, question in asked.items()})
    return DataLossEstimate(
        lag=found["lag"] or facts.Lag(),
        canary=found.get("canary"),
        newest_object=found["newest"] or facts.NewestObject(),
        queued_messages=found.get("queued"),
    )


def canary_rows(pair: Pair, up_to: int | None = None) -> dict[str, Any] | None:
    """The canary rows that visitors see, up to a number or all; None without an answer."""
    answer = visitor.visit(app(pair.domain), CANARY_PATH + ("" if up_to is None else f"?up_to={up_to}"))
    return dict(answer.body) if answer.status == 200 and isinstance(answer.body, dict) else None


def _canary(row: dict[str, Any] | None) -> str:
    if row is None:
        return "unknown: no answer"
    if not row.get("rows"):
        return "none"
    return f"{row.get('last_id')} of {row.get('last_written_at')}, {row.get('rows')} rows"
