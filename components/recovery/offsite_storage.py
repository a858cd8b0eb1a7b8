"""The replicas of the data buckets, in the offsite region, and their access log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import Statement
from components.security.offsite_keys import OffsiteKeys
from components.site import Site
from components.storage.bucket import Bucket, BucketArgs
from components.storage.storage import DATA, LOGS, BucketRow, DataRole, access_log_writers
from naming import replica_of
from settings import StorageSettings


@dataclass(frozen=True, kw_only=True)
class OffsiteStorageArgs:
    """`site` is in the region of the replicas; their objects have the same lifecycle as the originals."""

    site: Site
    keys: OffsiteKeys
    settings: StorageSettings


class OffsiteStorage(Component):
    """A replica of each data bucket."""

    logs: Bucket
    data: Mapping[DataRole, Bucket]

    def __init__(self, name: str, args: OffsiteStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage:OffsiteStorage", name, args.site, opts=opts)
        self._name = name
        self._args = args
        # S3 writes a bucket's access log in the bucket's own region.
        recorded = [replica_of(role) for role in DATA]
        writers = access_log_writers(args.site.naming, replica_of(LOGS.role), recorded)
        self.logs = self._bucket(LOGS, key=None, access_log=None, statements=writers)
        key = args.keys["storage"]
        self.data = {role: self._bucket(row, key=key, access_log=self.logs) for role, row in DATA.items()}
        self.register_outputs({role: bucket.name for role, bucket in self.data.items()})

    def _bucket(
        self,
        row: BucketRow,
        *,
        key: aws.kms.ReplicaKey | None,
        access_log: Bucket | None,
        statements: Sequence[Statement] = (),
    ) -> Bucket:
        return Bucket(
            f"{self._name}-{row.role}",
            BucketArgs(
                site=self._args.site,
                role=replica_of(row.role),
                data_class=row.data_class,
                key=key,
                retention=row.retention(self._args.settings),
                access_log=access_log,
                statements=statements,
            ),
            self.child(),
        )
