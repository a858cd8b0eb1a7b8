"""The daily copy in another account's vault: off in the committed files."""

from typing import Any

from regions import composed
from stack_files import offsite_of, settings_of

PROD, OFFSITE = settings_of("prod"), offsite_of("prod")
OTHER = "210987654321"
VAULT = f"arn:aws:backup:{PROD.region}:{OTHER}:backup-vault:kept"


def test_each_snapshot_of_the_database_is_also_copied_to_the_other_account() -> None:
    assert OFFSITE.other_account_vault_arn is None
    offsite = OFFSITE.model_copy(update={"other_account_vault_arn": VAULT})
    cloud = composed(PROD.model_copy(update={"offsite": offsite}))
    rules: list[dict[str, Any]] = cloud.one("aws:backup/plan:Plan", "backups-plan").inputs["rules"]
    for rule in rules:
        offsite_copy, other = rule["copyActions"]
        assert (other["destinationVaultArn"], other["lifecycle"]) == (VAULT, offsite_copy["lifecycle"])
    [daily] = cloud.one("aws:backup/plan:Plan", "backups-metrics-plan").inputs["rules"]
    assert len(daily["copyActions"]) == 1
    policy: list[dict[str, Any]] = cloud.one("aws:kms/key:Key", "keys-data").document()["Statement"]
    shared = [found for found in policy if found.get("Principal") == {"AWS": f"arn:aws:iam::{OTHER}:root"}]
    assert {action for found in shared for action in found["Action"]} == {
        *("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey")
    }
    rights: list[dict[str, Any]] = cloud.one("aws:iam/rolePolicy:RolePolicy", "backups-rights").document()["Statement"]
    [copies] = [found for found in rights if "backup:CopyIntoBackupVault" in found["Action"]]
    assert VAULT in copies["Resource"]
