"""The manuals' backup schedule: for each kind of data what backs it up, how much is lost at worst, and the
retention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from components.recovery.replication import PROMISED_MINUTES
from settings import Settings
from settings.offsite import COMPLETION_MINUTES, REPLICATED_BACKUPS_MINUTES, START_MINUTES

DAY_MINUTES = 24 * 60
ACCESS_LOG_MINUTES = 5
"""Elastic Load Balancing User Guide, "Access logs for your Application Load Balancer": a file every 5 minutes."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A kind of data and its copies in the other region.

    `lost_minutes` is the loss in the worst case. `days` is how far back something can be restored; None means without
    limit.
    """

    what: str
    where: str
    lost_minutes: int
    days: Callable[[Settings], int | None]


def _days_of_recovery_points(settings: Settings) -> int:
    return settings.offsite.daily_copies_kept_days if settings.offsite else 0


def _days_of_full_systems(settings: Settings) -> int:
    return settings.offsite.weekly_copies_kept_days if settings.offsite else 0


SCHEDULE = (
    Kept(
        what="database",
        where="the automated backups of RDS, which the standby keeps in its own region",
        lost_minutes=REPLICATED_BACKUPS_MINUTES,
        days=lambda settings: settings.database.backup_retention_days,
    ),
    Kept(
        what="database, locked",
        where="the daily recovery points of AWS Backup, in the locked vaults of both regions",
        lost_minutes=DAY_MINUTES + START_MINUTES + COMPLETION_MINUTES,
        days=_days_of_recovery_points,
    ),
    Kept(
        what="files",
        where="the versions in the bucket of uploads and in its replica",
        lost_minutes=PROMISED_MINUTES,
        days=lambda settings: settings.storage.noncurrent_version_retention_days,
    ),
    Kept(
        what="config",
        where="the repository: stack files, the hosts' files, and the program that applies both",
        lost_minutes=0,
        days=lambda settings: None,
    ),
    Kept(
        what="logs",
        where="the bucket of logs, and CloudWatch, each in its own region",
        lost_minutes=ACCESS_LOG_MINUTES,
        days=lambda settings: settings.storage.logs_retention_days,
    ),
    Kept(
        what="application",
        where="the releases in their bucket and in its replica",
        lost_minutes=PROMISED_MINUTES,
        days=lambda settings: None,
    ),
    Kept(
        what="full system",
        where="Sunday's recovery points; hosts and networks are made anew by the program",
        lost_minutes=7 * DAY_MINUTES + START_MINUTES + COMPLETION_MINUTES,
        days=_days_of_full_systems,
    ),
)
