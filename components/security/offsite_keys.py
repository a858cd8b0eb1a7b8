"""Replicas of keys in the region of the copies: what is encrypted there must not need the region that it outlives."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.keys import KEYS, Keys, Place, alias_of, policy_of
from naming import DataClass, Naming, replica_of
from settings import KeysSettings

REPLICATED = ("storage", "secrets")
"""The keys of what is copied: objects and snapshots, and the application's secrets."""


@dataclass(frozen=True, kw_only=True)
class OffsiteKeysArgs:
    """`region` is that of the replicas."""

    naming: Naming
    region: str
    keys: Keys
    settings: KeysSettings
    protected: bool


class OffsiteKeys(Component):
    """Replicas with the material of their primaries, and names of their own, by which the other stack finds them."""

    region: str
    storage: aws.kms.ReplicaKey
    secrets: aws.kms.ReplicaKey

    def __init__(self, name: str, args: OffsiteKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("security", name, args.naming, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self.region = args.region
        replicas = {role: self._replica(name, args, role) for role in REPLICATED}
        self.storage = replicas["storage"]
        self.secrets = replicas["secrets"]
        self.register_outputs({role: key.arn for role, key in replicas.items()})

    def _replica(self, name: str, args: OffsiteKeysArgs, role: str) -> aws.kms.ReplicaKey:
        primary: aws.kms.Key = getattr(args.keys, role)
        (row,) = [row for row in KEYS if row.role == role]
        place = Place(account_id=args.naming.account_id, region=args.region)
        replica = aws.kms.ReplicaKey(
            f"{name}-{role}",
            primary_key_arn=primary.arn,
            description=row.why,
            deletion_window_in_days=args.settings.deletion_window_days,
            # A replica has a policy of its own: the primary's is not copied.
            policy=json.dumps(policy_of(place, row)),
            opts=self.child(protect=args.protected),
        )
        aws.kms.Alias(
            f"{name}-{role}-alias",
            name=alias_of(args.naming, replica_of(role)),
            target_key_id=replica.key_id,
            opts=self.child(),
        )
        return replica
