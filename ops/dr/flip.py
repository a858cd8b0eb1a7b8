"""Leads visitors to the other region, all names or none: gates, one change of the edge, and what then holds."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from ops.core import facts, visitor
from ops.core.aws import client
from ops.core.cloudflare import TOKEN
from ops.core.engine import LockedError, UnreadableStateError
from ops.core.pair import Pair, RegionStack
from ops.core.session import LOCK, Desk
from ops.core.steps import Timeline, say
from ops.core.visitor import Record
from ops.dr import gates
from ops.dr.gates import Gate
from ops.dr.settle import settle
from ops.errors import Exit, OpsError

UNDO = "undo-flip"
ATTEMPTS = 3
ATTEMPTS_BACK = 2
PAUSE_SECONDS = 2.0
SERVED_SECONDS = 30.0
"""Ours: Cloudflare answers with a changed record within seconds."""
HEALTH = "/api/health"


def run(desk: Desk, to: str) -> None:
    """`ops dr flip --to`: lead visitors to a stack; where they came from is kept for `--undo`."""
    timeline = Timeline(dry_run=desk.options.dry_run)
    with desk.ledger.hold(LOCK, desk.options.take_over):
        before = desk.pair.live
        try:
            flip(desk, timeline, to)
        finally:
            if desk.pair.live != before:
                desk.sign("flip", {"from": before, "to": to, "timeline": timeline.to_json()})


def undo(desk: Desk) -> None:
    """`ops dr flip --undo`: lead visitors back to where the last flip took them from, through the same gates."""
    record = desk.ledger.get(UNDO)
    if record is None:
        raise OpsError("there is no flip to undo", Exit.REFUSED)
    say(f"undo the flip from {record['from']} to {record['to']} of {record['at']}")
    run(desk, str(record["from"]))


def flip(desk: Desk, timeline: Timeline, to: str) -> bool:
    """Lead visitors to `to`; whether anything was to be changed. The caller holds the lock.

    Raises OpsError: REFUSED while a gate is closed, FAILED when Cloudflare does not do as it is told: every name then
    leads to where it led before, or the message says where each one leads.
    """
    with desk.loading_edge():
        return _flip(desk, timeline, to)


def _flip(desk: Desk, timeline: Timeline, to: str) -> bool:
    pair, before = desk.pair, desk.pair.other_than(to)
    with timeline.step(f"gates of {to}", asks=True) as step:
        token = _settled(desk, timeline, to)
        asked, led = _asked(pair, pair[to], token)
        astray = _astray(pair, to, led)
        closed = [gate for gate in asked if not gate.passed]
        step.detail = f"{len(asked) - len(closed)} of {len(asked)} open"
        there = pair.live == pair.edge_outputs.get("live") == to and not astray
        if there:
            step.skip(f"visitors are led to {to} already")
        elif closed and not desk.options.force:
            raise _refusal(to, closed)
    if there:
        return False
    if closed:
        desk.sign("forced-flip", {"to": to, "reason": desk.options.force, "closed": [str(gate) for gate in closed]})
    # A record that is not where the state has it is put right only by an engine that reads it first.
    drifted = _astray(pair, str(pair.edge_outputs.get("live")), led) != {}
    with timeline.step(f"lead visitors to {to}") as step:
        if step.dry_run:
            step.detail = f"set live: {to} and run `pulumi up --stack {pair.edge}`"
            return True
        _change(desk, timeline, before, to, drifted=drifted)
        step.detail = f"{len(_names(pair))} names"
    desk.ledger.put(UNDO, {"from": before, "to": to, "at": datetime.now(UTC).isoformat(timespec="seconds")})
    with timeline.step("read the records back") as step:
        wrong = _astray(pair, to, visitor.records(str(pair.edge_output("zone_id")), token))
        if wrong:
            raise _without_effect(desk, timeline, before, token, wrong)
        step.detail = "every name leads there"
    with timeline.step("ask as a visitor") as step:
        step.detail = _served(pair, pair[to])
    return True


def _settled(desk: Desk, timeline: Timeline, to: str) -> str:
    """What the gates need; an edge whose state cannot be read is recovered first."""
    try:
        return _prepared(desk, to)
    except UnreadableStateError:
        if desk.options.dry_run:
            raise
        settle(desk, timeline, desk.pair.edge)
        return _prepared(desk, to)


def _prepared(desk: Desk, to: str) -> str:
    """The outputs and the token, read side by side; the token. What the gates need is loaded while the engine works."""
    with ThreadPoolExecutor() as pool:
        loading = pool.submit(_load, desk.pair[to].region)
        desk.engine.prepare()
        token = pool.submit(desk.engine.secret, desk.pair.edge, TOKEN)
        desk.pair.read([to])
        loading.result()
        return token.result()


def _load(region: str) -> None:
    for service in gates.SERVICES:
        client(service, region)


def _asked(pair: Pair, target: RegionStack, token: str) -> tuple[list[Gate], dict[str, Record]]:
    """The gates, and the zone's records as they are."""
    with ThreadPoolExecutor() as pool:
        records = pool.submit(visitor.records, str(pair.edge_output("zone_id")), token)
        return gates.ask(pair, target, token), records.result()


def _refusal(to: str, closed: list[Gate]) -> OpsError:
    lines = [f"gate of {to} closed: {gate}" for gate in closed]
    return OpsError("\n".join([*lines, 'nothing was changed; --force "REASON" flips all the same']), Exit.REFUSED)


def _names(pair: Pair) -> list[str]:
    """The names that visitors use: the edge's records without those of a single region."""
    fixed = {pair.origin(stack) for stack in pair.stacks}
    return [name for name in pair.edge_output("records") if name not in fixed]


def _astray(pair: Pair, to: str, led: Mapping[str, Record]) -> dict[str, str]:
    """The names that do not lead to `to`, and where they lead."""
    want = pair.edge_output("origins").get(to)
    found = {name: led[name].content if name in led else "nowhere" for name in _names(pair)}
    return {name: content for name, content in found.items() if content != want}


def _change(desk: Desk, timeline: Timeline, before: str, to: str, *, drifted: bool) -> None:
    """Change the edge; back to what was, where it cannot be done. Raises OpsError with what holds then."""
    try:
        _lead(desk, timeline, to, ATTEMPTS, drifted=drifted)
    except OpsError as error:
        if error.exit_code is Exit.BUSY:
            desk.pair.edge_file.set({"live": before})
            raise
        raise OpsError(f"{error.message}\n{_back(desk, timeline, before)}") from None


def _lead(desk: Desk, timeline: Timeline, to: str, attempts: int, *, drifted: bool) -> None:
    """Write `live` and have the engine make it so, more than once where that fails. Raises its last OpsError."""
    desk.pair.edge_file.set({"live": to})
    for attempt in range(1, attempts + 1):
        try:
            _up(desk, timeline, drifted=drifted or attempt > 1)
        except OpsError as error:
            if attempt == attempts or error.exit_code is Exit.BUSY:
                raise
            say(f"          attempt {attempt} failed: {error.message.splitlines()[0]}")
            time.sleep(PAUSE_SECONDS * attempt)
        else:
            return


def _up(desk: Desk, timeline: Timeline, *, drifted: bool) -> None:
    """`pulumi up` of the edge, recovered where an engine was killed. Raises OpsError BUSY where one is at work."""
    stack = desk.pair.edge
    try:
        if drifted:
            desk.engine.refresh(stack, _quiet)
        desk.engine.up(stack, _quiet)
    except (LockedError, UnreadableStateError):
        settle(desk, timeline, stack)
        desk.engine.refresh(stack, _quiet)
        desk.engine.up(stack, _quiet)


def _back(desk: Desk, timeline: Timeline, before: str) -> str:
    """Lead every name back; what holds afterwards, in a sentence."""
    say(f"          leading every name back to {before}")
    try:
        _lead(desk, timeline, before, ATTEMPTS_BACK, drifted=True)
    except OpsError as error:
        return f"the way back to {before} failed too: {error.message}"
    return f"every name leads to {before} again, as the stack file says; nothing is half done"


def _without_effect(desk: Desk, timeline: Timeline, before: str, token: str, wrong: Mapping[str, str]) -> OpsError:
    """Cloudflare took the change and did not make it."""
    lines = [f"Cloudflare answered well and did not change {name}: it leads to {wrong[name]}" for name in sorted(wrong)]
    lines.append(_back(desk, timeline, before))
    left = _astray(desk.pair, before, visitor.records(str(desk.pair.edge_output("zone_id")), token))
    lines += [f"{name} leads to {content}" for name, content in sorted(left.items())]
    return OpsError("\n".join(lines))


def _served(pair: Pair, target: RegionStack) -> str:
    """Wait until a visitor is served by the region. Raises OpsError when that takes too long."""
    host = f"app.{pair.domain}"

    def by() -> str:
        answer = visitor.visit(host, HEALTH)
        return str(answer["region"]) if answer.status == 200 else f"status {answer.status}"

    try:
        facts.wait(f"{host} is served by {target.region}", by, lambda region: region == target.region,
                   seconds=SERVED_SECONDS, pause=0.2)  # fmt: skip
    except OpsError as error:
        raise OpsError(f"{error.message}\nthe records are right; `ops dr flip --undo` leads back") from None
    return f"{host} is served by {target.region}"


def _quiet(line: str) -> None:
    """Drop a line of the engine: a flip is over in seconds."""
