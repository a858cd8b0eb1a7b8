"""A locked vault for snapshots: nobody can delete a snapshot before its retention ends."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.site import Site
from naming import DataClass
from settings import OffsiteSettings

NAME_LIMIT = 50


@dataclass(frozen=True, kw_only=True)
class VaultArgs:
    """`key` encrypts the copies that arrive from another region."""

    site: Site
    key: aws.kms.Key | aws.kms.ReplicaKey
    settings: OffsiteSettings


class Vault(Component):
    """A vault of AWS Backup, and its lock."""

    vault: aws.backup.Vault
    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: VaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backup:Vault", name, args.site, data_class=DataClass.PERSONAL, opts=opts)
        self.vault = aws.backup.Vault(
            name,
            name=args.site.naming.physical(name, NAME_LIMIT),
            kms_key_arn=args.key.arn,
            force_destroy=not args.site.protected,
            opts=self.child(protect=args.site.protected),
        )
        self.arn = self.vault.arn
        self.name = self.vault.name
        # Pulumi does not delete the lock: one that can no longer be removed would fail every destroy. It ends with its
        # vault, which is deleted once it is empty.
        lock_opts = pulumi.ResourceOptions.merge(self.child(), pulumi.ResourceOptions(retain_on_delete=True))
        aws.backup.VaultLockConfiguration(
            f"{name}-lock",
            backup_vault_name=self.name,
            min_retention_days=args.settings.vault_lock_min_days,
            changeable_for_days=args.settings.vault_lock_changeable_days,
            opts=lock_opts,
        )
        self.register_outputs({"arn": self.arn, "name": self.name})
