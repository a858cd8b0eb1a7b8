"""Facts about the platform from a region's AWS: each is one bounded call that changes nothing."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, TypeVar

from ops.core.aws import LOG_IN, client, errors, if_present, is_ours, reachable, rows
from ops.core.interruption import TooLongError
from ops.core.pair import RegionStack
from ops.core.steps import waits
from ops.errors import OpsError, one_line

T = TypeVar("T")

LAG_WINDOW = timedelta(hours=12)
"""Our choice: an outage of one night. AWS (GetMetricStatistics): 1,440 datapoints at most, a day of minutes."""
PERIOD_SECONDS = 60
"""AWS: RDS publishes its metrics once a minute."""
LAG, CONNECTIONS = "ReplicaLag", "DatabaseConnections"
LAG_FRESH_SECONDS = 300
CERTIFICATE_DAYS = 14
USABLE = ("available", "storage-optimization")
"""Lasting statuses of an instance (AWS: storage is optimized for hours while the instance is fully operational)."""
WRITABLE = (
    *USABLE,
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "modifying",
    "resetting-master-credentials",
    "storage-config-upgrade",
    "storage-initialization",
)
"""AWS, "Viewing instance status": in these statuses the instance may be reachable."""
MOST_SCANNED = 20_000
"""Objects, at a thousand per page (AWS, ListObjectsV2): listing a bucket of any size takes a few seconds at most."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database instance as RDS describes it; `source` is what it replicates, empty for a writer."""

    identifier: str
    status: str
    source: str

    @property
    def is_replica(self) -> bool:
        """Whether it is a replica."""
        return bool(self.source)

    @property
    def takes_writes(self) -> bool:
        """Whether it takes writes now, even during a backup or a modification."""
        return not self.is_replica and self.status in WRITABLE

    def __str__(self) -> str:
        return f"{self.identifier} is {self.status} and {f'a replica of {self.source}' if self.source else 'a writer'}"


@dataclass(frozen=True, kw_only=True)
class Lag:
    """The newest datapoint of ReplicaLag: its value in seconds, its age and its time; None without one."""

    seconds: float | None = None
    age_seconds: float | None = None
    measured: datetime | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a fresh datapoint."""
        return self.seconds is not None and self.age_seconds is not None and self.age_seconds <= LAG_FRESH_SECONDS

    @property
    def missing_seconds(self) -> float | None:
        """The period of writes that may be missing: the lag, plus the age of the datapoint unless it is fresh."""
        if self.seconds is None or self.age_seconds is None:
            return None
        return self.seconds if self.is_known else self.seconds + self.age_seconds

    def __str__(self) -> str:
        if self.measured is None:
            return f"CloudWatch has no ReplicaLag of the last {LAG_WINDOW // timedelta(hours=1)} hours"
        at = f"{self.measured:%H:%M:%S}"
        return f"{self.seconds:.0f} s at {at} UTC: everything after {at} minus {self.seconds:.0f} s may be missing"


@dataclass(frozen=True, kw_only=True)
class NewestObject:
    """The newest object of a bucket; `complete` is False if the bucket was too large to be listed completely."""

    newest: datetime | None = None
    complete: bool = True


def database(stack: RegionStack, identifier: str | None = None) -> Database | None:
    """The stack's database, or the one with another identifier; None if RDS has none."""
    name = identifier or str(stack.output("database_identifier"))
    answer = if_present(lambda: client("rds", stack.region).describe_db_instances(DBInstanceIdentifier=name))
    if answer is None:
        return None
    (found,) = answer["DBInstances"]
    return Database(
        identifier=name,
        status=found["DBInstanceStatus"],
        source=found.get("ReadReplicaSourceDBInstanceIdentifier") or "",
    )


def is_writer(stack: RegionStack) -> bool:
    """Whether the stack's database is no replica, as RDS says; whatever is done to it now, it stays a writer."""
    found = database(stack)
    return found is not None and not found.is_replica


def now(region: str) -> datetime:
    """The time of AWS's clock there, to the second: this machine's may differ by minutes from that of the metrics."""
    headers = client("sts", region).get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    return parsedate_to_datetime(headers["date"])


def lag(stack: RegionStack, since: datetime | None = None) -> Lag:
    """The lag of the stack's replica, from CloudWatch in its own region; `since` limits the search.

    RDS publishes -1 while nothing is replicated, which is not a lag: the newest lag is then the last before that.
    """
    at = now(stack.region)
    points = [point for point in _metric(stack, LAG, since or at - LAG_WINDOW) if point["Maximum"] >= 0]
    if not points:
        return Lag()
    newest = max(points, key=lambda point: point["Timestamp"])
    age = (at - newest["Timestamp"]).total_seconds()
    return Lag(seconds=float(newest["Maximum"]), age_seconds=max(0.0, age), measured=newest["Timestamp"])


def quiet_since(stack: RegionStack, since: datetime) -> datetime | None:
    """The first minute after `since` in which no client was connected to the stack's database; None without one.

    AWS (RDS User Guide, "Amazon CloudWatch metrics for Amazon RDS"): DatabaseConnections counts clients' network
    connections, and none of RDS's own.
    """
    return min(
        (point["Timestamp"] for point in _metric(stack, CONNECTIONS, since) if not point["Maximum"]), default=None
    )


def _metric(stack: RegionStack, name: str, since: datetime) -> list[dict[str, Any]]:
    """The datapoints of a metric of the stack's database."""
    return metric(stack, "AWS/RDS", name, {"DBInstanceIdentifier": str(stack.output("database_identifier"))}, since)


def metric(
    stack: RegionStack, namespace: str, name: str, dimensions: Mapping[str, str], since: datetime
) -> list[dict[str, Any]]:
    """The datapoints of one of AWS's metrics in the stack's region, a minute each."""
    answer = client("cloudwatch", stack.region).get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=since,
        EndTime=now(stack.region) + timedelta(seconds=PERIOD_SECONDS),
        Period=PERIOD_SECONDS,
        Statistics=["Maximum"],
    )
    return [point for point in answer["Datapoints"] if point["Timestamp"] >= since]


def ways_in(stack: RegionStack) -> list[dict[str, Any]]:
    """The entries of the data tier's network ACL that allow traffic from or to outside the tier."""
    own = set(stack.settings.network.subnet_cidrs("data").values())
    answer = client("ec2", stack.region).describe_network_acls(NetworkAclIds=[stack.output("data_tier_acl_id")])
    (acl,) = answer["NetworkAcls"]
    return [entry for entry in acl["Entries"] if entry["RuleAction"] == "allow" and entry.get("CidrBlock") not in own]


def closed(stack: RegionStack) -> bool:
    """Whether a fence has closed the region; unknown for a stack of an older program."""
    return "data_tier_acl_id" in stack.outputs and not ways_in(stack)


def answers(stack: RegionStack) -> bool:
    """Whether the stack's region answers; if so, this also reads whether it is closed, if EC2 answers."""
    answering = reachable(stack.region)
    with suppress(*errors()):
        stack.closed = answering and closed(stack)
    return answering


def newest_object(stack: RegionStack, bucket: str) -> NewestObject:
    """When the newest object of a bucket was written."""
    found = islice(rows(client("s3", stack.region), "list_objects_v2", Bucket=bucket), MOST_SCANNED + 1)
    times = [row["LastModified"] for row in found]
    return NewestObject(newest=max(times, default=None), complete=len(times) <= MOST_SCANNED)


def certificate_problem(region: str, arn: str) -> tuple[str, bool]:
    """The problem of a load balancer's certificate, empty for none, and whether it can serve nevertheless."""
    found = client("acm", region).describe_certificate(CertificateArn=arn)["Certificate"]
    if found["Status"] != "ISSUED":
        return f"certificate {arn} is {found['Status']}; want ISSUED", False
    expires = found.get("NotAfter")
    if expires and expires < datetime.now(UTC) + timedelta(days=CERTIFICATE_DAYS):
        return f"certificate {arn} expires on {expires:%Y-%m-%d}; want {CERTIFICATE_DAYS} days at least", True
    return "", True


def newest_backup(stack: RegionStack) -> datetime | None:
    """When the newest recovery point of a database in the stack's vault was started; None if there is none."""
    vault = str(stack.output("backup_vault_name"))
    asked = {"BackupVaultName": vault, "ByResourceType": "RDS"}
    points = rows(client("backup", stack.region), "list_recovery_points_by_backup_vault", **asked)
    return max((point["CreationDate"] for point in points), default=None)


def newest_kept(stack: RegionStack, source_arn: str) -> datetime | None:
    """The latest time to which the region can restore its source database, from the automated backups that it keeps."""
    backups = rows(client("rds", stack.region), "describe_db_instance_automated_backups")
    kept = [row.get("RestoreWindow", {}) for row in backups if row.get("DBInstanceArn") == source_arn]
    return max((window["LatestTime"] for window in kept if "LatestTime" in window), default=None)


def jobs(stack: RegionStack, url: str) -> dict[str, int]:
    """The messages of a queue by their state."""
    asked = {"waiting": "", "delayed": "Delayed", "in flight": "NotVisible"}
    names = {state: f"ApproximateNumberOfMessages{which}" for state, which in asked.items()}
    sqs = client("sqs", stack.region)
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*names.values()])["Attributes"]
    return {state: int(told[name]) for state, name in names.items()}


def queued(stack: RegionStack) -> int:
    """Messages in the stack's queues, including delayed ones and those in flight."""
    return sum(sum(jobs(stack, url).values()) for url in stack.output("queue_urls").values())


def side_by_side(work: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """Run functions in parallel; the results by name. The first failure is raised."""
    with ThreadPoolExecutor(max_workers=max(1, len(work))) as pool:
        jobs = {name: pool.submit(piece) for name, piece in work.items()}
        return {name: job.result() for name, job in jobs.items()}


def wait(what: str, ask: Callable[[], T], done: Callable[[T], bool], *, seconds: float, pause: float = 2.0) -> T:
    """Ask until the answer is accepted; errors of AWS are retried.

    Raises TooLongError with the last answer after `seconds`, and OpsError immediately for credentials that AWS refuses.
    """
    deadline = time.monotonic() + seconds
    waits(what, seconds)
    while True:
        try:
            answer = ask()
        except errors() as error:
            last = one_line(error)
            if is_ours(error):
                raise OpsError(f"{what}: cannot be asked: {last}: {LOG_IN}; then run the same command") from None
        else:
            if done(answer):
                waits("")
                return answer
            last = str(answer)
        waits(f"{what}: {last}", deadline - time.monotonic())
        if time.monotonic() > deadline:
            raise TooLongError(f"{what}: not within {seconds:.0f} s, the last answer was: {last}")
        time.sleep(pause)
