"""The scenario of a drill: load through the edge, the live region lost, failover, the region back, failback."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.core.interruption import TooLongError
from ops.core.pair import Pair
from ops.core.session import Operation, Session, SessionOptions
from ops.core.stack_files import project_folder
from ops.core.steps import SERVING, Entry, Plan, Step, Timeline, named, say
from ops.dr import flip
from ops.dr.failback import STEPS as FAILBACK
from ops.dr.failback import failback
from ops.dr.failover import SERVED, failover
from ops.dr.promotion import REST
from ops.drill import measured_loss, stale_checkout
from ops.drill.canary import Ask, Attempt, Canary, acknowledged, through_the_edge
from ops.drill.drill_session import DrillSession
from ops.drill.measured_loss import Loss, Outage
from ops.drill.sandbox_control import Mode, SandboxControl
from ops.drill.tables import Measured
from ops.errors import Exit, OpsError

REASON = "drill"
GREY = ("elasticloadbalancing", "autoscaling")
"""Services that hang in a grey failure: visitors get no answer, and a fence cannot terminate the hosts."""
LATE_SECONDS = 1200
"""Our choice: the time for somebody to wake up, log in and ask others."""
ACCEPTED_SECONDS = LATE_SECONDS + 300
ENDING_SECONDS = 20
"""Our choice: long enough to detect a fence that does not wait for them. AWS gives no figure."""
WARM_UP_ROWS = 20
"""Five seconds of load: enough for rows on either side of the replication's lag."""
REFUSALS = 3
"""This many consecutive failures are an outage."""
LOAD_SECONDS = 90.0
NOTICE_SECONDS = 60.0
SERVED_SECONDS = 120.0

LOAD = Step(name="load through the edge", does="Writes rows as a visitor does, several times a second, until the end.")
LOSE = Step(name="black out the region of {stack}", does="Makes the sandbox refuse, hang or answer with errors there.")
NOTICE = Step(name="notice the outage", does="Waits until rows are refused.")
VERIFY = Step(
    name="verify through the edge",
    does="Waits until rows are accepted again, checks the earlier ones, and counts the calls to the lost region.",
)
RESTORE = Step(
    name="restore the region of {stack}",
    does="Makes the sandbox answer there again.",
    unless="`--skip-failback` is given",
)
VERIFY_BACK = Step(
    name="verify the way back through the edge",
    does="Waits until rows are accepted in the original region, and checks those written meanwhile.",
    unless="`--skip-failback` is given",
)
PLAN = Plan(
    steps=(
        *named((LOAD, LOSE, NOTICE), stack="LIVE"),
        *named((*SERVED, REST), stack="STANDBY", other="LIVE"),
        VERIFY,
        *named((stale_checkout.TRY,), stack="STANDBY"),
        *named((RESTORE,), stack="LIVE"),
        *named(FAILBACK, stack="LIVE", other="STANDBY"),
        VERIFY_BACK,
    ),
    exits=SERVING,
)


@dataclass(frozen=True, kw_only=True)
class DrillOptions:
    """How the region is lost, which others with it, the lag of replicas, and whether the failback is included.

    `ending_seconds`: how long hosts take to terminate, while they still write. `grey`: some services hang while the
    others answer. `late`: the decision comes 20 minutes after the loss by AWS's clock. `stale`: somebody tries commands
    from an older checkout.
    """

    mode: Mode = "refuse"
    grey: bool = False
    late: bool = False
    stale: bool = False
    also_lost: Sequence[str] = ()
    lag_seconds: float = 2.0
    ending_seconds: int = ENDING_SECONDS
    skip_failback: bool = False
    report: Path | None = None


@dataclass(kw_only=True)
class Drill:
    """A running drill."""

    options: DrillOptions
    sandbox: SandboxControl
    pair: Pair
    timeline: Timeline = field(default_factory=Timeline)
    operations: list[Operation] = field(default_factory=list)
    marks: list[dict[str, str]] = field(default_factory=list)
    decided: datetime | None = None
    measured: Measured | None = None

    def __post_init__(self) -> None:
        self.live, self.standby = self.pair.live, self.pair.other
        self.live_region, self.standby_region = self.pair[self.live].region, self.pair[self.standby].region
        grey = [f"{self.live_region}/{service}" for service in GREY]
        self.losses = [*(grey if self.options.grey else [self.live_region]), *self.options.also_lost]
        self.ask: Ask = through_the_edge(self.pair.domain)

    def run(self) -> None:
        """The whole drill. Raises OpsError if a step fails; the region is restored in any case."""
        with self._tidied(), TemporaryDirectory() as older, Canary(self.ask) as load:
            if self.options.stale:
                shutil.copytree(project_folder(), older, dirs_exist_ok=True)
            self._load(load)
            self._lose_the_region()
            self._notice(load)
            self._failover()
            self.measured = self._measure(load)
            if self.options.stale:
                stale_checkout.try_commands(self.timeline, self.pair, self.live, older)
            if not self.options.skip_failback:
                self._restore()
                self._failback(load)

    def entries(self) -> list[Entry]:
        """The steps of the drill and of its operations, by start time."""
        timelines = [self.timeline, *(operation.timeline for operation in self.operations)]
        return sorted((entry for timeline in timelines for entry in timeline.entries), key=lambda entry: entry.started)

    def _load(self, load: Canary) -> None:
        with self.timeline.step(LOAD) as step:
            self.sandbox.set_lag(self.options.lag_seconds)
            self.sandbox.set_ending(self.options.ending_seconds)

            def flows(attempts: list[Attempt]) -> bool:
                last = attempts[-WARM_UP_ROWS:]
                return len(last) == WARM_UP_ROWS and all(attempt.acknowledged for attempt in last)

            attempts = load.wait("the load is served", flows, LOAD_SECONDS)
            if not self.sandbox.replicates():
                raise OpsError(f"no replica follows {self.live}: run `ops dr status`", Exit.REFUSED)
            step.detail = f"{len(attempts)} rows, {attempts[-1].region} takes them"

    def _lose_the_region(self) -> None:
        with self.timeline.step(LOSE, stack=self.live) as step:
            mode = "hang" if self.options.grey else self.options.mode
            for place in self.losses:
                self.sandbox.black_out(place, mode)
            step.detail = f"{', '.join(self.losses)}: {mode}"
        self._mark("region lost")

    def _notice(self, load: Canary) -> None:
        with self.timeline.step(NOTICE) as step:
            load.wait("the outage shows", lambda attempts: measured_loss.fails(attempts, REFUSALS), NOTICE_SECONDS)
            step.detail = f"{REFUSALS} rows refused in a row"

    def _failover(self) -> None:
        """After the decision, which is inside, nothing may call the lost region."""
        accepted = None
        if self.options.late:
            self.sandbox.set_clock(LATE_SECONDS)
            accepted = ACCEPTED_SECONDS
            self._refused(SessionOptions(yes=True, waive_fence=REASON, waive_answering=self.options.grey))
        if self.options.grey:
            self._unfenced(SessionOptions(yes=True, accept_lag=accepted))
        options = SessionOptions(yes=True, waive_fence=REASON, waive_answering=self.options.grey, accept_lag=accepted)
        failover(self._session(options), self.standby)

    def _refused(self, options: SessionOptions) -> None:
        """Writes since the last lag figure may be missing, which nobody has accepted yet."""
        try:
            failover(self._session(options), self.standby)
        except OpsError as error:
            if error.exit_code is not Exit.REFUSED or "--accept-lag" not in error.message:
                raise
            say(error.message)
        else:
            raise OpsError(f"a lag {LATE_SECONDS} s old was taken for a new one")

    def _unfenced(self, options: SessionOptions) -> None:
        """An impossible fence must end in time, and say how to continue without it."""
        try:
            failover(self._session(options), self.standby)
        except TooLongError as error:
            say(error.message)
        else:
            raise OpsError(f"{self.live} was fenced although {', '.join(GREY)} hang")

    def _session(self, options: SessionOptions) -> Session:
        plain = Session.of(replace(options, report=self.options.report))
        known = {"engine": plain.engine, "pair": plain.pair, "ledger": plain.ledger, "options": plain.options}
        return DrillSession(**known, decide=self._decide, watch=self._watch)

    def _watch(self, operation: Operation) -> None:
        """Record an operation, only once if it is continued."""
        begun = bool(self.operations) and self.operations[-1].started == operation.started
        self.operations[-1 if begun else len(self.operations) :] = [operation]

    def _decide(self) -> None:
        """From here on nothing may call the lost region; if it still has to be fenced, from the waiver on."""
        if self.measured is None:
            self.sandbox.forget_calls()
            self.decided = self.decided or datetime.now(UTC)

    def _measure(self, load: Canary) -> Measured:
        def served(attempts: list[Attempt]) -> bool:
            return measured_loss.serves(attempts, self.standby_region)

        with self.timeline.step(VERIFY) as step:
            attempts = load.wait(f"{self.standby_region} serves", served, SERVED_SECONDS)
            calls = self.sandbox.calls(self.live_region)
            found = measured_loss.outage(attempts, self.live_region)
            if found is None:
                raise OpsError(f"{self.live_region} never stopped serving: the black-out had no effect")
            lost = measured_loss.loss(attempts, self.live_region, self.ask)
            step.detail = f"{self.standby_region} takes rows, {lost.rows} are lost"
        self._mark("served again", found.ended)
        flip = flip_seconds(self.operations[-1].timeline.entries, self.standby)
        late = float(LATE_SECONDS) if self.options.late else 0.0
        return Measured(
            outage=found, late_seconds=late, loss=lost, calls=calls, lost_region=self.live_region, flip_seconds=flip
        )

    def _restore(self) -> None:
        with self.timeline.step(RESTORE, stack=self.live):
            for place in self.losses:
                self.sandbox.restore(place)
            self.sandbox.set_clock(0)
        self._mark("region back")

    def _failback(self, load: Canary) -> None:
        """It ends with a preview of all stacks, and fails if that shows a change."""
        began, ended = len(load.attempts()), len(self.sandbox.rows_of_ending_hosts())
        failback(self._session(SessionOptions(yes=True, rebuild=True)), self.live)

        def served(attempts: list[Attempt]) -> bool:
            return measured_loss.serves(attempts[began:], self.live_region)

        with self.timeline.step(VERIFY_BACK) as step:
            attempts = load.wait(f"{self.live_region} serves", served, SERVED_SECONDS)
            away = [attempt for attempt in attempts if self.decided and attempt.sent > self.decided]
            back: Outage | None = measured_loss.outage(away, self.standby_region)
            lost: Loss = measured_loss.loss(away, self.standby_region, self.ask)
            late = [acknowledged(row) for row in self.sandbox.rows_of_ending_hosts()[ended:]]
            late_loss = measured_loss.loss(late, self.standby_region, self.ask)
            step.detail = f"{self.live_region} takes rows, {lost.rows + late_loss.rows} are lost"
        if self.measured:
            self.measured = replace(
                self.measured, back=back, back_loss=lost, ending_rows=len(late), ending_loss=late_loss
            )
        self._mark("failed back", back.ended if back else None)

    @contextmanager
    def _tidied(self) -> Iterator[None]:
        """Whatever happens inside, the region and the lag are restored."""
        lag = self.sandbox.lag_seconds()
        try:
            yield
        finally:
            for place in sorted({*self.sandbox.lost()} & {*self.losses}):
                self.sandbox.restore(place)
                say(f"{place} is restored")
            self.sandbox.set_clock(0)
            self.sandbox.set_ending(0)
            self.sandbox.set_lag(lag)

    def _mark(self, name: str, at: datetime | None = None) -> None:
        self.marks.append({"name": name, "at": (at or datetime.now(UTC)).isoformat()})


def flip_seconds(entries: Sequence[Entry], to: str) -> float | None:
    """The duration of the flip, from its gates to the first visitor; None if there was none."""
    gates = flip.GATES.name.format(stack=to)
    names = [entry.name for entry in entries]
    if gates not in names:
        return None
    first = names.index(gates)
    return sum(entry.seconds for entry in entries[first : names.index(flip.VISIT.name, first) + 1])
