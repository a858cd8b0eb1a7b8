"""The region's buckets: uploads, releases and logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import Statement, allow
from components.security.keys import KeyReference, Keys, alias_of
from components.site import Site
from components.storage.bucket import Bucket, BucketArgs, BucketReference, Retention, access_log_prefix
from naming import DataClass, Naming, replica_of
from settings import StorageSettings

DataRole = Literal["uploads", "releases"]


@dataclass(frozen=True, kw_only=True)
class BucketRow:
    """A bucket, why it is separate, and how long objects stay in it."""

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


LOGS = BucketRow(
    role="logs",
    why="The requests to the load balancer and to the other buckets, with visitors' addresses.",
    data_class=DataClass.PERSONAL,
    retention=_as_logs,
)
TRUST = BucketRow(
    role="trust",
    why="Certificates of the authorities that the load balancer trusts: its trust store reads them from S3.",
    data_class=DataClass.INTERNAL,
    retention=_for_good,
)
DATA: dict[DataRole, BucketRow] = {
    "uploads": BucketRow(
        role="uploads",
        why="Files of customers: hosts are replaced at any time, and keep nothing.",
        data_class=DataClass.PERSONAL,
        retention=_for_good,
    ),
    "releases": BucketRow(
        role="releases",
        why="The release that is deployed, and earlier ones to roll back to.",
        data_class=DataClass.INTERNAL,
        retention=_for_good,
    ),
}
"""The buckets that both regions of the pair use. Each has a replica, which the bucket's own stack declares."""


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """`home` are the names of the stack that declares the data buckets, if it is another one: then this region uses
    their replicas, and declares none itself."""

    site: Site
    keys: Keys
    settings: StorageSettings
    home: Naming | None = None


class Storage(Component):
    """The buckets. `storage["uploads"]` and so on are the data buckets that hosts of this region use.

    The logs bucket has the access logs of all others. Its own requests are not logged, because each record would cause
    another.
    """

    logs: Bucket
    trust: Bucket
    data: Mapping[DataRole, Bucket]
    data_key: KeyReference

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage:Storage", name, args.site, opts=opts)
        self._name = name
        self._args = args
        declared: Mapping[DataRole, BucketRow] = {} if args.home else DATA
        naming = args.site.naming
        writers = [_load_balancers(naming), *access_log_writers(naming, LOGS.role, [TRUST.role, *declared])]
        # Encrypted with S3's own key, the only one with which a load balancer can write its access log.
        self.logs = self._bucket(LOGS, key=None, access_log=None, statements=writers)
        # With S3's own key too: the certificates are public, and creating a trust store then needs no KMS permission.
        self.trust = self._bucket(TRUST, key=None, access_log=self.logs)
        key = args.keys["storage"]
        self.data = {role: self._bucket(row, key=key, access_log=self.logs) for role, row in declared.items()}
        self.data_key = self._data_key()
        self._used = {role: self._reference(role) for role in DATA}
        self.register_outputs(self.names)

    def __getitem__(self, role: DataRole) -> BucketReference:
        return self._used[role]

    @property
    def names(self) -> dict[str, pulumi.Output[str]]:
        """The name of every bucket that the region uses, by role."""
        return {"logs": self.logs.name, **{role: bucket.name for role, bucket in self._used.items()}}

    def _bucket(
        self,
        row: BucketRow,
        *,
        key: aws.kms.Key | None,
        access_log: Bucket | None,
        statements: Sequence[Statement] = (),
    ) -> Bucket:
        return Bucket(
            f"{self._name}-{row.role}",
            BucketArgs(
                site=self._args.site,
                role=row.role,
                data_class=row.data_class,
                key=key,
                retention=row.retention(self._args.settings),
                access_log=access_log,
                statements=statements,
            ),
            self.child(),
        )

    def _reference(self, role: DataRole) -> BucketReference:
        home = self._args.home
        return BucketReference.of(home.bucket(replica_of(role))) if home else self.data[role].reference

    def _data_key(self) -> KeyReference:
        site, home = self._args.site, self._args.home
        if home is None:
            return KeyReference(arn=self._args.keys["storage"].arn)
        any_key = f"arn:aws:kms:{site.region}:{site.naming.account_id}:key/*"
        return KeyReference(arn=any_key, alias=alias_of(home, replica_of("storage")))


def _load_balancers(naming: Naming) -> Statement:
    """The load balancers of the account may write."""
    # The service sends no aws:SourceAccount; the path contains the load balancer's account.
    return allow(
        "s3:PutObject",
        f"arn:aws:s3:::{naming.bucket(LOGS.role)}/*/AWSLogs/{naming.account_id}/*",
        sid="LoadBalancers",
        principal={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
    )


def access_log_writers(naming: Naming, log_role: str, recorded: Sequence[str]) -> list[Statement]:
    """S3 may write the access logs of the buckets in `recorded`."""
    log = f"arn:aws:s3:::{naming.bucket(log_role)}"
    return [_access_log_writer(naming, role, log) for role in recorded]


def _access_log_writer(naming: Naming, role: str, log: str) -> Statement:
    recorded = naming.bucket(role)
    return allow(
        "s3:PutObject",
        f"{log}/{access_log_prefix(recorded)}*",
        sid=f"AccessLogOf{role.title().replace('-', '')}",
        principal={"Service": "logging.s3.amazonaws.com"},
        condition={
            "StringEquals": {"aws:SourceAccount": naming.account_id},
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{recorded}"},
        },
    )
