"""Gives up what is under way, wherever it stopped: back to the region whose database takes writes, as RDS says."""

from dataclasses import dataclass
from typing import Any

from ops.core import facts
from ops.core.apply import apply, shown
from ops.core.interruption import TooLongError
from ops.core.pair import Pair, RegionStack, Stack
from ops.core.recovery.steps import RECOVER
from ops.core.session import UNDER_WAY, Session
from ops.core.settle import in_use, left_behind, settle
from ops.core.steps import SERVING, Plan, Step, Timeline, named, say
from ops.dr import closing, drop, failover, fence, flip, promotion
from ops.errors import Exit, OpsError, refused

SETTLED_SECONDS = 600.0
"""Ours: while RDS promotes a replica, only the instance's status shows it."""

JUDGE = Step(
    name="find the region that takes writes",
    does="Asks RDS in both regions which database is a replica; for a region that does not answer, its stack's record "
    "decides. STACK is the one that takes writes, or the one that `--to` names if both do. Then asks for confirmation.",
    asks=True,
)
ADOPT = Step(
    name="write the file of {stack} from its stack",
    does="Updates a stack file that is older than its stack to what the stack has recorded.",
    unless="the file of {stack} is not older",
)
GIVE_UP = Step(
    name="abandon the operation in progress",
    does="Moves the operation in progress, with its decision and waivers, to the history.",
    unless="no operation is in progress",
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

Settings = dict[str, Any]
FENCED = ("fenced", True)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The region to serve from, and the other; `answering` are those whose AWS answers, `replicas` that follow."""

    keep: RegionStack
    other: RegionStack
    answering: set[str]
    replicas: set[str]

    @property
    def serving(self) -> Settings:
        """The settings of the region to serve from."""
        role = _role(self.keep)
        return {"role": role, "activated": role == "standby", "fenced": False}

    @property
    def standing_by(self) -> Settings:
        """The settings of the other: a replica follows, what was promoted is fenced, what is being rebuilt is both."""
        if self.other.stack in self.replicas:
            return {"role": "standby", "activated": False, "fenced": False}
        if self.other.being_rebuilt:
            return {}
        return {"fenced": True, **({"activated": True} if _role(self.other) == "standby" else {})}

    def __str__(self) -> str:
        return "; ".join(_told(stack, self.answering, self.replicas) for stack in (self.keep, self.other))


def _role(region: RegionStack) -> str:
    """Its role, as its stack has recorded it where its file is older."""
    return str(region.outputs.get("role") if region.older else region.settings.role)


def _told(stack: RegionStack, answering: set[str], replicas: set[str]) -> str:
    """What is known of a region."""
    fenced = ", fenced" if stack.recorded["fenced"] else ""
    known = f"{'is a replica' if stack.stack in replicas else 'takes writes'}{fenced}"
    return f"{stack.stack} {known}" if stack.stack in answering else f"{stack.stack} does not answer, and {known}"


def abort(session: Session, to: str | None = None) -> Timeline:
    """`ops dr abort`: safe to run again at any point. What was done."""
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
        # Asked now: the files are written from here on, and a dry run writes none.
        begun = session.ledger.get(UNDER_WAY) or {}
        # A fence is made by direct calls: stack and file may not know of one that was begun.
        unsure = begun.get("from") == verdict.keep.stack and verdict.keep.stack in verdict.answering
        opening = unsure or differs(verdict.keep, verdict.serving)
        following = differs(verdict.other, verdict.standing_by)
        serving, standing_by = verdict.serving | generations, verdict.standing_by
        for stack in (verdict.other, verdict.keep, session.pair.edge):
            _adopt(timeline, stack)
        _give_up(session, timeline, verdict)
        with session.loading_edge():
            if not session.options.dry_run:
                # A gate asks the file whether somebody else writes, and a fence whether there is anybody to fence.
                verdict.other.declare({key: value for key, value in standing_by.items() if (key, value) != FENCED})
            if standing_by.get("fenced") and following:
                fence.fence(session, timeline, verdict.other, session.options.waive_fence)
            if opening:
                promotion.promote(session, timeline, verdict.keep, serving, fenced=True, targets=promotion.SERVES)
                promotion.answers(session, timeline, verdict.keep)
            if verdict.keep.stack in verdict.answering:
                failover.flip_after_activation(session, timeline, verdict.keep.stack)
            else:
                closing.open_again(session, timeline)
        missing = promotion.complete(session, timeline, verdict.keep) if opening else ""
        undeclared = ""
        if standing_by.get("fenced"):
            undeclared = fence.declare(session, timeline, verdict.other, session.options.waive_fence)
        elif following:
            _follow(session, timeline, verdict.other, standing_by, answers=verdict.other.stack in verdict.answering)
        for region in (verdict.other, verdict.keep):
            if region.stack in verdict.answering:
                settle(session, timeline, region.stack)
        promotion.require_all(f"{verdict.keep.stack} serves", missing, undeclared)
    return timeline


def judge(session: Session, to: str | None) -> Verdict:
    """Who serves, by facts. Raises OpsError: REFUSED where they do not tell, BUSY while an engine is at work."""
    pair = session.pair
    if busy := [holder for stack in pair.all if (holder := in_use(stack.stack))]:
        raise OpsError("\n".join(busy), Exit.BUSY)
    regions = [pair[stack] for stack in pair.stacks]
    answering = {region.stack for region in regions if facts.answers(region)}
    replicas = {region.stack for region in regions if _is_replica(session, region, region.stack in answering)}
    writers = [region for region in regions if region.stack not in replicas and not region.being_rebuilt]
    writers = [pair[to]] if to else writers
    undone = session.ledger.get(UNDER_WAY) or any(_follows(region) for region in writers)
    if len(writers) > 1 and not undone:
        # After a failover the region that was lost has its own data; nothing is half done then.
        writers = [region for region in writers if _is_routed_to(pair, region) and _is_open(region)] or writers
    told = [_told(region, answering, replicas) for region in regions]
    if len(writers) != 1:
        routed = f"traffic is routed to {pair.edge.outputs.get('live')}"
        why = "choose one with --to; rows that only the other has stay in its database" if writers else "no writer"
        raise refused([*told, routed, why])
    (keep,) = writers
    if keep.stack in replicas:
        raise refused([*told, f"{keep.stack} takes no writes: `ops dr failover --to {keep.stack}`"])
    other = pair[pair.other_than(keep.stack)]
    return Verdict(keep=keep, other=other, answering=answering, replicas=replicas)


def _is_replica(session: Session, region: RegionStack, answers: bool) -> bool:
    """As RDS says once nothing is changed any more, since a promotion that has begun shows only in the status.

    As the stack has recorded it where RDS does not answer.
    """
    if not answers:
        return region.recorded_following
    try:
        found = facts.wait(
            f"RDS has finished modifying the replica of {region.stack}",
            lambda: facts.database(region),
            lambda found: found is None or not found.is_replica or found.status in facts.USABLE,
            seconds=0.0 if session.options.dry_run else SETTLED_SECONDS,
        )
    except TooLongError as error:
        raise TooLongError(f"{error.message}; nothing was changed: run the same command again") from None
    return found is None or found.is_replica


def _follows(region: RegionStack) -> bool:
    """Whether its file says that it follows, or its stack where the file is older."""
    return region.recorded_following if region.older else region.following


def _is_routed_to(pair: Pair, region: RegionStack) -> bool:
    """Whether visitors are routed there as the edge's file and its stack say, or the stack where the file is older."""
    recorded = pair.edge.outputs.get("live") == region.stack
    return recorded if pair.edge.older else pair.is_routed_to(region.stack)


def _is_open(region: RegionStack) -> bool:
    """Whether it takes writes as its file and its stack say, or the stack where the file is older."""
    if region.older:
        return not (region.recorded_following or region.recorded["fenced"])
    return region.writes and not region.undone


def differs(region: RegionStack, wanted: Settings) -> bool:
    """Whether a stack has not what is wanted, or not all of it, or its file has not, unless that is older and will be
    written anew."""
    made = region.recorded
    found = any(made.get(key) != value for key, value in wanted.items()) or region.is_unrecorded
    return bool(wanted) and (found or bool(not region.older and region.file.changes(wanted)))


def is_settled(session: Session, verdict: Verdict) -> bool:
    """Whether there is nothing to give up and nothing to be put right."""
    pair = session.pair
    if (
        closing.is_closed(session.ledger)
        or session.ledger.get(UNDER_WAY)
        or pair.older()
        or any(left_behind(session.engine, s) for s in pair.stacks)
    ):
        return False
    replica = verdict.other.stack in verdict.replicas
    # Fenced, or promoted, and its stack does not say so.
    unknown = (verdict.other.closed and not verdict.other.outputs.get("fenced")) or verdict.other.following
    return (
        pair.is_routed_to(verdict.keep.stack)
        and not differs(verdict.keep, verdict.serving)
        and not ((replica or unknown) and differs(verdict.other, verdict.standing_by))
    )


def agree(session: Session, verdict: Verdict) -> None:
    """Have the operator agree. Raises OpsError (REFUSED) with all that forbids it."""
    keep, other, problems = verdict.keep, verdict.other, list[str]()
    served = session.pair.is_routed_to(keep.stack) and not differs(keep, verdict.serving)
    if keep.stack not in verdict.answering and not served:
        problems.append(
            f"{keep.region} does not answer, so {keep.stack} cannot be opened there: run the same command once it "
            f"does, or `ops dr failover --to {other.stack}`"
        )
    answers = other.stack in verdict.answering
    # Of one that does not answer nobody knows whether it was promoted.
    fences = verdict.standing_by.get("fenced") or not (answers or other.following)
    if fences and not other.recorded["fenced"] and (problem := fence.problem(session, other.stack, answers=answers)):
        problems.append(problem)
    if problems:
        raise refused(problems)
    lost = "" if other.stack in verdict.replicas else f" Rows that only {other.stack} has stay in its database."
    session.confirm(f"Abandon the operation in progress, and serve from {keep.stack}?{lost}")


def _adopt(timeline: Timeline, stack: Stack[Any]) -> None:
    """Write a file that is older from what its stack has recorded."""
    if not stack.older:
        return
    with timeline.step(ADOPT, stack=stack.stack) as step:
        values = stack.adopted()
        step.detail = shown(values)
        if not step.dry_run:
            stack.file.set(values)


def _give_up(session: Session, timeline: Timeline, verdict: Verdict) -> None:
    """First of all changes: nobody goes on with what is being given up."""
    record = session.ledger.get(UNDER_WAY)
    if session.options.waive_fence:
        session.record("waiver", {"reason": session.options.waive_fence, "stack": verdict.other.stack})
    if not record:
        return
    with timeline.step(GIVE_UP) as step:
        step.detail = f"the {record['operation']} to {record['to']}"
        session.record("aborted", {**record, "serves": verdict.keep.stack})
        if not step.dry_run:
            session.ledger.delete(UNDER_WAY)


def _generations(session: Session, keep: RegionStack) -> Settings:
    """The database that RDS was asked of, where a rebuild has declared the next one already.

    Raises OpsError (REFUSED) where the engine has made that: it is protected, and no former one.
    """
    if not keep.being_rebuilt:
        return {}
    generation = keep.settings.database.generation
    if drop.of_generation(session, keep.stack, generation):
        raise refused([f"generation {generation} of {keep.stack} is there already: `ops dr rebuild {keep.stack}`"])
    return {key: keep.recorded[key] for key in ("database.generation", "database.retained_generations")}


def _follow(session: Session, timeline: Timeline, other: RegionStack, declared: Settings, *, answers: bool) -> None:
    """Have a replica be a standby again, whatever the engine has made beside it."""
    if answers:
        settle(session, timeline, other.stack)
    with timeline.step(FOLLOW, stack=other.stack) as step:
        if not answers:
            step.skip(f"{other.region} does not answer: `pulumi up --stack {other.stack}` once it does")
        else:
            step.detail = apply(session, other, declared, step)
