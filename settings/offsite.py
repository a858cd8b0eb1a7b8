"""The offsite block: where copies of irreplaceable data are, when they are made, and how long they are kept."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from settings.block import Block, rule
from settings.problems import Problem, shown
from settings.shapes import Environment, Region, text
from settings.windows import WEEK, Window, daily, weekly

KeptDays = Annotated[int, Field(ge=1, le=36500)]
"""AWS Backup API, PutBackupVaultLockConfiguration: 1 to 36500 days, the longest retention of a copy."""

VAULT_ARN = re.compile(r"arn:aws:backup:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):backup-vault:[A-Za-z0-9_-]{2,50}")
VaultArn = Annotated[
    str, text("is not the ARN of a vault; want arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME", VAULT_ARN)
]
"""AWS Backup API, CreateBackupVault: 2 to 50 letters, digits, hyphens and underscores."""

START_MINUTES = 60
"""How late AWS Backup may start a job: the minimum (AWS Backup API, BackupRule, StartWindowMinutes)."""

COMPLETION_MINUTES = 180
"""Our choice: a job that runs longer is stuck."""

QUIET_MINUTES = 60
"""RDS also takes no snapshot for this long before its own windows (AWS Backup Developer Guide, "Backup plan options and
configuration": none within the hour before the maintenance window or the automated backup window)."""


REPLICATED_BACKUPS_MINUTES = 30
"""The maximum age of the automated backups in the other region: 5 to 30 minutes (AWS Prescriptive Guidance,
"Amazon RDS PITR snapshot replication")."""


class OffsiteSettings(Block):
    """Copies outside the region, the same for both stacks of the pair."""

    home: Environment
    """Environment that owns the pair of data buckets: the originals in its region, and their replicas."""
    region: Region
    """AWS region of the replicas and of the copied snapshots: one of data_residency_regions, and not home's own."""
    daily_copy_hour: Annotated[int, Field(ge=0, le=23)]
    """Hour of the daily snapshot in UTC, apart from database.maintenance_window and database.backup_window."""
    restore_test_hour: Annotated[int, Field(ge=0, le=23)]
    """Hour of Monday's restore test in UTC, apart from the daily snapshot and from the same two windows."""
    daily_copies_kept_days: KeptDays
    """Days that the daily snapshot and its copy are kept; at most weekly_copies_kept_days."""
    weekly_copies_kept_days: KeptDays
    """Days that Sunday's snapshot and its copy are kept."""
    vault_lock_min_days: KeptDays
    """Days in which nobody can delete a snapshot or copy; at most daily_copies_kept_days, or every job would fail. It
    never changes for an existing vault.
    """
    vault_lock_changeable_days: Annotated[int, Field(ge=3, le=36500)]
    """Days until the lock of a new vault can no longer be changed: at least 3 (AWS Backup API,
    PutBackupVaultLockConfiguration)."""
    other_account_vault_arn: VaultArn | None = None
    """ARN of a vault in another AWS account, in the region of home, which also gets the database's daily snapshot. Its
    policy must allow this account to copy into it.
    """

    @property
    def other_account(self) -> str | None:
        """The account of that vault."""
        found = VAULT_ARN.fullmatch(self.other_account_vault_arn or "")
        return found["account"] if found else None

    @rule
    def _lock_lets_copies_end(self) -> Iterator[Problem]:
        if self.vault_lock_min_days > self.daily_copies_kept_days:
            yield Problem(
                path=("vault_lock_min_days",),
                text=f"{self.vault_lock_min_days} is above daily_copies_kept_days {self.daily_copies_kept_days}, "
                f"and the vault would refuse every copy; want {self.daily_copies_kept_days} or less",
            )

    @rule
    def _test_is_after_the_snapshot(self) -> Iterator[Problem]:
        snapshot = Window(start=self.daily_copy_hour * 60, minutes=START_MINUTES + COMPLETION_MINUTES)
        test = Window(start=self.restore_test_hour * 60, minutes=START_MINUTES)
        if snapshot.overlaps(test):
            yield Problem(
                path=("restore_test_hour",),
                text=f"{self.restore_test_hour} is within the {snapshot.minutes // 60} hours in which the snapshot of "
                f"daily_copy_hour {self.daily_copy_hour} may still run; want another hour",
            )

    @rule
    def _weekly_outlives_daily(self) -> Iterator[Problem]:
        if self.weekly_copies_kept_days < self.daily_copies_kept_days:
            yield Problem(
                path=("weekly_copies_kept_days",),
                text=f"{self.weekly_copies_kept_days} is below daily_copies_kept_days {self.daily_copies_kept_days}; "
                f"want {self.daily_copies_kept_days} or more",
            )


def misplaced(offsite: OffsiteSettings, environment: str, region: str, follows: str | None) -> Iterator[Problem]:
    """A problem if copies are in the region that they must outlive, or where the other stack would not find them."""
    if offsite.home not in (environment, follows):
        wanted = f"{environment} or {follows}" if follows else environment
        yield Problem(path=("home",), text=f"{shown(offsite.home)} is not a stack of the pair; want {wanted}")
    elif offsite.home == environment and offsite.region == region:
        yield Problem(
            path=("region",),
            text=f"{shown(offsite.region)} is the region of {environment} itself, so the copies would be lost with it; "
            "want another of data_residency_regions",
        )
    elif offsite.home != environment and offsite.region != region:
        yield Problem(
            path=("region",),
            text=f"{shown(offsite.region)} is not the region of {environment}, which works with the copies when it "
            f"takes over from {offsite.home}; want {region}",
        )


def useless(offsite: OffsiteSettings, account_id: str, home_region: str | None) -> Iterator[Problem]:
    """A problem with a vault in the own account, or one to which no job could copy; `home_region` is None if
    unknown."""
    found = VAULT_ARN.fullmatch(offsite.other_account_vault_arn or "")
    if found is None:
        return
    if found["account"] == account_id:
        yield Problem(
            path=("other_account_vault_arn",),
            text=f"{shown(offsite.other_account_vault_arn)} is in the account {account_id} itself, so the copy would "
            "be lost with it; want a vault of another account",
        )
    if home_region is not None and found["region"] != home_region:
        yield Problem(
            path=("other_account_vault_arn",),
            text=f"{shown(offsite.other_account_vault_arn)} is not in {home_region}: RDS copies a snapshot to another "
            f"account or to another region, not both at once; want a vault in {home_region}",
        )


def unkept(rpo_minutes: int) -> Iterator[Problem]:
    """A problem with an RPO that no copy in the other region meets once the replica is lost too."""
    if rpo_minutes < REPLICATED_BACKUPS_MINUTES:
        yield Problem(
            path=("rpo_minutes",),
            text=f"{rpo_minutes} is below the {REPLICATED_BACKUPS_MINUTES} minutes that backups may take to the other "
            f"region; want {REPLICATED_BACKUPS_MINUTES} or more",
        )


def disturbed(offsite: OffsiteSettings, maintenance_window: str, backup_window: str) -> Iterator[Problem]:
    """A problem with a snapshot or a restore test during RDS's own windows."""
    every_day = [Window(start=(day * 24 + offsite.daily_copy_hour) * 60, minutes=START_MINUTES) for day in range(7)]
    on_monday = [Window(start=offsite.restore_test_hour * 60, minutes=START_MINUTES)]
    windows = (
        ("maintenance_window", maintenance_window, [weekly(maintenance_window)]),
        ("backup_window", backup_window, daily(backup_window)),
    )
    for field, value, starts in (
        ("daily_copy_hour", offsite.daily_copy_hour, every_day),
        ("restore_test_hour", offsite.restore_test_hour, on_monday),
    ):
        for name, written, found in windows:
            if any(start.overlaps(_quiet(window)) for start in starts for window in found):
                yield Problem(
                    path=(field,),
                    text=f"{value} is in or right before database.{name} {written}, "
                    "when RDS takes no snapshot; want another hour",
                )


def _quiet(window: Window) -> Window:
    """The window, and the time before it."""
    return Window(start=(window.start - QUIET_MINUTES) % WEEK, minutes=window.minutes + QUIET_MINUTES)
