"""A locked vault for snapshots: nobody can delete a snapshot before its retention ends, nor the vault before that."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.site import Site
from naming import DataClass
from settings import OffsiteSettings

NAME_LIMIT = 50


@dataclass(frozen=True, kw_only=True)
class VaultArgs:
    """`key` encrypts the copies that arrive from another region. `network` is the stack's."""

    site: Site
    network: Network
    key: aws.kms.Key | aws.kms.ReplicaKey
    settings: OffsiteSettings


class Vault(Component):
    """A vault of AWS Backup, and its lock.

    Both outlive the stack: a lock in force cannot be removed, nor can the vault while it holds anything. The name
    contains the VPC's ID, which is new in each deployment, so the next deployment uses another name.
    """

    vault: aws.backup.Vault
    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: VaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backup:Vault", name, args.site, data_class=DataClass.PERSONAL, opts=opts)
        self.vault = aws.backup.Vault(
            name,
            name=args.network.name_in_this_life(args.site.naming, name, NAME_LIMIT),
            kms_key_arn=args.key.arn,
            opts=self.child(protect=args.site.protected, outlives=True),
        )
        self.arn = self.vault.arn
        self.name = self.vault.name
        aws.backup.VaultLockConfiguration(
            f"{name}-lock",
            backup_vault_name=self.name,
            min_retention_days=args.settings.vault_lock_min_days,
            changeable_for_days=args.settings.vault_lock_changeable_days,
            # AWS accepts no other lock once this one is in force: a changed setting would fail every `up`, also in a
            # failover.
            opts=self.child(outlives=True, ignore_changes=["minRetentionDays", "changeableForDays"]),
        )
        self.register_outputs({"arn": self.arn, "name": self.name})
