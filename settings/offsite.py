"""The offsite block: where the copies of what cannot be made anew are, how often they are made, and until when."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from settings.block import Block, rule
from settings.problems import Problem, shown
from settings.shapes import Environment, Region
from settings.windows import WEEK, Window, weekly

KeptDays = Annotated[int, Field(ge=1, le=36500)]
"""AWS Backup API, PutBackupVaultLockConfiguration: 1 to 36500 days, and no copy may outlive that."""


START_MINUTES = 60
"""How late AWS Backup may start a job: its shortest (AWS Backup API, BackupRule, StartWindowMinutes)."""

QUIET_MINUTES = 60
"""Before its maintenance window, too, RDS takes no snapshot for so long (AWS Backup Developer Guide, "Backup plan
options and configuration")."""


class OffsiteSettings(Block):
    """Copies outside the region, the same for both stacks of the pair."""

    home: Environment
    """Environment that owns the pair of data buckets: the originals in its region, and their replicas."""
    region: Region
    """AWS region of the replicas and of the copied snapshots: one of data_residency_regions, and not home's own."""
    copy_every_hours: Literal[1, 2, 3, 4, 6, 8, 12, 24]
    """Hours between snapshots of the database that are copied: a part of a day, and an hour at least (AWS Backup
    Developer Guide, "Backup plan options and configuration"); within recovery.rpo_minutes."""
    hourly_copies_kept_days: KeptDays
    """Days that these snapshots and their copies stay; at most daily_copies_kept_days."""
    daily_copy_hour: Annotated[int, Field(ge=0, le=23)]
    """Hour of the daily snapshot in UTC, apart from database.maintenance_window."""
    daily_copies_kept_days: KeptDays
    """Days that the daily snapshot and its copy stay."""
    vault_lock_min_days: KeptDays
    """Days in which nobody can delete a snapshot or copy; at most hourly_copies_kept_days, or no job would succeed."""
    vault_lock_changeable_days: Annotated[int, Field(ge=3, le=36500)]
    """Days until the lock of a new vault can no longer be changed: at least 3 (AWS Backup API,
    PutBackupVaultLockConfiguration)."""

    @rule
    def _lock_lets_copies_end(self) -> Iterator[Problem]:
        if self.vault_lock_min_days > self.hourly_copies_kept_days:
            yield Problem(
                path=("vault_lock_min_days",),
                text=f"{self.vault_lock_min_days} is above hourly_copies_kept_days {self.hourly_copies_kept_days}, "
                f"and the vault would refuse every copy; want {self.hourly_copies_kept_days} or less",
            )

    @rule
    def _daily_outlives_hourly(self) -> Iterator[Problem]:
        if self.daily_copies_kept_days < self.hourly_copies_kept_days:
            yield Problem(
                path=("daily_copies_kept_days",),
                text=f"{self.daily_copies_kept_days} is below hourly_copies_kept_days {self.hourly_copies_kept_days}; "
                f"want {self.hourly_copies_kept_days} or more",
            )


def misplaced(offsite: OffsiteSettings, environment: str, region: str, follows: str | None) -> Iterator[Problem]:
    """Copies in the region that they are to outlive, or where the other stack would not find them."""
    if offsite.home not in (environment, follows):
        wanted = f"{environment} or {follows}" if follows else environment
        yield Problem(path=("home",), text=f"{shown(offsite.home)} is not a stack of the pair; want {wanted}")
    elif offsite.home == environment and offsite.region == region:
        yield Problem(
            path=("region",),
            text=f"{shown(offsite.region)} is the region of {environment} itself, whose loss the copies are for; "
            "want another of data_residency_regions",
        )
    elif offsite.home != environment and offsite.region != region:
        yield Problem(
            path=("region",),
            text=f"{shown(offsite.region)} is not the region of {environment}, which works with the copies when it "
            f"takes over from {offsite.home}; want {region}",
        )


def too_seldom(offsite: OffsiteSettings, rpo_minutes: int) -> Iterator[Problem]:
    """Copies that alone would lose more than is promised."""
    if offsite.copy_every_hours * 60 > rpo_minutes:
        hours = rpo_minutes // 60
        yield Problem(
            path=("copy_every_hours",),
            text=f"{offsite.copy_every_hours} loses up to {offsite.copy_every_hours * 60} minutes, above "
            f"recovery.rpo_minutes {rpo_minutes}; want "
            + (f"{hours} or less" if hours else "recovery.rpo_minutes 60 or more, as no copy is made more often"),
        )


def disturbed(offsite: OffsiteSettings, maintenance_window: str) -> Iterator[Problem]:
    """A daily snapshot at a time when RDS takes none."""
    maintenance = weekly(maintenance_window)
    quiet = Window(start=(maintenance.start - QUIET_MINUTES) % WEEK, minutes=maintenance.minutes + QUIET_MINUTES)
    starts = [Window(start=(day * 24 + offsite.daily_copy_hour) * 60, minutes=START_MINUTES) for day in range(7)]
    if any(start.overlaps(quiet) for start in starts):
        yield Problem(
            path=("daily_copy_hour",),
            text=f"{offsite.daily_copy_hour} is in or right before database.maintenance_window {maintenance_window}, "
            "when RDS takes no snapshot; want another hour",
        )
