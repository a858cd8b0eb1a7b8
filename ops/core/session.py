"""The session of a command, and the operation that it starts or continues."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from ops.core.engine import Engine
from ops.core.ledger import Ledger, operator
from ops.core.objects import older_backend
from ops.core.pair import Pair
from ops.core.record import Record
from ops.core.steps import Plan, Step, Timeline, confirm, say
from ops.errors import Exit, OpsError, refused

UNDER_WAY = "under-way"
LOCK = "platform"
ABORT = "`ops dr abort`"
ABORTING = "abort"
"""The kind of an operation that goes back to a region: any other may take its place."""
SAME = {"activate", "failover"}
"""Kinds of operations that can continue each other."""
DECISION_HOLDS = timedelta(minutes=30)
"""Our choice: after this time, the situation may have changed since the decision."""


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """The operator's command line options."""

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
class Operation(Record):
    """One activation, failover, failback or abort: the operator's decisions and the estimate that they are based on."""

    KEYS: ClassVar[Mapping[str, str]] = {"kind": "operation", "source": "from", "target": "to"}
    kind: str
    source: str
    target: str
    version: str = ""
    """The declared steps with which it was started."""
    decided_at: datetime | None = None
    data_loss: dict[str, Any] | None = None
    waiver: dict[str, Any] | None = None
    accepted_lag: dict[str, Any] | None = None
    accounts_unread: bool = False
    """Whether accounts on the database were copied that the running hosts may not have read."""
    served_at: datetime | None = None
    left: list[str] = field(default_factory=list)
    """The steps that are left once visitors are served."""

    @property
    def key(self) -> str:
        """Its key in the ledger: only one at a time."""
        return UNDER_WAY

    @property
    def decided(self) -> bool:
        """Whether the operator has confirmed it."""
        return self.decided_at is not None

    @property
    def decision_is_old(self) -> bool:
        """Whether the decision is too old to continue without asking again."""
        return self.decided_at is not None and datetime.now(UTC) - self.decided_at > DECISION_HOLDS

    @property
    def is_planned(self) -> bool:
        """Whether the region that traffic leaves is healthy."""
        return self.kind == "failback"

    @property
    def waived(self) -> str | None:
        """Why the old writer is not fenced, None if it is."""
        return str(self.waiver["reason"]) if self.waiver else None


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a command works with: the engine, both regions, the ledger, and the operator's options."""

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
        """Read the outputs of every stack. Raises OpsError (REFUSED) for an outdated state or outdated files."""
        if elsewhere := older_backend(self.pair.files):
            raise refused([elsewhere])
        self.pair.read()
        if older := self.pair.older():
            raise refused(older)

    def lock(self) -> AbstractContextManager[None]:
        """Hold the platform's lock."""
        return self.ledger.hold(LOCK, self.options.take_over)

    @contextmanager
    def hold(self) -> Iterator[Timeline]:
        """As `lock`; returns the timeline of the steps. REFUSED is only possible before the first change."""
        timeline = Timeline(dry_run=self.options.dry_run)
        with self.lock(), timeline.refusing_only_before_changes():
            yield timeline

    @contextmanager
    def operate(self, kind: str, target: str, plan: Plan) -> Iterator[Operation]:
        """As `hold`, with the operation to continue, or a new one, and all outputs read.

        A failure after the decision says how to end the operation.
        """
        with self.lock():
            self.read()
            operation = self.begin(kind, self.pair.other_than(target), target, plan)
            try:
                with operation.timeline.refusing_only_before_changes():
                    yield operation
            except OpsError as error:
                begun = operation.decided and operation.timeline.keep and error.exit_code is not Exit.BUSY
                if begun and ABORT not in error.message:
                    error.message += f"\n{ways_on(operation.to_json())}"
                raise

    def loading_edge(self) -> AbstractContextManager[None]:
        """Load the edge's program in parallel, so that a flip in the body finds it loaded. Not in a dry run."""
        return nullcontext() if self.options.dry_run else self.engine.loading(self.pair.edge.stack)

    def begin(self, kind: str, source: str, target: str, plan: Plan) -> Operation:
        """The operation to continue, or a new one. Raises OpsError (REFUSED) while another is not finished."""
        dry_run, record = self.options.dry_run, self.ledger.get(UNDER_WAY)
        if record and record["to"] == target and (record["operation"] == kind or {record["operation"], kind} == SAME):
            operation = Operation.from_json(record, dry_run=dry_run)
            operation.kind = kind
            say(f"continuing the {record['operation']} to {target} of {operation.started:%Y-%m-%d %H:%M:%S} UTC")
            if record["operation"] == kind and operation.version != plan.version:
                say("          it was started by another version of `ops`: every step is checked again")
        elif record and record["operation"] != ABORTING:
            raise OpsError(f"{_unfinished(record)}: {ways_on(record)}", Exit.REFUSED)
        else:
            started, timeline = datetime.now(UTC), Timeline(dry_run=dry_run)
            operation = Operation(kind=kind, source=source, target=target, started=started, timeline=timeline)
        operation.version = plan.version
        self.keep(operation)
        return operation

    def under_way(self) -> list[str]:
        """A message about an unfinished operation of `ops dr`; nothing if there is none."""
        record = self.ledger.get(UNDER_WAY)
        return [f"{_unfinished(record)}: `ops dr status`"] if record else []

    def ways_on(self, otherwise: str) -> str:
        """The commands that end the operation under way; `otherwise` where there is none."""
        record = self.ledger.get(UNDER_WAY)
        return ways_on(record) if record else otherwise

    def onward(self, to: str) -> str:
        """The command that promotes a region: the failback to it that is under way, otherwise a failover."""
        record = self.ledger.get(UNDER_WAY) or {}
        kind = "failback" if (record.get("operation"), record.get("to")) == ("failback", to) else "failover"
        return f"`ops dr {kind} --to {to}`"

    def keep(self, change: Record) -> None:
        """Store a change now and after each of its steps."""
        change.timeline.keep = lambda _: self.save(change)
        self.save(change)

    def save(self, change: Record) -> None:
        """Store a change once it is decided: before that nothing was changed."""
        if change.decided and not self.options.dry_run:
            self.ledger.put(change.key, change.to_json())

    def served(self, operation: Operation, *left: Step) -> None:
        """Remember when visitors were served first, and what is left then."""
        operation.served_at = operation.served_at or datetime.now(UTC)
        operation.left = [step.name for step in left]
        self.save(operation)

    def record(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """Record an operator's decision in the history; a dry run only shows it."""
        return {**record, "by": operator()} if self.options.dry_run else self.ledger.append(kind, record)

    def finish(self, change: Record, kind: str, record: dict[str, Any] | None = None) -> None:
        """Move a change from the running ones to the history."""
        if self.options.dry_run:
            return
        # A step after the end must not store it again.
        change.timeline.keep = None
        self.ledger.append(kind, record or change.to_json())
        self.ledger.delete(change.key)

    def confirm(self, question: str) -> None:
        """Ask the operator to confirm, unless the command line did. Raises OpsError as `confirm` does."""
        if not (self.options.yes or self.options.dry_run):
            confirm(question)


def ways_on(record: Mapping[str, Any]) -> str:
    """The commands that end a running operation."""
    option = "" if record["operation"] == "activate" else "--to "
    back = "" if record["operation"] == ABORTING else f", or abandon it with {ABORT}"
    return f"continue it with `ops dr {record['operation']} {option}{record['to']}`{back}"


def told(record: Mapping[str, Any]) -> str:
    """An operation under way, what is left of it once visitors are served, and the commands that end it."""
    left = f", visitors are served; left: {', '.join(record['left'])}" if record.get("left") else ""
    return f"{record['operation']} to {record['to']}, since {record['started']}{left}: {ways_on(record)}"


def _unfinished(record: Mapping[str, Any]) -> str:
    return f"the {record['operation']} to {record['to']}, started {record['started']}, is not finished"
