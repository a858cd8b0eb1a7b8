"""How long unused data are kept: keys, secrets, old versions and logs in S3."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from settings.block import Block, rule
from settings.problems import Problem
from settings.shapes import RoleName

RecoveryDays = Annotated[int, Field(ge=7, le=30)]

Days = Annotated[int, Field(ge=1, le=36500)]
"""Our bound: at most 100 years, the maximum of the other retentions."""


class KeysSettings(Block):
    """The KMS keys."""

    deletion_window_days: RecoveryDays
    """Days between scheduling a key's deletion and deleting it: 7 to 30 (KMS API, ScheduleKeyDeletion)."""
    administrator_role: RoleName | None = None
    """The only role that may disable or delete the keys of data, backups and the audit trail, or change their policies;
    without it, IAM policies decide. Its ARN is built from the name and the account.
    """


class SecretsSettings(Block):
    """The secrets in Secrets Manager."""

    recovery_window_days: RecoveryDays
    """Days in which a deleted secret can be restored: 7 to 30 (Secrets Manager API, DeleteSecret)."""
    rotation_days: Annotated[int, Field(ge=1, le=365)] = 90
    """Days after which a secret is due for rotation, a year at most (ours): `ops secrets status` then lists it."""


class StorageSettings(Block):
    """The S3 buckets."""

    noncurrent_version_retention_days: Days
    """Days that a replaced or deleted version is kept."""
    logs_glacier_after_days: Days
    """Days after which access logs and archived logs move to Glacier, whatever their size. Each object there has 40 KiB
    of overhead and costs a request (S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle").
    """
    logs_retention_days: Days
    """Days after which they are deleted; later than their move to Glacier."""

    @rule
    def _logs_move_before_they_go(self) -> Iterator[Problem]:
        if self.logs_glacier_after_days >= self.logs_retention_days:
            yield Problem(
                path=("logs_glacier_after_days",),
                text=f"{self.logs_glacier_after_days} is not below logs_retention_days {self.logs_retention_days}; "
                "want logs_glacier_after_days < logs_retention_days",
            )
