"""An operation under way: what the ledger remembers of it, so that the same command goes on after any kill."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ops.core.engine import Engine
from ops.core.ledger import Ledger, operator
from ops.core.objects import older_backend
from ops.core.pair import Pair
from ops.core.steps import Timeline, confirm, say
from ops.errors import Exit, OpsError, refused

UNDER_WAY = "under-way"
LOCK = "platform"
RECORDED_AS = {"kind": "operation", "source": "from", "target": "to"}
"""Attributes of an operation that a record has by other names."""
SAME = {"activate", "failover"}
"""Kinds of operation of which one goes on where the other stopped."""
DECISION_HOLDS = timedelta(minutes=30)
"""Ours: after that the world that was decided on may be another."""


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """What the operator asked for on the command line."""

    dry_run: bool = False
    yes: bool = False
    take_over: str | None = None
    waive_fence: str | None = None
    waive_answering: bool = False
    accept_lag: int | None = None
    force: str | None = None
    emergency: str | None = None
    rebuild: bool = False
    report: Path | None = None


@dataclass(kw_only=True)
class Operation:
    """One activation, failover or failback. Facts are asked of the world; this holds what the world cannot tell."""

    kind: str
    source: str
    target: str
    started: datetime
    decided_at: datetime | None = None
    data_loss: dict[str, Any] | None = None
    waiver: dict[str, Any] | None = None
    accepted_lag: dict[str, Any] | None = None
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def decision_is_old(self) -> bool:
        """Whether it was decided too long ago to go on without asking again."""
        return self.decided_at is not None and datetime.now(UTC) - self.decided_at > DECISION_HOLDS

    @property
    def is_planned(self) -> bool:
        """Whether the region that is left is well."""
        return self.kind == "failback"

    @property
    def waived(self) -> str | None:
        """Why the old writer is not fenced, None where it is."""
        return str(self.waiver["reason"]) if self.waiver else None

    def to_json(self) -> dict[str, Any]:
        """The operation as the ledger and the report take it."""
        record = {RECORDED_AS.get(name, name): value for name, value in vars(self).items()}
        return {
            **record,
            "started": self.started.isoformat(),
            "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            "timeline": self.timeline.to_json(),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any], *, dry_run: bool) -> "Operation":
        """The operation that `to_json` wrote."""
        decided = record["decided_at"]
        known: dict[str, Any] = {each.name: record.get(RECORDED_AS.get(each.name, each.name)) for each in fields(cls)}
        known |= {
            "started": datetime.fromisoformat(record["started"]),
            "decided_at": datetime.fromisoformat(decided) if decided else None,
            "timeline": Timeline.from_json(record["timeline"], dry_run=dry_run),
        }
        return cls(**known)


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a command works with: the engine, both regions, the ledger, and what the operator asked for."""

    engine: Engine
    pair: Pair
    ledger: Ledger
    options: SessionOptions

    @classmethod
    def of(cls, options: SessionOptions) -> "Session":
        """The session of this project and its state backend."""
        engine = Engine()
        return cls(engine=engine, pair=Pair(engine), ledger=Ledger(), options=options)

    def read(self) -> None:
        """Read the outputs of every stack. Raises OpsError (REFUSED) for a state or files that are older."""
        if elsewhere := older_backend(self.pair.files):
            raise refused([elsewhere])
        self.pair.read()
        if older := self.pair.older():
            raise refused(older)

    @contextmanager
    def hold(self) -> Iterator[Timeline]:
        """Hold the platform's lock; the timeline of what is done meanwhile. REFUSED is for before its first change."""
        timeline = Timeline(dry_run=self.options.dry_run)
        with self.ledger.hold(LOCK, self.options.take_over), timeline.refusing_only_before_changes():
            yield timeline

    @contextmanager
    def operate(self, kind: str, target: str) -> Iterator[Operation]:
        """As `hold`, with the operation to go on with, or a new one, and every output read."""
        with self.ledger.hold(LOCK, self.options.take_over):
            self.read()
            operation = self.begin(kind, self.pair.other_than(target), target)
            with operation.timeline.refusing_only_before_changes():
                yield operation

    def loading_edge(self) -> AbstractContextManager[None]:
        """Load the edge's program while other things are done: a flip inside finds it loaded. Not in a dry run."""
        return nullcontext() if self.options.dry_run else self.engine.loading(self.pair.edge.stack)

    def begin(self, kind: str, source: str, target: str) -> Operation:
        """The operation to go on with, or a new one. Raises OpsError (REFUSED) while another is not finished."""
        record = self.ledger.get(UNDER_WAY)
        if record and self._goes_on(record, kind, target):
            going_on = Operation.from_json(record, dry_run=self.options.dry_run)
            going_on.kind = kind
            say(f"going on with the {record['operation']} to {target} of {going_on.started:%Y-%m-%d %H:%M:%S} UTC")
            return self._kept(going_on)
        if record:
            option = "" if record["operation"] == "activate" else "--to "
            raise OpsError(
                f"the {record['operation']} to {record['to']}, started {record['started']}, is not finished: go on "
                f"with `ops dr {record['operation']} {option}{record['to']}`, or give it up with `ops dr abort`",
                Exit.REFUSED,
            )
        timeline = Timeline(dry_run=self.options.dry_run)
        started = datetime.now(UTC)
        return self._kept(Operation(kind=kind, source=source, target=target, started=started, timeline=timeline))

    def save(self, operation: Operation) -> None:
        """Remember the operation once it is decided: before that nothing was changed."""
        if operation.decided_at and not self.options.dry_run:
            self.ledger.put(UNDER_WAY, operation.to_json())

    def record(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """Record a decision of the operator in the history; in a dry run it is only shown."""
        return {**record, "by": operator()} if self.options.dry_run else self.ledger.append(kind, record)

    def finish(self, operation: Operation, record: dict[str, Any] | None = None) -> None:
        """Move the operation from what is under way to the history."""
        if self.options.dry_run:
            return
        self.ledger.append(operation.kind, record or operation.to_json())
        self.ledger.delete(UNDER_WAY)
        # A step after the end must not bring it back.
        operation.timeline.keep = None

    def confirm(self, question: str) -> None:
        """Have the operator agree, unless that was done on the command line. Raises OpsError as `confirm` does."""
        if not (self.options.yes or self.options.dry_run):
            confirm(question)

    def _kept(self, operation: Operation) -> Operation:
        operation.timeline.keep = lambda _: self.save(operation)
        return operation

    def _goes_on(self, record: dict[str, Any], kind: str, target: str) -> bool:
        same = record["operation"] == kind or {record["operation"], kind} == SAME
        return same and bool(record["to"] == target)
