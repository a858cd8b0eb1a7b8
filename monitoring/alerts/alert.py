"""What an alert is: a thing to watch, its levels, and how CloudWatch and Prometheus measure it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """How bad it is: it decides who is told (`monitoring.alerts.routes`)."""

    WARNING = "warning"
    CRITICAL = "critical"
    HEARTBEAT = "heartbeat"


class Subject(StrEnum):
    """What an alarm of CloudWatch watches; an alert has an alarm for each such part of the region."""

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
    """How CloudWatch treats missing data, in its own words."""

    FINE = "notBreaching"
    WRONG = "breaching"
    UNKNOWN = "missing"
    AS_BEFORE = "ignore"


class Job(StrEnum):
    """The label `job` of what Prometheus scrapes: rules and scrape configuration agree on it.

    The first four are named as in the DevOps manual. A target is there only while it is expected to answer: that of the
    other region while it serves.
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
    """A threshold, and for how many consecutive minutes it must be crossed."""

    threshold: float
    minutes: int


@dataclass(frozen=True, kw_only=True)
class CloudWatch:
    """What an alarm of CloudWatch reads.

    A part of the subject is one resource or several, such as the nodes of a shard; with `together`, all parts are one.
    The values of several resources and `metrics` are joined by `join`, and `expression` may go on with the result,
    written `{all}`. Without it, the expression reads the metrics of the only resource as m0, m1 and so on.

    `statistic` is CloudWatch's. `period_seconds` is the length of a data point, and a level's minutes are a multiple of
    it.

    Metrics without data are left out of the SUM or MAX of a list, and spoil a sum with +. FILL(m0, 0) is no remedy
    where high values are bad: AWS publishes late, so that the newest data point is always the filled one (CloudWatch
    User Guide, "Using metric math", FILL), and an alarm that wants all of them bad never rings.
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
    """Something to watch. `why` is what the mail shows.

    `role` is the alert's name, and part of the names of its alarms. `page` is in docs/alerts, without its suffix. With
    `below`, values below the threshold are bad. `query` is PromQL without the comparison; its values are in `unit`,
    percent where that is a percentage. `source` says where each threshold and each duration is from.

    What both sides measure is rendered for both: the load balancer counts requests that reached no host, the
    application knows what its queues hold, and either side may be the one that fails.
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
