"""How what keeps watch and makes copies is found: topics, vaults and plans."""

from ops.core.recovery.finders.wanted import Finder, Wanted, among, listed


def _topic(wanted: Wanted) -> list[str]:
    rows = listed(wanted, "sns", "list_topics", "Topics")
    return [row["TopicArn"] for row in rows if row["TopicArn"].rpartition(":")[2] == wanted["name"]]


def _selection(wanted: Wanted) -> list[str]:
    plan = wanted["planId"]
    rows = listed(wanted, "backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan)
    return [f"{plan}|{row['SelectionId']}" for row in rows if row["SelectionName"] == wanted["name"]]


def _vault_lock(wanted: Wanted) -> list[str]:
    """AWS refuses another lock, be it the same, once the first can no longer be changed."""
    name = wanted["backupVaultName"]
    rows = listed(wanted, "backup", "list_backup_vaults", "BackupVaultList")
    return [name for row in rows if row["BackupVaultName"] == name and row.get("Locked")]


OPERATIONS = {
    "aws:sns/topic:Topic": Finder(find=_topic, by="name"),
    "aws:backup/vault:Vault": Finder(
        find=among(
            "backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName",
            lambda wanted, row: row["BackupVaultName"] == wanted["name"],
        ),
        by="name",
    ),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": Finder(
        find=_vault_lock,
        by="vault",
        identified=lambda resource: str(resource["inputs"].get("backupVaultName")),
    ),
    "aws:backup/plan:Plan": Finder(
        find=among(
            "backup", "list_backup_plans", "BackupPlansList", "BackupPlanId",
            lambda wanted, row: row["BackupPlanName"] == wanted["name"],
        ),
        by="name",
    ),
    "aws:backup/selection:Selection": Finder(
        find=_selection,
        by="plan and name",
        identified=lambda resource: f"{resource['inputs']['planId']}|{resource['id']}",
    ),
}  # fmt: skip
