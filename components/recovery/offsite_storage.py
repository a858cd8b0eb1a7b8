"""The replicas of the data buckets, in the region of the copies, and the log of who asks for them there."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.offsite_keys import OffsiteKeys
from components.storage.bucket import BucketParts, BucketPartsArgs, Statement
from components.storage.storage import DATA, LOGS, BucketRow, access_log_writers
from naming import Naming, replica_of
from settings import StorageSettings


@dataclass(frozen=True, kw_only=True)
class OffsiteStorageArgs:
    """As the region's own storage; what stays how long does not depend on where it is."""

    naming: Naming
    keys: OffsiteKeys
    settings: StorageSettings
    protected: bool


class OffsiteStorage(Component):
    """A replica of each data bucket, by the bucket's role."""

    logs: BucketParts
    data: dict[str, BucketParts]

    def __init__(self, name: str, args: OffsiteStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage", name, args.naming, opts=opts)
        self._name = name
        self._args = args
        # S3 writes the log of a bucket in the bucket's own region.
        recorded = [replica_of(row.role) for row in DATA]
        writers = access_log_writers(args.naming, replica_of(LOGS.role), recorded)
        self.logs = self._bucket(LOGS, key=None, access_log=None, statements=writers)
        self.data = {row.role: self._bucket(row, key=args.keys.storage, access_log=self.logs) for row in DATA}
        self.register_outputs({role: bucket.name for role, bucket in self.data.items()})

    def _bucket(
        self,
        row: BucketRow,
        *,
        key: aws.kms.ReplicaKey | None,
        access_log: BucketParts | None,
        statements: Sequence[Statement] = (),
    ) -> BucketParts:
        args = self._args
        return BucketParts(
            f"{self._name}-{row.role}",
            BucketPartsArgs(
                naming=args.naming,
                role=replica_of(row.role),
                data_class=row.data_class,
                key=key,
                retention=row.retention(args.settings),
                access_log=access_log,
                protected=args.protected,
                statements=statements,
            ),
            self.child(),
        )
