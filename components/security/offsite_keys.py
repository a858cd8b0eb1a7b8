"""Replicas of keys in the region of the copies: decrypting a copy must not depend on the original's region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.keys import KEYS, Keys, alias_of, keeps, key_policy
from components.site import Site
from naming import DataClass, replica_of
from settings import KeysSettings

ReplicatedKey = Literal["storage", "secrets"]
REPLICATED: tuple[ReplicatedKey, ...] = get_args(ReplicatedKey)
"""The keys of the copied data: objects and snapshots, and the application's secrets."""


@dataclass(frozen=True, kw_only=True)
class OffsiteKeysArgs:
    """`site` is in the region of the replicas, `keys` are the primaries."""

    site: Site
    keys: Keys
    settings: KeysSettings


class OffsiteKeys(Component):
    """Replicas with the key material of their primaries, and aliases by which the other stack finds them."""

    region: str

    def __init__(self, name: str, args: OffsiteKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("security:OffsiteKeys", name, args.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self.region = args.site.region
        self._replicas = {role: self._replica(name, args, role) for role in REPLICATED}
        self.register_outputs({role: key.arn for role, key in self._replicas.items()})

    def __getitem__(self, role: ReplicatedKey) -> aws.kms.ReplicaKey:
        return self._replicas[role]

    def _replica(self, name: str, args: OffsiteKeysArgs, role: ReplicatedKey) -> aws.kms.ReplicaKey:
        (row,) = [row for row in KEYS if row.role == role]
        replica = aws.kms.ReplicaKey(
            f"{name}-{role}",
            primary_key_arn=args.keys[role].arn,
            description=row.why,
            deletion_window_in_days=args.settings.deletion_window_days,
            # A replica has its own policy: KMS does not copy the primary's.
            policy=key_policy(args.site, row, args.settings),
            bypass_policy_lockout_safety_check=keeps(row, args.settings) or None,
            opts=self.child(protect=args.site.protected, outlives=row.outlives),
        )
        aws.kms.Alias(
            f"{name}-{role}-alias",
            name=alias_of(args.site.naming, replica_of(role)),
            target_key_id=replica.key_id,
            opts=self.child(),
        )
        return replica
