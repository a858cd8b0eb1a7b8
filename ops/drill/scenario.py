"""The course of a drill: load through the edge, the live region lost, failover, the region back, failback."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ops.core.pair import Pair
from ops.core.session import Operation, Session, SessionOptions
from ops.core.steps import Entry, Timeline, say
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.drill import measured_loss
from ops.drill.canary import Ask, Attempt, Canary, through_the_edge
from ops.drill.measured_loss import Loss, Outage
from ops.drill.sandbox_control import Mode, SandboxControl
from ops.drill.tables import Measured
from ops.errors import Exit, OpsError

REASON = "drill"
WARM_UP_ROWS = 20
"""Five seconds of load: enough for rows on either side of the replication's lag."""
GATES = "gates of"
"""How the first step of a flip begins."""
REFUSALS = 3
"""So many in a row are an outage, and no hiccup."""
LOAD_SECONDS = 90.0
NOTICE_SECONDS = 60.0
SERVED_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class DrillOptions:
    """How the region is lost, how far replicas are behind, and whether the way back is part of it."""

    mode: Mode = "refuse"
    lag_seconds: float = 2.0
    skip_failback: bool = False
    report: Path | None = None


@dataclass(frozen=True, kw_only=True)
class DrillSession(Session):
    """The session of an operator who says yes, looks at the clock when asked, and watches every operation."""

    decide: Callable[[], None]
    watch: Callable[[Operation], None]

    def begin(self, kind: str, source: str, target: str) -> Operation:
        """Begin, or go on."""
        operation = super().begin(kind, source, target)
        self.watch(operation)
        return operation

    def confirm(self, question: str) -> None:
        """Agree to anything."""
        say(f"          {question} Yes: it is a drill")
        self.decide()


@dataclass(kw_only=True)
class Drill:
    """One drill under way."""

    options: DrillOptions
    sandbox: SandboxControl
    pair: Pair
    timeline: Timeline = field(default_factory=Timeline)
    operations: list[Operation] = field(default_factory=list)
    marks: list[dict[str, str]] = field(default_factory=list)
    decided: datetime | None = None
    measured: Measured | None = None

    def __post_init__(self) -> None:
        self.home, self.away = self.pair.live, self.pair.other
        self.home_region, self.away_region = self.pair[self.home].region, self.pair[self.away].region
        self.ask: Ask = through_the_edge(self.pair.domain)

    def run(self) -> None:
        """The whole drill. Raises OpsError where a step fails; what was lost is given back in any case."""
        with self._tidied(), Canary(self.ask) as load:
            self._load(load)
            self._lose_the_region()
            self._notice(load)
            self._failover()
            self.measured = self._measure(load)
            if not self.options.skip_failback:
                self._give_back()
                self._failback(load)

    def entries(self) -> list[Entry]:
        """The steps of the drill and of the operations in it, by their beginning."""
        timelines = [self.timeline, *(operation.timeline for operation in self.operations)]
        return sorted((entry for timeline in timelines for entry in timeline.entries), key=lambda entry: entry.started)

    def _load(self, load: Canary) -> None:
        with self.timeline.step("load through the edge") as step:
            self.sandbox.set_lag(self.options.lag_seconds)

            def flows(attempts: list[Attempt]) -> bool:
                last = attempts[-WARM_UP_ROWS:]
                return len(last) == WARM_UP_ROWS and all(attempt.acknowledged for attempt in last)

            attempts = load.wait("the load is served", flows, LOAD_SECONDS)
            if not self.sandbox.replicates():
                raise OpsError(f"no replica follows {self.home}: run `ops dr status`", Exit.REFUSED)
            step.detail = f"{len(attempts)} rows, {attempts[-1].region} takes them"

    def _lose_the_region(self) -> None:
        with self.timeline.step(f"take {self.home_region} away") as step:
            self.sandbox.black_out(self.home_region, self.options.mode)
            step.detail = self.options.mode
        self._mark("region lost")

    def _notice(self, load: Canary) -> None:
        with self.timeline.step("notice the outage") as step:
            load.wait("the outage shows", lambda attempts: measured_loss.fails(attempts, REFUSALS), NOTICE_SECONDS)
            step.detail = f"{REFUSALS} rows refused in a row"

    def _failover(self) -> None:
        """From the decision on, which falls inside, nothing may call the lost region."""
        failover(self._desk(SessionOptions(yes=True, waive_fence=REASON)), self.away)

    def _desk(self, options: SessionOptions) -> Session:
        plain = Session.of(replace(options, report=self.options.report))
        known = {"engine": plain.engine, "pair": plain.pair, "ledger": plain.ledger, "options": plain.options}
        return DrillSession(**known, decide=self._decide, watch=self.operations.append)

    def _decide(self) -> None:
        if self.decided is None:
            self.sandbox.forget_calls()
            self.decided = datetime.now(UTC)

    def _measure(self, load: Canary) -> Measured:
        def served(attempts: list[Attempt]) -> bool:
            return measured_loss.serves(attempts, self.away_region)

        with self.timeline.step("verify through the edge") as step:
            attempts = load.wait(f"{self.away_region} serves", served, SERVED_SECONDS)
            calls = self.sandbox.calls(self.home_region)
            found = measured_loss.outage(attempts, self.home_region)
            if found is None:
                raise OpsError(f"{self.home_region} never stopped serving: the black-out had no effect")
            lost = measured_loss.loss(attempts, self.home_region, self.ask)
            step.detail = f"{self.away_region} takes rows, {lost.rows} are lost"
        self._mark("served again", found.ended)
        flip = flip_seconds(self.operations[-1].timeline.entries)
        return Measured(outage=found, loss=lost, calls=calls, lost_region=self.home_region, flip_seconds=flip)

    def _give_back(self) -> None:
        with self.timeline.step(f"give {self.home_region} back"):
            self.sandbox.restore(self.home_region)
        self._mark("region back")

    def _failback(self, load: Canary) -> None:
        """It ends with a preview of all stacks, and fails where that shows a change."""
        began = len(load.attempts())
        failback(self._desk(SessionOptions(yes=True, rebuild=True)), self.home)

        def served(attempts: list[Attempt]) -> bool:
            return measured_loss.serves(attempts[began:], self.home_region)

        with self.timeline.step("verify the way back through the edge") as step:
            attempts = load.wait(f"{self.home_region} serves", served, SERVED_SECONDS)
            away = [attempt for attempt in attempts if self.decided and attempt.sent > self.decided]
            back: Outage | None = measured_loss.outage(away, self.away_region)
            lost: Loss = measured_loss.loss(away, self.away_region, self.ask)
            step.detail = f"{self.home_region} takes rows, {lost.rows} are lost"
        if self.measured:
            self.measured = replace(self.measured, back=back, back_loss=lost, changes={})
        self._mark("home again", back.ended if back else None)

    @contextmanager
    def _tidied(self) -> Iterator[None]:
        """Whatever happens inside, the region is given back and the lag is as it was."""
        lag = self.sandbox.lag_seconds()
        try:
            yield
        finally:
            for region in set(self.sandbox.lost()) & {self.home_region}:
                self.sandbox.restore(region)
                say(f"{region} is given back")
            self.sandbox.set_lag(lag)

    def _mark(self, name: str, at: datetime | None = None) -> None:
        self.marks.append({"name": name, "at": (at or datetime.now(UTC)).isoformat()})


def flip_seconds(entries: Sequence[Entry]) -> float | None:
    """How long the flip took, from its gates to its last step; None where there was none."""
    first = next((number for number, entry in enumerate(entries) if entry.name.startswith(GATES)), None)
    return None if first is None else sum(entry.seconds for entry in entries[first:])
