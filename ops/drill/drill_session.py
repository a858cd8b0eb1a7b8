"""The session of a drill's operator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ops.core.session import Operation, Session
from ops.core.steps import Plan, say


@dataclass(frozen=True, kw_only=True)
class DrillSession(Session):
    """The session of an operator who confirms everything, and observes every operation."""

    decide: Callable[[], None]
    watch: Callable[[Operation], None]

    def begin(self, kind: str, source: str, target: str, plan: Plan) -> Operation:
        """Start or continue."""
        operation = super().begin(kind, source, target, plan)
        self.watch(operation)
        return operation

    def record(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """Record a decision; after a waiver, nothing may call the lost region."""
        recorded = super().record(kind, record)
        if kind == "waiver":
            self.decide()
        return recorded

    def confirm(self, question: str) -> None:
        """Agree to anything."""
        say(f"          {question} Yes: it is a drill")
        self.decide()
