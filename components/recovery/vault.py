"""A vault for snapshots, locked: for as long as it says, nobody deletes what is in it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from naming import DataClass, Naming
from settings import OffsiteSettings

NAME_LIMIT = 50


@dataclass(frozen=True, kw_only=True)
class VaultArgs:
    """`key` encrypts the copies that arrive from another region."""

    naming: Naming
    key: aws.kms.Key | aws.kms.ReplicaKey
    settings: OffsiteSettings
    protected: bool


class Vault(Component):
    """A vault of AWS Backup, and its lock."""

    vault: aws.backup.Vault
    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: VaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backup", name, args.naming, data_class=DataClass.PERSONAL, opts=opts)
        self.vault = aws.backup.Vault(
            name,
            name=args.naming.physical(name, NAME_LIMIT),
            kms_key_arn=args.key.arn,
            force_destroy=not args.protected,
            opts=self.child(protect=args.protected),
        )
        self.arn = self.vault.arn
        self.name = self.vault.name
        # A lock that can no longer be taken off would fail every destroy: it ends with its vault, once that is empty.
        lock_opts = pulumi.ResourceOptions.merge(self.child(), pulumi.ResourceOptions(retain_on_delete=True))
        aws.backup.VaultLockConfiguration(
            f"{name}-lock",
            backup_vault_name=self.name,
            min_retention_days=args.settings.vault_lock_min_days,
            changeable_for_days=args.settings.vault_lock_changeable_days,
            opts=lock_opts,
        )
        self.register_outputs({"arn": self.arn, "name": self.name})
