"""The region's buckets: what users upload, what is deployed, what is logged, and what is kept for the worst day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.keys import KeyReference, Keys, alias_of
from components.storage.bucket import (
    BucketParts,
    BucketPartsArgs,
    BucketReference,
    Retention,
    Statement,
    access_log_prefix,
)
from naming import DataClass, Naming, replica_of
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
TRUST = BucketRow(
    role="trust",
    why="Certificates of authorities: what the load balancer trusts, where it can read it.",
    data_class=DataClass.INTERNAL,
    retention=_for_good,
)
DATA = (
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
"""What both regions of the pair work with: each bucket has a replica, which the stack that owns the pair declares."""


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """`protected` buckets refuse their deletion.

    `home` are the names of the stack that owns the data buckets, where that is another: then their replicas in this
    region are used, and nothing about them is declared here.
    """

    naming: Naming
    region: str
    keys: Keys
    settings: StorageSettings
    protected: bool
    home: Naming | None = None


class Storage(Component):
    """The buckets. That of the logs records all others; its own requests are not recorded, which would never end."""

    logs: BucketParts
    trust: BucketParts
    data: dict[str, BucketParts]
    uploads: BucketReference
    releases: BucketReference
    backups: BucketReference
    data_key: KeyReference

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage", name, args.naming, opts=opts)
        self._name = name
        self._args = args
        declared = () if args.home else DATA
        recorded = [row.role for row in (TRUST, *declared)]
        writers = [_balancer_writer(args.naming), *access_log_writers(args.naming, LOGS.role, recorded)]
        # Encrypted with S3's own key, the only one with which a load balancer can write its log.
        self.logs = self._bucket(LOGS, key=None, access_log=None, statements=writers)
        # With S3's own key too: what is in it is public, and who sets up a load balancer need have no right to ours.
        self.trust = self._bucket(TRUST, key=None, access_log=self.logs)
        self.data = {row.role: self._bucket(row, key=args.keys.storage, access_log=self.logs) for row in declared}
        self.data_key = self._data_key()
        used = {row.role: self._used(row.role) for row in DATA}
        self.uploads = used["uploads"]
        self.releases = used["releases"]
        self.backups = used["backups"]
        outputs = {"logs": self.logs.name, **{role: bucket.name for role, bucket in used.items()}}
        self.register_outputs(outputs)

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

    def _used(self, role: str) -> BucketReference:
        home = self._args.home
        return BucketReference.of(home.bucket(replica_of(role))) if home else self.data[role].reference

    def _data_key(self) -> KeyReference:
        args = self._args
        if args.home is None:
            return KeyReference(arn=args.keys.storage.arn)
        any_key = f"arn:aws:kms:{args.region}:{args.naming.account_id}:key/*"
        return KeyReference(arn=any_key, alias=alias_of(args.home, replica_of("storage")))


def _balancer_writer(naming: Naming) -> Statement:
    """The load balancers of the account."""
    return {
        "Sid": "LoadBalancers",
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        # The path holds the account whose balancer writes; the service sends no aws:SourceAccount to compare.
        "Resource": f"arn:aws:s3:::{naming.bucket(LOGS.role)}/*/AWSLogs/{naming.account_id}/*",
    }


def access_log_writers(naming: Naming, log_role: str, recorded: Sequence[str]) -> list[Statement]:
    """S3, for the bucket of each of the `recorded` roles."""
    log = f"arn:aws:s3:::{naming.bucket(log_role)}"
    return [_access_log_writer(naming, role, log) for role in recorded]


def _access_log_writer(naming: Naming, role: str, log: str) -> Statement:
    recorded = naming.bucket(role)
    return {
        "Sid": f"AccessLogOf{role.title().replace('-', '')}",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{log}/{access_log_prefix(recorded)}*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": naming.account_id},
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{recorded}"},
        },
    }
