"""The vaults and their locks, which nobody can remove once they are in force."""

from regions import STACKS, region
from stack_files import offsite_of

LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
VAULT = "aws:backup/vault:Vault"
COOLING_OFF_DAYS = 3
"""AWS Backup API, PutBackupVaultLockConfiguration, ChangeableForDays."""


def test_every_vault_is_locked_for_as_long_as_the_settings_say() -> None:
    for stack in STACKS:
        cloud, wanted = region(stack), offsite_of(stack)
        vaults = {vault.inputs["name"] for vault in cloud.of(VAULT)}
        assert {lock.inputs["backupVaultName"] for lock in cloud.of(LOCK)} == vaults
        for lock in cloud.of(LOCK):
            assert lock.inputs["minRetentionDays"] == wanted.vault_lock_min_days
            assert lock.inputs["changeableForDays"] == wanted.vault_lock_changeable_days >= COOLING_OFF_DAYS


def test_a_changed_setting_does_not_try_to_change_a_lock_that_holds() -> None:
    """AWS Backup API, PutBackupVaultLockConfiguration: of an immutable lock it is an InvalidRequestException."""
    for stack in STACKS:
        for lock in region(stack).of(LOCK):
            assert lock.ignore_changes == ("minRetentionDays", "changeableForDays")
