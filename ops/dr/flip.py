"""Routes traffic to the other region, all names or none: gates, one change of the edge, and its verification."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from contract import HEALTH_PATH, served_hosts
from ops.core import facts, gates, visitor
from ops.core.aws import client
from ops.core.engine_errors import UnreadableStateError
from ops.core.facts import side_by_side
from ops.core.gates import Gate
from ops.core.interruption import TooLongError
from ops.core.pair import Pair, RegionStack
from ops.core.recovery.steps import RECOVER
from ops.core.session import Session
from ops.core.steps import CHANGING, Plan, Step, Timeline, named, say, waits
from ops.dr import closing
from ops.dr.routing import CHANGE_SECONDS, SETTLE_SECONDS, Routing, misrouted, names, settle_edge
from ops.errors import Exit, OpsError

UNDO = "undo-flip"
PAUSE_SECONDS = 2.0
SERVED_SECONDS = 30.0
"""Our choice: Cloudflare returns a changed record within seconds."""
AFTER_SECONDS = 13.0
"""Our choice, for reading the records and for visits after the engine's time limit: a flip ends within a minute."""
ROUNDS_SERVED, ROUND_SECONDS = 3, 0.2
"""Our choice: consecutive answers of the region, at every name: while the change propagates, a single one proves
nothing."""

GATES = Step(
    name="check the gates of {stack}",
    does="Checks all gates at once: health through the origin, hosts in service, certificate, database, single "
    "writer, TLS and client certificate of the edge. A closed gate refuses the flip; if {stack} was just activated, "
    "only after retrying for 5 minutes. `--force` with a reason overrides it.",
    unless="traffic is routed to {stack} already",
    asks=True,
)
ROUTE = Step(
    name="route traffic to {stack}",
    does="Runs `pulumi up` of the edge's records with `live: {stack}`, for at most 20 seconds. A failure is retried, "
    "then rolled back. If Cloudflare does not answer, run the same command again to continue.",
    unless="traffic is routed to {stack} already",
)
READ_BACK = Step(
    name="read the records back",
    does="Reads every record back from Cloudflare, and rolls back if one did not change.",
    unless="nothing was changed",
)
VISIT = Step(
    name="request as a visitor",
    does="Requests the health check through the edge until {stack} answers under every name three times in a row.",
)
EDGE = named([RECOVER], stack="EDGE")
STEPS = (*EDGE, GATES, *EDGE, ROUTE, READ_BACK, closing.OPEN, VISIT)
"""An edge with an unreadable state is recovered before the gates, an edge that a dead engine locked after them."""
PLAN = Plan(steps=named(STEPS, stack="TO"), exits=CHANGING)


def flip_to(session: Session, to: str) -> Timeline:
    """`ops dr flip --to`: route traffic to a stack; the former one is stored for `--undo`. Returns what was done."""
    with session.hold() as timeline:
        before = session.pair.live
        try:
            flip(session, timeline, to)
        finally:
            if session.pair.live != before:
                session.record("flip", {"from": before, "to": to, "timeline": timeline.to_json()})
    return timeline


def undo(session: Session) -> None:
    """`ops dr flip --undo`: route traffic back to the stack before the last flip, through the same gates."""
    record = session.ledger.get(UNDO)
    if record is None:
        raise OpsError("there is no flip to undo", Exit.REFUSED)
    say(f"undo the flip from {record['from']} to {record['to']} of {record['at']}")
    flip_to(session, str(record["from"]))


def flip(session: Session, timeline: Timeline, to: str, patience: float = 0.0) -> None:
    """Route traffic to `to`, unless it is already routed there. The caller holds the lock. Closed gates are retried for
    `patience` seconds.

    Raises OpsError: REFUSED while a gate is closed, FAILED if Cloudflare does not make the change: every name is then
    rolled back, or the message says where each one is routed.
    """
    with session.loading_edge():
        _flip(session, timeline, to, patience)


def foreseen(session: Session, to: str) -> tuple[Step, ...]:
    """The steps of a later flip, whose gates cannot be checked yet."""
    pair = session.pair
    routed = pair.is_routed_to(to)
    # Without the token, which an edge with an unreadable state does not provide, the records cannot be read.
    with suppress(UnreadableStateError):
        routed = routed and not misrouted(pair, to, visitor.records(pair.edge))
    return (GATES, closing.OPEN, VISIT) if routed else (GATES, ROUTE, READ_BACK, closing.OPEN, VISIT)


def _flip(session: Session, timeline: Timeline, to: str, patience: float) -> None:
    pair = session.pair
    spent = _read(session, timeline, to)
    # The last applied stack, which for a repair is `to` itself: a rollback never goes anywhere else.
    before = str(pair.edge.outputs.get("live") or pair.live)
    with timeline.step(GATES, stack=to) as step:
        asked, records = _asked_patiently(pair, pair[to], 0.0 if session.options.force else patience)
        closed = [gate for gate in asked if not gate.passed]
        writer = next(gate for gate in asked if gate.name == gates.ONE_WRITER)
        step.detail = f"{len(asked) - len(closed)} of {len(asked)} open, {writer}"
        there = pair.is_routed_to(to) and not misrouted(pair, to, records)
        if there:
            step.skip(f"traffic is routed to {to} already; {step.detail}")
        elif closed and not session.options.force:
            lines = [f"gate of {to} closed: {gate}" for gate in closed]
            lines.append('no record was changed; --force "REASON" flips anyway')
            raise OpsError("\n".join(lines), Exit.REFUSED)
    if there:
        closing.open_again(session, timeline)
        if not session.options.dry_run:
            with timeline.step(VISIT) as step:
                step.detail = _served(session, pair[to], SERVED_SECONDS)
        return
    if closed:
        forced = {"to": to, "reason": session.options.force, "closed": [str(gate) for gate in closed]}
        session.record("forced-flip", forced)
    # A record that differs from the state is corrected only if the engine refreshes it first.
    drifted = misrouted(pair, str(pair.edge.outputs.get("live")), records) != {}
    routing = Routing(
        session=session, timeline=timeline, before=before, to=to, until=time.monotonic() + CHANGE_SECONDS - spent
    )
    _route(routing, drifted=drifted)


def _route(routing: Routing, *, drifted: bool) -> None:
    """Change the records, read them back, and check that visitors are served; a dry run only shows it."""
    session, timeline, to, pair = routing.session, routing.timeline, routing.to, routing.session.pair
    with timeline.step(ROUTE, stack=to) as step:
        if step.dry_run:
            step.detail = f"set live: {to} and run `pulumi up --stack {pair.edge.stack}` of the records"
            return
        if routing.before != to:
            at = datetime.now(UTC).isoformat(timespec="seconds")
            session.ledger.put(UNDO, {"from": routing.before, "to": to, "at": at})
        routing.change(drifted=drifted)
        step.detail = f"{len(names(pair))} names"
    with timeline.step(READ_BACK) as step:
        try:
            found = visitor.records(pair.edge)
        except OpsError as error:
            on = session.ways_on(f"`ops dr flip --to {to}` checks it again")
            raise OpsError(f"{error.message}\nthe change was made; {on}") from None
        wrong = misrouted(pair, to, found)
        if wrong:
            raise routing.without_effect(wrong)
        step.detail = f"every name is routed to {to}"
    closing.open_again(session, timeline)
    with timeline.step(VISIT) as step:
        step.detail = _served(session, pair[to], min(SERVED_SECONDS, routing.until + AFTER_SECONDS - time.monotonic()))


def _read(session: Session, timeline: Timeline, to: str) -> float:
    """Read what the gates need. An edge with an unreadable state is recovered; returns the seconds that this took."""
    try:
        _prepare(session, to)
        return 0.0
    except UnreadableStateError:
        if session.options.dry_run:
            raise
        started = time.monotonic()
        try:
            settle_edge(session, timeline, started + SETTLE_SECONDS)
        except TooLongError as error:
            raise TooLongError(f"{error.message}; no record was changed") from None
        _prepare(session, to)
        return time.monotonic() - started


def _prepare(session: Session, to: str) -> None:
    """Read outputs and token in parallel. The modules of the gates are loaded while the engine works."""
    work: dict[str, Callable[[], object]] = {
        "outputs": session.read,
        "token": lambda: session.pair.edge.token,
        "clients": lambda: [client(service, session.pair[to].region) for service in gates.SERVICES],
    }
    side_by_side(work)


def _asked(pair: Pair, target: RegionStack) -> tuple[list[Gate], dict[str, str]]:
    """The gates, and the zone's current records."""
    work: dict[str, Callable[[], Any]] = {
        "gates": partial(gates.ask, pair, target, pair.edge),
        "records": partial(visitor.records, pair.edge),
    }
    try:
        found = side_by_side(work)
    except OpsError as error:
        raise OpsError(f"{error.message}\nno record was changed") from None
    return found["gates"], found["records"]


def _asked_patiently(pair: Pair, target: RegionStack, patience: float) -> tuple[list[Gate], dict[str, str]]:
    """The same, retried for these seconds while a gate is closed; the log shows which gates are closed."""
    asked, records = _asked(pair, target)
    deadline = time.monotonic() + patience
    for gate in asked:
        if patience and not gate.passed:
            say(f"          closed, retrying for up to {patience:.0f} s: {gate}")
    while time.monotonic() < deadline and not all(gate.passed for gate in asked):
        waits("; ".join(str(gate) for gate in asked if not gate.passed), deadline - time.monotonic())
        time.sleep(PAUSE_SECONDS)
        asked, records = _asked(pair, target)
    return asked, records


def _served(session: Session, target: RegionStack, seconds: float) -> str:
    """Wait until the region serves visitors at every name, repeatedly. Raises OpsError if that takes too long."""
    hosts = served_hosts(session.pair.domain)

    def elsewhere() -> str:
        for past in range(ROUNDS_SERVED):
            time.sleep(ROUND_SECONDS if past else 0)
            found = side_by_side({host: partial(_by, host) for host in hosts})
            if astray := [f"{host} {by}" for host, by in found.items() if by != target.region]:
                return ", ".join(astray)
        return ""

    what = f"{', '.join(hosts)} served by {target.region}"
    try:
        facts.wait(what, elsewhere, lambda astray: not astray, seconds=seconds, pause=ROUND_SECONDS)
    except OpsError as error:
        on = session.ways_on("`ops dr flip --undo` routes traffic back")
        raise OpsError(f"{error.message}\nthe records are right; {on}") from None
    return what


def _by(host: str) -> str:
    answer = visitor.visit(host, HEALTH_PATH)
    return str(answer["region"]) if answer.status == 200 else f"status {answer.status}"
