"""The table of alarms: what is watched, the thresholds, and for how long one must be crossed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

GIB = 1024**3


class Subject(StrEnum):
    """What an alarm watches; a row has an alarm for each such resource in the region."""

    DATABASE = "database"
    REPLICA = "replica"
    HOSTS = "hosts"
    LOAD_BALANCER = "load balancer"
    TARGETS = "targets"
    QUEUE = "queue"
    DEAD_LETTERS = "dead letters"


class Unit(StrEnum):
    """The unit of a threshold: the metric's own, or a percentage of a limit in the settings."""

    PLAIN = "plain"
    CONNECTIONS_PERCENT = "percent of max_connections"
    STORAGE_PERCENT = "percent of allocated_storage_gib"
    LAG_LIMIT_PERCENT = "percent of max_replica_lag_seconds"


class Missing(StrEnum):
    """How CloudWatch treats missing data, in its own words."""

    FINE = "notBreaching"
    WRONG = "breaching"
    UNKNOWN = "missing"


@dataclass(frozen=True, kw_only=True)
class Level:
    """A threshold, and for how many consecutive minutes it must be crossed."""

    threshold: float
    minutes: int


@dataclass(frozen=True, kw_only=True)
class AlarmRow:
    """Something to watch, at one or two levels; `why` is the alarm's description, which the mail shows.

    A single one of `metrics` is watched as it is; several are combined by `expression`, in which they are m0, m1 and so
    on. `statistic` is CloudWatch's. With `below`, the alarm is on values below the threshold. `period_seconds` is the
    length of a data point; a level's minutes are a multiple of it.
    """

    role: str
    subject: Subject
    namespace: str
    metrics: tuple[str, ...]
    statistic: str
    why: str
    source: str
    warning: Level | None = None
    critical: Level | None = None
    unit: Unit = Unit.PLAIN
    expression: str | None = None
    below: bool = False
    period_seconds: int = 60
    missing: Missing = Missing.FINE

    def levels(self) -> dict[str, Level]:
        """The levels that the row has, by name."""
        given = {"warning": self.warning, "critical": self.critical}
        return {name: level for name, level in given.items() if level is not None}


ALARMS = (
    AlarmRow(
        role="database-cpu",
        subject=Subject.DATABASE,
        namespace="AWS/RDS",
        metrics=("CPUUtilization",),
        statistic="Average",
        warning=Level(threshold=70, minutes=15),
        critical=Level(threshold=90, minutes=5),
        missing=Missing.UNKNOWN,
        why="The database's processors are busy: queries wait for each other.",
        source="ops: CPU 70 and 90 %; our choice: the minutes, as for the queues",
    ),
    AlarmRow(
        role="hosts-cpu",
        subject=Subject.HOSTS,
        namespace="AWS/EC2",
        metrics=("CPUUtilization",),
        statistic="Average",
        warning=Level(threshold=70, minutes=15),
        critical=Level(threshold=90, minutes=5),
        why="The group's processors are busy, though it grows: it is at its greatest size, or grows too slowly.",
        source="ops: CPU 70 and 90 %; our choice: the minutes, as for the queues",
    ),
    AlarmRow(
        role="database-connections",
        subject=Subject.DATABASE,
        namespace="AWS/RDS",
        metrics=("DatabaseConnections",),
        statistic="Maximum",
        warning=Level(threshold=80, minutes=15),
        critical=Level(threshold=95, minutes=5),
        unit=Unit.CONNECTIONS_PERCENT,
        missing=Missing.UNKNOWN,
        why="Few connections are left: beyond max_connections the application is refused.",
        source="ops: 80 and 95, read as percent; our choice: the minutes, as for the queues",
    ),
    AlarmRow(
        role="database-storage",
        subject=Subject.DATABASE,
        namespace="AWS/RDS",
        metrics=("FreeStorageSpace",),
        statistic="Minimum",
        warning=Level(threshold=20, minutes=15),
        critical=Level(threshold=10, minutes=5),
        unit=Unit.STORAGE_PERCENT,
        below=True,
        missing=Missing.UNKNOWN,
        why="The disk fills up: RDS grows it below 10 % free, at most once in six hours and up to its limit.",
        source="ops: disk 80 and 90 % used; AWS: storage autoscaling; our choice: the minutes, as for the queues",
    ),
    AlarmRow(
        role="replica-lag",
        subject=Subject.REPLICA,
        namespace="AWS/RDS",
        metrics=("ReplicaLag",),
        statistic="Maximum",
        # RDS reports -1 while replication is stopped, which would be the best of all values.
        expression="IF(m0 < 0, 86400, m0)",
        critical=Level(threshold=100, minutes=5),
        unit=Unit.LAG_LIMIT_PERCENT,
        missing=Missing.WRONG,
        why="The standby is too far behind: its activation would lose more than is promised, and is refused.",
        source="recovery.max_replica_lag_seconds; AWS: ReplicaLag; our choice: the minutes, as for the queues",
    ),
    AlarmRow(
        role="errors",
        subject=Subject.LOAD_BALANCER,
        namespace="AWS/ApplicationELB",
        metrics=("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "RequestCount"),
        statistic="Sum",
        # RequestCount excludes requests that reached no target: without any target, only the ELB_5XX count has data.
        expression="100 * (FILL(m0, 0) + FILL(m1, 0)) / (FILL(m2, 0) + FILL(m1, 0))",
        warning=Level(threshold=1, minutes=5),
        critical=Level(threshold=5, minutes=5),
        period_seconds=300,
        why="Requests fail: the share of 5xx answers, those that no host answered included, in percent.",
        source="ops: error rate 1 and 5 % for 5 minutes; decided: the ratio",
    ),
    AlarmRow(
        role="slow",
        subject=Subject.LOAD_BALANCER,
        namespace="AWS/ApplicationELB",
        metrics=("TargetResponseTime",),
        statistic="p95",
        warning=Level(threshold=0.5, minutes=10),
        critical=Level(threshold=2, minutes=10),
        why="One answer in twenty takes longer than this, in seconds.",
        source="decided: p95 above 500 ms and 2 s for 10 minutes",
    ),
    AlarmRow(
        role="unhealthy",
        subject=Subject.TARGETS,
        namespace="AWS/ApplicationELB",
        metrics=("UnHealthyHostCount",),
        statistic="Maximum",
        warning=Level(threshold=0, minutes=5),
        why="A host fails its health check and is not replaced.",
        source="our choice: the group replaces a host in less time",
    ),
    AlarmRow(
        role="backlog",
        subject=Subject.QUEUE,
        namespace="AWS/SQS",
        metrics=("ApproximateNumberOfMessagesVisible",),
        statistic="Maximum",
        warning=Level(threshold=1000, minutes=15),
        critical=Level(threshold=5000, minutes=5),
        why="Jobs pile up: the workers are too few, or fail.",
        source="decided: 1000 for 15 minutes and 5000 for 5",
    ),
    AlarmRow(
        role="dead",
        subject=Subject.DEAD_LETTERS,
        namespace="AWS/SQS",
        metrics=("ApproximateNumberOfMessagesVisible",),
        statistic="Maximum",
        warning=Level(threshold=0, minutes=5),
        why="A job failed each time it was tried, and waits for somebody to look at it.",
        source="our choice: none is expected",
    ),
)
