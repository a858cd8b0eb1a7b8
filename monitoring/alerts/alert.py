"""What an alert is: its levels, and how CloudWatch and Prometheus measure it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """How severe an alert is. It decides who is notified (`monitoring.alerts.routes`)."""

    WARNING = "warning"
    CRITICAL = "critical"
    HEARTBEAT = "heartbeat"


class Subject(StrEnum):
    """What a CloudWatch alarm watches. An alert has one alarm for each such part of the region."""

    DATABASE = "database"
    REPLICA = "replica"
    CACHE_SHARD = "cache shard"
    HOSTS = "hosts"
    BURSTABLE_HOSTS = "burstable hosts"
    LOAD_BALANCER = "load balancer"
    TARGETS = "targets"
    SERVING_TARGETS = "serving targets"
    CERTIFICATE = "certificate"
    QUEUE = "queue"
    DEAD_LETTERS = "dead letters"
    NAT_GATEWAY = "NAT gateway"
    BACKUP_VAULT = "backup vault"
    COPY_VAULTS = "copy vaults"
    RESTORE_TESTS = "restore tests"
    ARRIVING_OBJECTS = "arriving objects"
    LEAVING_OBJECTS = "leaving objects"
    CHECKLIST = "checklist"
    LOG_ARCHIVE = "log archive"


class Unit(StrEnum):
    """The unit of a threshold: the metric's own, or a percentage of a limit in the settings or of the resource."""

    PLAIN = "plain"
    CONNECTIONS_PERCENT = "percent of max_connections"
    STORAGE_PERCENT = "percent of the allocated storage"
    LAG_LIMIT_PERCENT = "percent of max_replica_lag_seconds"
    REQUIRED_PERCENT = "percent of required_instances"
    RETENTION_PERCENT = "percent of dead_letter_retention_days"
    SNAPSHOTS_PERCENT = "percent of the snapshots of a day"


class Missing(StrEnum):
    """How CloudWatch treats missing data (`TreatMissingData`)."""

    FINE = "notBreaching"
    WRONG = "breaching"
    UNKNOWN = "missing"
    AS_BEFORE = "ignore"


class Job(StrEnum):
    """The label `job` of what Prometheus scrapes, shared by rules and scrape configuration.

    The first four names are the DevOps manual's. A target exists only while it is expected to answer: the other
    region's only while that region serves.
    """

    APPLICATION = "askproai"
    HOSTS = "node"
    DATABASE = "mysql"
    CACHE = "redis"
    OTHER_REGION = "other-region"
    EDGE = "edge"
    DEPENDENCIES = "dependencies"


@dataclass(frozen=True, kw_only=True)
class Level:
    """A threshold, and how many consecutive minutes it must be crossed."""

    threshold: float
    minutes: int


@dataclass(frozen=True, kw_only=True)
class CloudWatch:
    """What a CloudWatch alarm reads.

    A part of the subject is one or more resources, such as the nodes of a shard. With `together`, all parts share one
    alarm. `join` combines the values of several resources and `metrics`; `expression` can use the result as `{all}`.
    An expression without `{all}` reads the metrics of a single resource as m0, m1 and so on.

    `statistic` is CloudWatch's. `period_seconds` is the length of a data point; a level's minutes are a multiple of it.

    SUM and MAX of a list ignore metrics without data, while a sum with + has no result then. FILL(m0, 0) does not help
    where high values are bad: AWS publishes late, so the newest data point is always the filled one (CloudWatch User
    Guide, "Using metric math", FILL), and an alarm that needs every data point to be bad never fires.
    """

    subject: Subject
    namespace: str
    metrics: tuple[str, ...]
    statistic: str
    join: Literal["MAX", "SUM"] = "MAX"
    together: bool = False
    expression: str = "{all}"
    period_seconds: int = 60
    missing: Missing = Missing.FINE


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something to watch. `why` is the text of the notification.

    `role` is the alert's name, and part of the names of its alarms. `page` is the name of its page in docs/alerts,
    without suffix. With `below`, values below the threshold are bad. `query` is PromQL without the comparison; its
    values are in `unit`, as a percentage where `unit` is one. `source` says where each threshold and duration is from.

    What both CloudWatch and Prometheus can measure is rendered for both: the load balancer counts requests that reached
    no host, the application knows what its queues hold, and either side may fail.
    """

    role: str
    why: str
    page: str
    source: str
    warning: Level | None = None
    critical: Level | None = None
    heartbeat: Level | None = None
    unit: Unit = Unit.PLAIN
    below: bool = False
    cloudwatch: CloudWatch | None = None
    query: str | None = None

    def levels(self) -> Mapping[Severity, Level]:
        """The levels that the alert has."""
        given = {
            Severity.WARNING: self.warning,
            Severity.CRITICAL: self.critical,
            Severity.HEARTBEAT: self.heartbeat,
        }
        return {severity: level for severity, level in given.items() if level is not None}
