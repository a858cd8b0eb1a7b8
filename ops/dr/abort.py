"""Abandons a running operation, wherever it stopped: back to the region whose database takes writes according to
RDS."""

from datetime import UTC, datetime
from typing import Any

from ops.core.apply import apply, shown
from ops.core.pair import RegionStack, Stack
from ops.core.recovery.steps import RECOVER
from ops.core.session import ABORTING, UNDER_WAY, Operation, Session
from ops.core.settle import settle
from ops.core.steps import SERVING, Plan, Step, Timeline, named, say
from ops.dr import closing, drop, failover, fence, flip, promotion
from ops.dr.verdict import Settings, Verdict, differs, is_settled, judge
from ops.errors import refused

JUDGE = Step(
    name="find the region that takes writes",
    does="Asks RDS in both regions which database is a replica; for a region that does not answer, or whose RDS does "
    "not within a minute, its stack's record decides. STACK is the one that takes writes, or the one that `--to` names "
    "if both do. Then asks for confirmation.",
    asks=True,
)
ADOPT = Step(
    name="write the file of {stack} from its stack",
    does="Updates a stack file that is older than its stack to what the stack has recorded.",
    unless="the file of {stack} is not older",
)
GIVE_UP = Step(
    name="abandon the operation in progress",
    does="Moves the operation in progress, with its decision and waivers, to the history. From here on, a killed abort "
    "can be run again to continue.",
    unless="no operation is in progress, or an abort is continued",
)
FOLLOW = Step(
    name="have {stack} follow",
    does="Runs `pulumi up` with the settings of a standby: its database was not promoted.",
    unless="it is a standby already, or was promoted: then it stays fenced until `ops dr rebuild {stack}`",
)
STEPS = (
    JUDGE,
    *(*named((ADOPT,), stack="{other}"), ADOPT, *named((ADOPT,), stack="EDGE")),
    GIVE_UP,
    *named((fence.FENCE,), stack="{other}"),
    *(*promotion.PROMOTION, promotion.ANSWER),
    *(*flip.STEPS, RECOVER, promotion.REST),
    *(*named((RECOVER, fence.DECLARE, FOLLOW), stack="{other}"), RECOVER),
)
PLAN = Plan(steps=named(STEPS, stack="STACK", other="OTHER"), exits=SERVING)

FENCED = ("fenced", True)


def abort(session: Session, to: str | None = None) -> Timeline:
    """`ops dr abort`: safe to run again at any point. Returns what was done."""
    with session.hold() as timeline:
        session.pair.read()
        with timeline.step(JUDGE) as step:
            verdict = judge(session, to)
            step.detail = str(verdict)
        if is_settled(session, verdict):
            say(f"nothing is unfinished: {verdict.keep.stack} serves")
            return timeline
        generations = _generations(session, verdict.keep)
        agree(session, verdict)
        # Read now, because the files are written from here on, except in a dry run.
        begun = session.ledger.get(UNDER_WAY) or {}
        # A fence is made by direct calls: stack and file may not know of one that began, nor of what is open again.
        began = begun.get("to" if begun.get("operation") == ABORTING else "from")
        unsure = began == verdict.keep.stack and verdict.keep.stack not in verdict.silent
        opening = unsure or differs(verdict.keep, verdict.serving)
        following = differs(verdict.other, verdict.standing_by)
        serving, standing_by = verdict.serving | generations, verdict.standing_by
        for stack in (verdict.other, verdict.keep, session.pair.edge):
            _adopt(timeline, stack)
        operation = _give_up(session, timeline, verdict, begun)
        with session.loading_edge():
            if not session.options.dry_run:
                # A gate reads from the file whether another region writes, and a fence whether there is a region to
                # fence.
                verdict.other.declare({key: value for key, value in standing_by.items() if (key, value) != FENCED})
            if standing_by.get("fenced") and following:
                fence.fence(session, timeline, verdict.other, session.options.waive_fence)
            if opening:
                promotion.promote(session, timeline, verdict.keep, serving, fenced=True, targets=promotion.SERVES)
                promotion.answers(session, timeline, verdict.keep)
            if verdict.keep.stack not in verdict.silent:
                failover.flip_after_activation(session, timeline, verdict.keep.stack)
            else:
                closing.open_again(session, timeline)
        _complete(session, operation, verdict, standing_by, opening=opening, following=following)
    return timeline


def agree(session: Session, verdict: Verdict) -> None:
    """Ask the operator to confirm. Raises OpsError (REFUSED) with everything that prevents it."""
    keep, other, problems = verdict.keep, verdict.other, list[str]()
    served = session.pair.is_routed_to(keep.stack) and not differs(keep, verdict.serving)
    if keep.stack in verdict.silent and not served:
        problems.append(
            f"{verdict.silent[keep.stack]} does not answer, so {keep.stack} cannot be opened there: run the same "
            f"command once it does, or {session.onward(other.stack)}"
        )
    # If a region does not answer, it is unknown whether it was promoted.
    fences = verdict.standing_by.get("fenced") or (other.stack in verdict.silent and not other.following)
    silent = verdict.silent.get(other.stack, "")
    # A fence does not need RDS, but while RDS does not answer only a writer is known to be one.
    silent = silent if other.stack in verdict.replicas or silent == other.region else ""
    if fences and not other.recorded["fenced"] and (problem := fence.problem(session, other.stack, silent)):
        problems.append(problem)
    if problems:
        raise refused(problems)
    lost = "" if other.stack in verdict.replicas else f" Rows that only {other.stack} has stay in its database."
    session.confirm(f"Abandon the operation in progress, and serve from {keep.stack}?{lost}")


def _complete(
    session: Session, operation: Operation, verdict: Verdict, standing_by: Settings, *, opening: bool, following: bool
) -> None:
    """What no visitor waits for. Raises OpsError (INCOMPLETE) with what is missing."""
    keep, other, timeline = verdict.keep, verdict.other, operation.timeline
    fenced = bool(standing_by.get("fenced"))
    theirs = (fence.DECLARE,) if fenced else (FOLLOW,) if following else ()
    left = [*named((promotion.REST,) if opening else (), stack=keep.stack), *named(theirs, stack=other.stack)]
    session.served(operation, *left)
    missing = promotion.complete(session, timeline, keep) if opening else ""
    undeclared = ""
    if fenced:
        undeclared = fence.declare(session, timeline, other, session.options.waive_fence)
    elif following:
        _follow(session, timeline, other, standing_by, verdict.silent.get(other.stack))
    for region in (other, keep):
        if region.stack not in verdict.silent:
            settle(session, timeline, region.stack)
    session.finish(operation, ABORTING)
    promotion.require_all(f"{keep.stack} serves", missing, undeclared)


def _adopt(timeline: Timeline, stack: Stack[Any]) -> None:
    """Write an outdated file from what its stack has recorded."""
    if not stack.older:
        return
    with timeline.step(ADOPT, stack=stack.stack) as step:
        values = stack.adopted()
        step.detail = shown(values)
        if not step.dry_run:
            stack.file.set(values)


def _give_up(session: Session, timeline: Timeline, verdict: Verdict, begun: dict[str, Any]) -> Operation:
    """The first change: the record of the abandoned operation becomes that of the abort."""
    if session.options.waive_fence:
        session.record("waiver", {"reason": session.options.waive_fence, "stack": verdict.other.stack})
    if begun and begun["operation"] != ABORTING:
        with timeline.step(GIVE_UP) as step:
            step.detail = f"the {begun['operation']} to {begun['to']}"
            session.record("aborted", {**begun, "serves": verdict.keep.stack})
    now = datetime.now(UTC)
    regions = {"source": verdict.other.stack, "target": verdict.keep.stack}
    operation = Operation(kind=ABORTING, **regions, started=now, decided_at=now, timeline=timeline)
    session.keep(operation)
    return operation


def _generations(session: Session, keep: RegionStack) -> Settings:
    """The generation that was checked in RDS, if a rebuild has already declared the next one.

    Raises OpsError (REFUSED) if the engine has already created the next one, which is protected.
    """
    if not keep.being_rebuilt:
        return {}
    generation = keep.settings.database.generation
    if drop.of_generation(session, keep.stack, generation):
        on = session.ways_on(f"`ops dr rebuild {keep.stack}`")
        raise refused([f"generation {generation} of {keep.stack} is there already: {on}"])
    return {key: keep.recorded[key] for key in ("database.generation", "database.retained_generations")}


def _follow(session: Session, timeline: Timeline, other: RegionStack, declared: Settings, silent: str | None) -> None:
    """Make a replica a standby again, whatever else the engine has created."""
    if not silent:
        settle(session, timeline, other.stack)
    with timeline.step(FOLLOW, stack=other.stack) as step:
        if silent:
            step.skip(f"{silent} does not answer: `pulumi up --stack {other.stack}` once it does")
        else:
            step.detail = apply(session, other, declared, step)
