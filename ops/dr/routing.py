"""A change of the edge: the engine routes every name to a stack, within a time limit, or back."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contract import origin
from ops.core import visitor
from ops.core.engine_errors import LockedError, UnreadableStateError
from ops.core.interruption import TooLongError
from ops.core.pair import Pair
from ops.core.session import Session
from ops.core.settle import settle
from ops.core.steps import Timeline, say, waits
from ops.errors import Exit, OpsError

RECORDS = ("**:DnsRecord::dns-*",)
"""What a flip changes: other differences or failures of the edge must not stop it. `*` stands for a part of a URN, `**`
for several (Pulumi, `--target`)."""
ATTEMPTS = 3
PAUSE_SECONDS = 2.0
CHANGE_SECONDS = 32.0
SETTLE_SECONDS = 15.0
ROUTE_SECONDS = 20.0
BACK_SECONDS = 10.0
END_SECONDS = 2.0
"""Our choice of limits: for everything that the engine does in a flip; within that, for repairing what an engine left,
for all attempts, and for the way back; and for an engine that was asked to end. So a flip ends within a minute.
Cloudflare's provider has no limit: it waits for an answer forever, and retries for minutes (cloudflare-go 7.7,
internal/requestconfig)."""


def settle_edge(session: Session, timeline: Timeline, until: float) -> None:
    """Repair what an engine left of the edge, or recover its state. Raises TooLongError if that takes too long."""
    seconds = _at_most(SETTLE_SECONDS, until)
    edge = session.pair.edge.stack
    try:
        with session.engine.at_most(seconds, END_SECONDS):
            settle(session, timeline, edge)
    except TooLongError:
        text = f"stack {edge} was not recovered within {seconds:.0f} s; run `ops recover {edge}`, which may take longer"
        raise TooLongError(text) from None


def names(pair: Pair) -> list[str]:
    """The names that visitors use: the edge's records without those of a single region."""
    fixed = {origin(stack, pair.domain) for stack in pair.stacks}
    return [name for name in pair.edge.output("records") if name not in fixed]


def leads(name: str, records: Mapping[str, str]) -> str:
    """The final target of a name: a record may point to another name of the zone."""
    passed: set[str] = set()
    while name in records and name not in passed:
        passed.add(name)
        name = records[name]
    return name if passed and name not in passed else "nowhere"


def misrouted(pair: Pair, to: str, records: Mapping[str, str]) -> dict[str, str]:
    """The names that are not routed to `to`, and their targets."""
    want = pair.edge.output("origins").get(to)
    found = {name: leads(name, records) for name in names(pair)}
    return {name: content for name, content in found.items() if content != want}


@dataclass(frozen=True, kw_only=True)
class Routing:
    """A change from the stack `before` to the stack `to`.

    At `until`, on the monotonic clock, the engine is ended in any case.
    """

    session: Session
    timeline: Timeline
    before: str
    to: str
    until: float

    def change(self, *, drifted: bool) -> None:
        """Change the edge, or roll back if that fails. Raises OpsError with the resulting situation."""
        try:
            self._route(self.to, ROUTE_SECONDS, drifted=drifted)
        except TooLongError as error:
            # A rollback would need the same Cloudflare.
            back = f", `ops dr flip --to {self.before}` goes back" if self.before != self.to else ""
            on = self.session.ways_on(f"`ops dr flip --to {self.to}` continues{back}")
            raise TooLongError(f"{error.message}: {self._holds()}; {on}") from None
        except OpsError as error:
            if error.exit_code is Exit.BUSY:
                self.session.pair.edge.declare({"live": self.before})
                raise
            raise OpsError(f"{error.message}\n{self._roll_back()}") from None

    def without_effect(self, wrong: Mapping[str, str]) -> OpsError:
        """Cloudflare accepted the change but did not make it: roll back."""
        lines = [
            f"Cloudflare reported success but did not change {name}: it is {wrong[name]}" for name in sorted(wrong)
        ]
        lines.append(self._roll_back())
        left = misrouted(self.session.pair, self.before, visitor.records(self.session.pair.edge))
        lines += [f"{name} is {content}" for name, content in sorted(left.items())]
        return OpsError("\n".join(lines))

    def _route(self, to: str, seconds: float, *, drifted: bool) -> None:
        """Write `live` and run the engine, within the time limit.

        First repairs what a killed engine left. Raises the last OpsError, TooLongError after the time limit, BUSY for a
        running engine.
        """
        self.session.ledger.require_hold()
        self.session.pair.edge.declare({"live": to})
        try:
            self._tried(seconds, drifted=drifted)
        except (LockedError, UnreadableStateError):
            settle_edge(self.session, self.timeline, self.until)
            self._tried(seconds, drifted=True)

    def _tried(self, seconds: float, *, drifted: bool) -> None:
        """Run the engine, with retries."""
        seconds = _at_most(seconds, self.until)
        ends = time.monotonic() + seconds
        waits("waits for Cloudflare", seconds)
        engine, stack, failure = self.session.engine, self.session.pair.edge.stack, ""
        with engine.at_most(seconds, END_SECONDS):
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    if drifted or attempt > 1:
                        engine.refresh(stack, _quiet, RECORDS)
                    engine.up(stack, _quiet, RECORDS)
                except (LockedError, UnreadableStateError):
                    raise
                except TooLongError:
                    raise TooLongError(f"Cloudflare did not make the change within {seconds:.0f} s{failure}") from None
                except OpsError as error:
                    if attempt == ATTEMPTS:
                        raise
                    failure = f" ({error.message.splitlines()[0]})"
                    say(f"          attempt {attempt} failed: {error.message.splitlines()[0]}")
                    time.sleep(_at_most(PAUSE_SECONDS * attempt, ends))
                else:
                    return

    def _roll_back(self) -> str:
        """Route every name as before. Returns a message about the result."""
        say(f"          rolling back: every name to {self.before}")
        try:
            self._route(self.before, BACK_SECONDS, drifted=True)
        except OpsError as error:
            return f"rolling back to {self.before} failed too: {error.message}\n{self._holds()}"
        return f"rolled back: every name is routed to {self.before}, as the stack file says"

    def _holds(self) -> str:
        """A message about where Cloudflare's records route the names."""
        try:
            return "; ".join(self._routed(visitor.records(self.session.pair.edge)))
        except OpsError as error:
            return f"where the names are routed cannot be read, {error.message}"

    def _routed(self, records: Mapping[str, str]) -> Iterator[str]:
        pair = self.session.pair
        stacks = {address: stack for stack, address in pair.edge.output("origins").items()}
        found: dict[str, list[str]] = {}
        for name in names(pair):
            content = leads(name, records)
            found.setdefault(stacks.get(content, content), []).append(name)
        for stack, routed in found.items():
            which = "every name" if len(found) == 1 else ", ".join(routed)
            yield f"{which} {'is' if len(routed) == 1 or len(found) == 1 else 'are'} routed to {stack}"


def _at_most(seconds: float, until: float) -> float:
    """These seconds, or the time that is left until the limit."""
    return max(0.0, min(seconds, until - time.monotonic()))


def _quiet(line: str) -> None:
    """Ignore a line of the engine: a flip takes only seconds."""
