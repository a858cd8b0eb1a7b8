"""Which region must serve after an interrupted operation, according to RDS, and what still differs."""

from dataclasses import dataclass
from typing import Any

from ops.core import facts
from ops.core.interruption import TooLongError
from ops.core.pair import Pair, RegionStack
from ops.core.session import ABORTING, UNDER_WAY, Session
from ops.core.settle import in_use, left_behind
from ops.dr import closing
from ops.errors import Exit, OpsError, refused

RDS_SECONDS = 60.0
"""Ours, as for a fence: where a service of the region hangs, its region counts as one that does not answer."""
SETTLED_SECONDS = 600.0
"""Our choice: while RDS promotes a replica, only the instance's status shows it."""

Settings = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The region to serve from, and the other; `replicas` are those that follow, `silent` says what does not answer, by
    stack."""

    keep: RegionStack
    other: RegionStack
    silent: dict[str, str]
    replicas: set[str]

    @property
    def serving(self) -> Settings:
        """The settings of the region to serve from."""
        role = _role(self.keep)
        return {"role": role, "activated": role == "standby", "fenced": False}

    @property
    def standing_by(self) -> Settings:
        """The settings of the other: a replica follows, a promoted database is fenced, one that is being rebuilt is
        both."""
        if self.other.stack in self.replicas:
            return {"role": "standby", "activated": False, "fenced": False}
        if self.other.being_rebuilt:
            return {}
        return {"fenced": True, **({"activated": True} if _role(self.other) == "standby" else {})}

    def __str__(self) -> str:
        return "; ".join(_told(stack, self.silent, self.replicas) for stack in (self.keep, self.other))


def _role(region: RegionStack) -> str:
    """Its role, as recorded by its stack if its file is outdated."""
    return str(region.outputs.get("role") if region.older else region.settings.role)


def _told(stack: RegionStack, silent: dict[str, str], replicas: set[str]) -> str:
    """What is known of a region."""
    fenced = ", fenced" if stack.recorded["fenced"] else ""
    known = f"{'is a replica' if stack.stack in replicas else 'takes writes'}{fenced}"
    who = silent.get(stack.stack)
    return f"{who} does not answer, and {stack.stack} {known}" if who else f"{stack.stack} {known}"


def judge(session: Session, to: str | None) -> Verdict:
    """Which region must serve, from facts. Raises OpsError: REFUSED if they do not show it, BUSY while an engine
    runs."""
    pair = session.pair
    if busy := [holder for stack in pair.all if (holder := in_use(stack.stack))]:
        raise OpsError("\n".join(busy), Exit.BUSY)
    regions = [pair[stack] for stack in pair.stacks]
    silent = {region.stack: who for region in regions if (who := _silent(session, region))}
    replicas = {region.stack for region in regions if _is_replica(session, region, silent)}
    writers = [region for region in regions if region.stack not in replicas and not region.being_rebuilt]
    begun = session.ledger.get(UNDER_WAY) or {}
    to = to or (begun["to"] if begun.get("operation") == ABORTING else None)
    writers = [pair[to]] if to else writers
    undone = begun or any(_follows(region) for region in writers)
    if len(writers) > 1 and not undone:
        # After a failover the lost region has its own data, which is not an interrupted operation.
        writers = [region for region in writers if _is_routed_to(pair, region) and _is_open(region)] or writers
    told = [_told(region, silent, replicas) for region in regions]
    if len(writers) != 1:
        routed = f"traffic is routed to {pair.edge.outputs.get('live')}"
        why = "choose one with --to; rows that only the other has stay in its database" if writers else "no writer"
        raise refused([*told, routed, why])
    (keep,) = writers
    if keep.stack in replicas:
        raise refused([*told, f"{keep.stack} takes no writes: {session.onward(keep.stack)}"])
    other = pair[pair.other_than(keep.stack)]
    return Verdict(keep=keep, other=other, silent=silent, replicas=replicas)


def _silent(session: Session, region: RegionStack) -> str:
    """The region, or its RDS, if that does not answer."""
    if not facts.answers(region):
        return region.region
    try:
        facts.wait(
            f"RDS tells of the database of {region.stack}",
            lambda: facts.database(region),
            lambda _: True,
            seconds=0.0 if session.options.dry_run else RDS_SECONDS,
        )
    except TooLongError:
        return f"RDS of {region.region}"
    return ""


def _is_replica(session: Session, region: RegionStack, silent: dict[str, str]) -> bool:
    """According to RDS once no change is in progress, because a promotion in progress shows only in the status.

    As recorded by the stack if RDS does not answer.
    """
    if region.stack in silent:
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
    """Whether it follows according to its file, or to its stack if the file is outdated."""
    return region.recorded_following if region.older else region.following


def _is_routed_to(pair: Pair, region: RegionStack) -> bool:
    """Whether visitors are routed there according to the edge's file and stack, or only the stack if the file is
    outdated."""
    recorded = pair.edge.outputs.get("live") == region.stack
    return recorded if pair.edge.older else pair.is_routed_to(region.stack)


def _is_open(region: RegionStack) -> bool:
    """Whether it takes writes according to its file and stack, or only its stack if the file is outdated."""
    if region.older:
        return not (region.recorded_following or region.recorded["fenced"])
    return region.writes and not region.undone


def differs(region: RegionStack, wanted: Settings) -> bool:
    """Whether a stack lacks any of the wanted values, or its file does, unless that is outdated and will be written
    again."""
    made = region.recorded
    found = any(made.get(key) != value for key, value in wanted.items()) or region.is_unrecorded
    return bool(wanted) and (found or bool(not region.older and region.file.changes(wanted)))


def is_settled(session: Session, verdict: Verdict) -> bool:
    """Whether there is nothing to abandon and nothing to correct."""
    pair = session.pair
    if (
        closing.is_closed(session.ledger)
        or session.ledger.get(UNDER_WAY)
        or pair.older()
        or any(left_behind(session.engine, s) for s in pair.stacks)
    ):
        return False
    replica = verdict.other.stack in verdict.replicas
    # Fenced or promoted, without a record in its stack.
    unknown = (verdict.other.closed and not verdict.other.outputs.get("fenced")) or verdict.other.following
    return (
        pair.is_routed_to(verdict.keep.stack)
        and not differs(verdict.keep, verdict.serving)
        and not ((replica or unknown) and differs(verdict.other, verdict.standing_by))
    )
