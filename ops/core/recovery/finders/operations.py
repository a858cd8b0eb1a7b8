"""Finders of monitoring and backup resources: topics, vaults, plans and queries."""

from ops.core.aws import if_present
from ops.core.recovery.finders.wanted import Finder, Wanted, given, listing, same


def _delivery_stream(wanted: Wanted) -> list[str]:
    firehose = wanted.aws("firehose")
    found = if_present(lambda: firehose.describe_delivery_stream(DeliveryStreamName=wanted["name"]))
    return [found["DeliveryStreamDescription"]["DeliveryStreamARN"]] if found else []


OPERATIONS = {
    "aws:sns/topic:Topic": listing(
        "sns", "list_topics", "TopicArn",
        matches=lambda wanted, row: row["TopicArn"].rpartition(":")[2] == wanted["name"],
    ),
    "aws:cloudwatch/queryDefinition:QueryDefinition": listing(
        "logs", "describe_query_definitions", "queryDefinitionId",
        given(queryDefinitionNamePrefix="name"), same(name="name"),
        form="arn:aws:logs:{region}:{account}:query-definition:{id}",
    ),
    "aws:cloudwatch/logStream:LogStream": listing(
        "logs", "describe_log_streams", "logStreamName",
        given(logGroupName="logGroupName", logStreamNamePrefix="name"), same(logStreamName="name"),
        by="log group and name",
        form="{logGroupName}:{name}",
    ),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Finder(search=_delivery_stream),
    "aws:backup/vault:Vault": listing(
        "backup", "list_backup_vaults", "BackupVaultName", matches=same(BackupVaultName="name")
    ),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": listing(
        # AWS refuses another lock, even an identical one, once the first can no longer be changed.
        "backup", "list_backup_vaults", "BackupVaultName",
        matches=lambda wanted, row: row["BackupVaultName"] == wanted["backupVaultName"] and bool(row.get("Locked")),
        by="vault",
        form="{backupVaultName}",
    ),
    "aws:backup/plan:Plan": listing(
        "backup", "list_backup_plans", "BackupPlanId", matches=same(BackupPlanName="name")
    ),
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": listing(
        "backup", "list_restore_testing_plans", "RestoreTestingPlanName", matches=same(RestoreTestingPlanName="name"),
        form="{name}",
    ),
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": listing(
        "backup", "list_restore_testing_selections", "RestoreTestingSelectionName",
        given(RestoreTestingPlanName="restoreTestingPlanName"), same(RestoreTestingSelectionName="name"),
        by="plan and name",
        form="{name}:{restoreTestingPlanName}",
    ),
    "aws:backup/selection:Selection": listing(
        "backup", "list_backup_selections", "SelectionId", given(BackupPlanId="planId"), same(SelectionName="name"),
        by="plan and name",
        form="{planId}|{id}",
    ),
}  # fmt: skip
