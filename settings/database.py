"""The database block: RDS for MySQL."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.parameters import REFUSED_BY_MYSQL, refused
from settings.problems import Problem, shown
from settings.shapes import ChangesApply, DatabaseClass, LogRetention, text
from settings.windows import DatabaseDaily, DatabaseWeekly, overlap

GUESSABLE = ("admin", "administrator", "awsuser", "mysql", "postgres", "rdsadmin", "root", "user")
"""Names that attackers try first (AWS Security Hub, RDS.25); rdsadmin is RDS's own."""

RESERVED = ("information_schema", "innodb", "mysql", "performance_schema", "sys")
"""MySQL's own schemas, and innodb, which RDS reserves (RDS User Guide, "Known issues and limitations for MySQL")."""

AUTOSCALING_ROOM_PERCENT = 10
"""RDS User Guide, "Managing capacity automatically with storage autoscaling": the threshold is at least 10 % above."""

DURABLE_COMMITS = "innodb_flush_log_at_trx_commit"
"""MySQL 8.4 Reference Manual, "InnoDB Startup Options and System Variables": 1 for durability in replication."""

AUTOMATED_BACKUPS = ":auto-backup:"
"""Part of the ARN of automated backups (RDS API, DBInstanceAutomatedBackup, DBInstanceAutomatedBackupsArn)."""

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"

StorageGib = Annotated[int, Field(ge=20, le=65536)]
"""RDS API, CreateDBInstance, AllocatedStorage: MySQL on gp3 takes 20 to 65536 GiB."""


def _username(value: str) -> str:
    if value.lower() in GUESSABLE:
        raise ValueError("is a name that attackers try first; want one of your own, such as askproai")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,15}", value):
        raise ValueError("is not an RDS user name; want 1 to 16 letters, digits or underscores, a letter first")
    return value


def _database_name(value: str) -> str:
    if value.lower() in RESERVED:
        raise ValueError("is reserved by MySQL; want one of your own, such as askproai")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", value):
        raise ValueError("is not a MySQL name; want 1 to 64 letters, digits or underscores, a letter first")
    return value


def _generations(generations: list[int]) -> list[int]:
    if min(generations, default=1) < 1:
        raise ValueError(f"contains {min(generations)}; generations start at 1")
    twice = sorted({number for number in generations if generations.count(number) > 1})
    if twice:
        raise ValueError(f"lists {', '.join(map(str, twice))} twice; want each once")
    return generations


class RestoredSettings(Block):
    """A generation that was restored from a backup; the block stays as long as that generation."""

    generation: Annotated[int, Field(ge=1, le=999)]
    """Generation that is restored."""
    source: Annotated[str, text("is not the name or ARN of a backup; want one without spaces", re.compile(r"\S+"))]
    """Identifier or ARN of a snapshot, or ARN of automated backups, such as those replicated from a lost region."""
    until: (
        Annotated[
            str, text("is not a point in time; want one in UTC, such as 2026-11-27T03:04:05Z", re.compile(MOMENT))
        ]
        | None
    ) = None
    """Point in time in UTC to which automated backups are restored; without it, the latest possible."""

    @property
    def from_automated_backups(self) -> bool:
        """Whether the source has every point in time, unlike a snapshot."""
        return AUTOMATED_BACKUPS in self.source

    @rule
    def _a_snapshot_is_one_moment(self) -> Iterator[Problem]:
        if self.until and not self.from_automated_backups:
            yield Problem(
                path=("until",),
                text=f"{self.until} only applies to automated backups, not to a snapshot; delete it, or set source to "
                "the ARN of automated backups",
            )


class DatabaseSettings(Block):
    """The MySQL instance, in its generations: a rebuilt database is a new one, under a new identifier."""

    generation: Annotated[int, Field(ge=1, le=999)]
    """Generation of the database in use: each rebuild creates a new database, with the next number."""
    retained_generations: Annotated[list[int], AfterValidator(_generations)]
    """Generations of former databases, which are kept unchanged until `ops dr drop` removes them; each below
    generation.
    """
    restored: RestoredSettings | None = None
    """Backup from which a generation is restored; without it, each is created empty or as a replica."""

    engine: Literal["mysql"]
    """RDS engine; the application only runs on MySQL."""
    engine_version: Annotated[
        str, text('is not MySQL 8.4 or 8.0; want "8.4" or "8.4.<minor>"', re.compile(r"8\.[04](\.\d+)?"))
    ]
    """MySQL version; "8.4" takes RDS's default minor version."""
    engine_lifecycle_support: Literal["open-source-rds-extended-support", "open-source-rds-extended-support-disabled"]
    """Whether RDS keeps running a version past its standard support, which it charges for each vCPU in both zones (RDS
    User Guide, "Amazon RDS Extended Support"). Standard support of MySQL 8.0 ended on 2026-07-31.
    """
    instance_class: DatabaseClass
    """RDS instance class, with its prefix db."""
    allocated_storage_gib: StorageGib
    """GiB of gp3 storage at creation: 20 to 65536; it can grow but never shrink."""
    max_allocated_storage_gib: StorageGib
    """GiB up to which RDS grows the storage by itself; at least 10 % above allocated_storage_gib."""
    multi_az: bool
    """Whether a synchronous standby runs in a second zone where the database is written to; there it always does."""
    backup_retention_days: Annotated[int, Field(ge=7, le=35)]
    """Days of point-in-time recovery: 7 to 35; AWS's ceiling is 35, and 0 would end the replica too (RDS API,
    CreateDBInstance)."""
    backup_window: DatabaseDaily
    """Daily window of the snapshot in UTC, hh24:mi-hh24:mi, at least 30 minutes."""
    maintenance_window: DatabaseWeekly
    """Weekly window of patches in UTC, ddd:hh24:mi-ddd:hh24:mi, at least 30 minutes, apart from backup_window."""
    changes_apply: ChangesApply = "maintenance-window"
    """When changes of class, storage and parameters take effect. RDS queues them until the window: `pulumi up` reports
    them as done, and a refresh shows the old values. On a standby and on a rebuilt database, always now.
    """
    monitoring_interval_seconds: Literal[1, 5, 10, 15, 30, 60]
    """Seconds between samples of Enhanced Monitoring (RDS API, CreateDBInstance); 0, which turns it off, is refused."""
    log_retention_days: LogRetention
    """Days that the exported logs stay in CloudWatch Logs, 365 or more: one of its retentions."""
    username: Annotated[str, AfterValidator(_username)]
    """Master user: 1 to 16 letters, digits or underscores (RDS API, CreateDBInstance)."""
    database_name: Annotated[str, AfterValidator(_database_name)]
    """Database that is created with the instance: 1 to 64 letters, digits or underscores (RDS API, CreateDBInstance).
    """
    parameters: dict[str, str]
    """Engine parameters, values in quotes."""

    @rule
    def _kept_is_what_was(self) -> Iterator[Problem]:
        for position, kept in enumerate(self.retained_generations):
            if kept >= self.generation:
                yield Problem(
                    path=("retained_generations", position),
                    text=f"{kept} is not below generation {self.generation}, the one in use; "
                    + (f"want 1 to {self.generation - 1}" if self.generation > 1 else "want an empty list"),
                )

    @rule
    def _the_restored_one_is_there(self) -> Iterator[Problem]:
        restored = self.restored.generation if self.restored else self.generation
        if restored not in (self.generation, *self.retained_generations):
            yield Problem(
                path=("restored", "generation"),
                text=f"{restored} is not a generation of this database; want {self.generation}, or delete the block",
            )

    @rule
    def _the_version_is_supported(self) -> Iterator[Problem]:
        # RDS refuses to create such an instance.
        if self.engine_version.startswith("8.0") and self.engine_lifecycle_support.endswith("-disabled"):
            yield Problem(
                path=("engine_version",),
                text=f'{shown(self.engine_version)} is past RDS\'s standard support; want "8.4", or '
                "engine_lifecycle_support open-source-rds-extended-support, which RDS charges for each vCPU",
            )

    @rule
    def _storage_can_grow(self) -> Iterator[Problem]:
        least = -(-self.allocated_storage_gib * (100 + AUTOSCALING_ROOM_PERCENT) // 100)
        if self.max_allocated_storage_gib < least:
            yield Problem(
                path=("max_allocated_storage_gib",),
                text=f"{self.max_allocated_storage_gib} is less than {AUTOSCALING_ROOM_PERCENT} % above "
                f"allocated_storage_gib {self.allocated_storage_gib}; want {least} or more",
            )

    @rule
    def _windows_are_apart(self) -> Iterator[Problem]:
        if overlap(self.backup_window, self.maintenance_window):
            yield Problem(
                path=("backup_window",),
                text=f"'{self.backup_window}' overlaps maintenance_window {self.maintenance_window}; want them apart",
            )

    @rule
    def _connections_are_counted(self) -> Iterator[Problem]:
        connections = self.parameters.get("max_connections")
        if connections is None:
            yield Problem(
                path=("parameters",),
                text="lacks max_connections; add it, a number in quotes: the alarm on connections is computed from it",
            )
        elif not connections.isdecimal():
            number = connections.strip("\"'")
            yield Problem(
                path=("parameters", "max_connections"),
                text=f"{shown(connections)} is not a number; want "
                + (f'"{number}"' if number.isdecimal() else "digits")
                + " in one pair of quotes: the alarm on connections is computed from it",
            )

    @rule
    def _parameters_are_ours_to_set(self) -> Iterator[Problem]:
        yield from refused(self.parameters, REFUSED_BY_MYSQL)

    @rule
    def _commits_are_durable(self) -> Iterator[Problem]:
        value = self.parameters.get(DURABLE_COMMITS, "1")
        if value != "1":
            yield Problem(
                path=("parameters", DURABLE_COMMITS),
                text=f"{shown(value)} can lose a second of commits when the host fails, and then breaks the "
                'replica in the other region; want "1", or delete it',
            )
