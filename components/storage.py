"""The region's buckets: what users upload, what is deployed, what is logged, and what is kept for the worst day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.bucket import BucketParts, BucketPartsArgs, Retention, Statement, access_log_prefix
from components.component import Component
from components.keys import Keys
from naming import DataClass, Naming
from settings import StorageSettings


@dataclass(frozen=True, kw_only=True)
class BucketRow:
    """A bucket, why it is one of its own, and how long things stay in it."""

    role: str
    why: str
    data_class: DataClass
    retention: Callable[[StorageSettings], Retention]


def _for_good(settings: StorageSettings) -> Retention:
    return Retention(noncurrent_days=settings.noncurrent_version_retention_days)


def _as_logs(settings: StorageSettings) -> Retention:
    return Retention(
        noncurrent_days=settings.noncurrent_version_retention_days,
        archived_after_days=settings.logs_glacier_after_days,
        expired_after_days=settings.logs_retention_days,
    )


def _as_backups(settings: StorageSettings) -> Retention:
    return Retention(
        noncurrent_days=settings.noncurrent_version_retention_days,
        expired_after_days=settings.backups_retention_days,
        locked_days=settings.backups_lock_days,
    )


LOGS = BucketRow(
    role="logs",
    why="The requests to the load balancer and to the other buckets, with visitors' addresses.",
    data_class=DataClass.PERSONAL,
    retention=_as_logs,
)
RECORDED = (
    BucketRow(
        role="uploads",
        why="Files of customers: the hosts come and go, and keep nothing.",
        data_class=DataClass.PERSONAL,
        retention=_for_good,
    ),
    BucketRow(
        role="releases",
        why="What is deployed, and what was before it, to go back to.",
        data_class=DataClass.INTERNAL,
        retention=_for_good,
    ),
    BucketRow(
        role="backups",
        why="Dumps that nobody can delete, whoever they have become.",
        data_class=DataClass.PERSONAL,
        retention=_as_backups,
    ),
)


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """`protected` buckets refuse their deletion."""

    naming: Naming
    keys: Keys
    settings: StorageSettings
    protected: bool


class Storage(Component):
    """The buckets. That of the logs records all others; its own requests are not recorded, which would never end."""

    uploads: BucketParts
    releases: BucketParts
    logs: BucketParts
    backups: BucketParts

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage", name, args.naming, opts=opts)
        self._name = name
        self._args = args
        # Encrypted with S3's own key, the only one with which a load balancer can write its log.
        self.logs = self._bucket(LOGS, key=None, access_log=None, statements=_log_writers(args.naming))
        recorded = {row.role: self._bucket(row, key=args.keys.storage, access_log=self.logs) for row in RECORDED}
        self.uploads = recorded["uploads"]
        self.releases = recorded["releases"]
        self.backups = recorded["backups"]
        self.register_outputs({"logs": self.logs.name, **{role: bucket.name for role, bucket in recorded.items()}})

    def _bucket(
        self,
        row: BucketRow,
        *,
        key: aws.kms.Key | None,
        access_log: BucketParts | None,
        statements: Sequence[Statement] = (),
    ) -> BucketParts:
        args = self._args
        return BucketParts(
            f"{self._name}-{row.role}",
            BucketPartsArgs(
                naming=args.naming,
                role=row.role,
                data_class=row.data_class,
                key=key,
                retention=row.retention(args.settings),
                access_log=access_log,
                protected=args.protected,
                statements=statements,
            ),
            self.child(),
        )


def _log_writers(naming: Naming) -> list[Statement]:
    """The load balancers of the account, and S3 for each bucket that is recorded."""
    log = f"arn:aws:s3:::{naming.bucket(LOGS.role)}"
    balancers = {
        "Sid": "LoadBalancers",
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        # The path holds the account whose balancer writes; the service sends no aws:SourceAccount to compare.
        "Resource": f"{log}/*/AWSLogs/{naming.account_id}/*",
    }
    return [balancers, *(_access_log_writer(naming, row.role, log) for row in RECORDED)]


def _access_log_writer(naming: Naming, role: str, log: str) -> Statement:
    recorded = naming.bucket(role)
    return {
        "Sid": f"AccessLogOf{role.capitalize()}",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{log}/{access_log_prefix(recorded)}*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": naming.account_id},
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{recorded}"},
        },
    }
