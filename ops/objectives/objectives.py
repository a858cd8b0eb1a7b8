"""The data and time that a disaster costs, computed from the declaration, and whether that meets the objectives."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

from ops.objectives import sources
from ops.objectives.expected import Posture, Standby, expected
from ops.objectives.sources import Source

DAY_MINUTES = 24 * 60
MAIL_MINUTES = 1
"""From the result of a health check to the mail on the phone; our choice."""
RESPONSE_MINUTES = 15
"""Both manuals, P1: see sources.RESPONSE."""
RESTORE_MINUTES = 34
"""A database out of a snapshot: see sources.RESTORE."""
COPY_MINUTES = 60
"""A copy to the other region; assumed, because AWS says that it can take hours: see sources.COPY_TIME."""
RESTORABLE_MINUTES = 5
"""See sources.POINT_IN_TIME."""
CONTROLLED_MINUTES = 15
"""See sources.TIME_CONTROL."""
UNCONTROLLED_MINUTES = 120
"""A couple of hours: see sources.REPLICATION."""

Replication = Literal["none", "best-effort", "time-control"]

# Properties of every standby in the program: not settings, so the unit tests compare them with the declared resources.
REPLICA_KEEPS_BACKUPS = True
REPLICA_HAS_TWO_ZONES = True
UPLOADS: Replication = "time-control"


class Scenario(StrEnum):
    """The kind of disaster."""

    REGION_LOST = "region lost"
    DATA_CORRUPTED = "data corrupted"


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """The properties of the pair on which its objectives depend, in plain values.

    `noticed_minutes`: until the outside checks have notified somebody. `replica_lag_seconds`: the maximum lag of a
    replica, None without one. `backups_behind_minutes`: the maximum lag of the automated backups in the other region,
    None without. `copy_every_minutes`: offsite copies of the database, None without; `copy_takes_minutes`: from its due
    time until it exists. `restorable_days`: of point-in-time recovery, 0 without. `versions_kept_days`: of overwritten
    and deleted uploads. `messages_kept_days`: the shortest of the queues.
    """

    rto_minutes: float
    rpo_minutes: float
    noticed_minutes: float
    standby: Standby
    replica_lag_seconds: float | None
    backups_behind_minutes: float | None
    copy_every_minutes: float | None
    copy_takes_minutes: float
    restorable_days: float
    uploads: Replication
    versions_kept_days: float
    messages_kept_days: float

    @classmethod
    def of(cls, files: Mapping[str, Mapping[str, Any]], live: str, other: str, edge: str) -> "Declaration":
        """From the settings of the two regions and of the edge, by stack, keys without the project's prefix."""
        from settings.offsite import REPLICATED_BACKUPS_MINUTES, START_MINUTES

        here, there = files[live], files[other]
        recovery, offsite = here["recovery"], here.get("offsite") or {}
        checks = files[edge]["health_checks"]
        return cls(
            rto_minutes=recovery["rto_minutes"],
            rpo_minutes=recovery["rpo_minutes"],
            noticed_minutes=checks["interval_seconds"] * checks["consecutive_fails"] / 60 + MAIL_MINUTES,
            standby=standby_of(there),
            replica_lag_seconds=recovery["max_replica_lag_seconds"] if _follows(there, live) else None,
            backups_behind_minutes=REPLICATED_BACKUPS_MINUTES if offsite and _follows(there, live) else None,
            copy_every_minutes=DAY_MINUTES if offsite.get("home") == live else None,
            copy_takes_minutes=START_MINUTES + COPY_MINUTES,
            restorable_days=here["database"]["backup_retention_days"],
            uploads=UPLOADS if offsite else "none",
            versions_kept_days=here["storage"]["noncurrent_version_retention_days"],
            messages_kept_days=min(queue["retention_days"] for queue in here["workers"]["queues"].values()),
        )


@dataclass(frozen=True, kw_only=True)
class Objective:
    """The expected loss and outage of one kind of data, or of the whole service, in one scenario.

    `rpo_minutes` is None if the loss is not measured in time, `rto_minutes` if it is in another row. `change` is what
    to do if it is not `within` the objective.
    """

    what: str
    scenario: Scenario
    formula: str
    source: Source
    rpo_minutes: float | None = None
    rto_minutes: float | None = None
    within: bool
    change: str = ""


def objectives(given: Declaration) -> list[Objective]:
    """Every row."""
    return [
        _service(given),
        _database_lost(given),
        _uploads_lost(given),
        _messages_lost(given),
        _cache_lost(given),
        _database_corrupted(given),
        _uploads_corrupted(given),
    ]


def standby_of(settings: Mapping[str, Any]) -> Standby:
    """The properties of a stack as a standby, from its settings."""
    posture: Posture = settings["posture"]
    return Standby(
        posture=posture,
        warmup_seconds=settings["web"]["warmup_seconds"],
        keeps_backups=REPLICA_KEEPS_BACKUPS,
        two_zones=REPLICA_HAS_TWO_ZONES,
    )


def before_the_decision(given: Declaration) -> float:
    """Minutes from the loss until somebody is at the keyboard."""
    return given.noticed_minutes + RESPONSE_MINUTES


def _service(given: Declaration) -> Objective:
    """How long nobody is served when a region is lost."""
    restores = given.replica_lag_seconds is None
    standby = replace(given.standby, keeps_backups=True, two_zones=True) if restores else given.standby
    most = expected(standby).most
    total = before_the_decision(given) + (RESTORE_MINUTES if restores else 0) + most
    how = f"{RESTORE_MINUTES} to restore a copy + {most:.1f} for the rest" if restores else f"{most:.1f} to take over"
    return Objective(
        what="service",
        scenario=Scenario.REGION_LOST,
        rto_minutes=total,
        formula=f"{given.noticed_minutes:g} until it is noticed + {RESPONSE_MINUTES} until somebody is there + {how}",
        source=sources.RESTORE if restores else sources.RESPONSE,
        within=total <= given.rto_minutes,
        change=expected(given.standby).verdict(),
    )


def _database_lost(given: Declaration) -> Objective:
    """The best available: the replica, or the last copy that has arrived."""
    lag, behind = given.replica_lag_seconds, given.backups_behind_minutes
    every, takes = given.copy_every_minutes, given.copy_takes_minutes
    ways: list[tuple[float, str, Source]] = []
    if lag is not None:
        ways.append((lag / 60, f"replica: {lag:g} s behind at most", sources.LAG_LIMIT))
    if behind is not None:
        ways.append((behind, f"automated backups: {behind:g} min behind at most", sources.REPLICATED_BACKUPS))
    if every is not None:
        formula = f"copies: every {every:g} min + {takes:g} from when one is due until it is there"
        ways.append((every + takes, formula, sources.COPIES))
    nothing = (None, "no replica and no copy: everything", sources.COPIES)
    loss, formula, source = min(ways, key=lambda way: way[0], default=nothing)
    return Objective(
        what="database",
        scenario=Scenario.REGION_LOST,
        rpo_minutes=loss,
        formula=formula,
        source=source,
        within=loss is not None and loss <= given.rpo_minutes,
        change=f"want {given.rpo_minutes:g} min: let the other region follow",
    )


def _uploads_lost(given: Declaration) -> Objective:
    loss, source = {
        "none": (None, sources.REPLICATION),
        "best-effort": (UNCONTROLLED_MINUTES, sources.REPLICATION),
        "time-control": (CONTROLLED_MINUTES, sources.TIME_CONTROL),
    }[given.uploads]
    return Objective(
        what="uploads",
        scenario=Scenario.REGION_LOST,
        rpo_minutes=loss,
        formula="not replicated: everything" if loss is None else f"replication {given.uploads}: {loss} min",
        source=source,
        within=loss is not None and loss <= given.rpo_minutes,
        change="replicate the bucket with replication time control",
    )


def _messages_lost(given: Declaration) -> Objective:
    """Messages are not lost but stay in the region; only those are lost that expire before the region is back."""
    return Objective(
        what="queue messages",
        scenario=Scenario.REGION_LOST,
        formula=f"stay behind, kept {given.messages_kept_days:g} days for the region's return, and counted",
        source=sources.QUEUES,
        within=given.messages_kept_days * DAY_MINUTES >= given.rto_minutes,
        change="keep messages longer than an outage may last: workers.queues.*.retention_days",
    )


def _cache_lost(given: Declaration) -> Objective:
    return Objective(
        what="cache",
        scenario=Scenario.REGION_LOST,
        formula="starts empty: sessions end, nothing else",
        source=sources.SESSIONS,
        within=True,
    )


def _database_corrupted(given: Declaration) -> Objective:
    """A replica follows into corruption, so only point-in-time recovery counts."""
    if given.restorable_days <= 0:
        return Objective(
            what="database",
            scenario=Scenario.DATA_CORRUPTED,
            formula="no point-in-time recovery: back to the last copy, if that is not corrupted too",
            source=sources.POINT_IN_TIME,
            within=False,
            change="set database.backup_retention_days, 7 to 35",
        )
    total = before_the_decision(given) + RESTORE_MINUTES
    room = given.rto_minutes - total
    return Objective(
        what="database",
        scenario=Scenario.DATA_CORRUPTED,
        rpo_minutes=RESTORABLE_MINUTES,
        rto_minutes=total,
        formula=f"to any second of {given.restorable_days:g} days, but of the last {RESTORABLE_MINUTES} min; "
        f"{room:.0f} min are left to replay the log",
        source=sources.RESTORE,
        within=given.rpo_minutes >= RESTORABLE_MINUTES and room > 0,
        change="RDS restores no faster: promise less, or keep a second replica that lags on purpose",
    )


def _uploads_corrupted(given: Declaration) -> Objective:
    kept = given.versions_kept_days > 0
    return Objective(
        what="uploads",
        scenario=Scenario.DATA_CORRUPTED,
        rpo_minutes=0 if kept else None,
        formula=f"every version of {given.versions_kept_days:g} days; a deletion is not replicated",
        source=sources.VERSIONS,
        within=kept,
        change="keep versions: storage.noncurrent_version_retention_days",
    )


def _follows(settings: Mapping[str, Any], live: str) -> bool:
    return bool(settings["role"] == "standby" and not settings["activated"] and settings["follows"] == live)
