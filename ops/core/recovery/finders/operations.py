"""How what keeps watch and makes copies is found: topics, vaults, plans and queries."""

from ops.core.aws import if_present
from ops.core.recovery.finders.wanted import Finder, Wanted, given, listing, same


def _query(wanted: Wanted) -> list[str]:
    """The provider imports a query by its ARN; CloudWatch Logs gives its identifier alone."""
    asked = given(queryDefinitionNamePrefix="name")
    found = listing("logs", "describe_query_definitions", "queryDefinitionId", asked, same(name="name")).find(wanted)
    account = wanted.aws("sts").get_caller_identity()["Account"] if found else ""
    return [f"arn:aws:logs:{wanted.region}:{account}:query-definition:{query}" for query in found]


def _delivery_stream(wanted: Wanted) -> list[str]:
    firehose = wanted.aws("firehose")
    found = if_present(lambda: firehose.describe_delivery_stream(DeliveryStreamName=wanted["name"]))
    return [found["DeliveryStreamDescription"]["DeliveryStreamARN"]] if found else []


OPERATIONS = {
    "aws:sns/topic:Topic": listing(
        "sns", "list_topics", "TopicArn",
        matches=lambda wanted, row: row["TopicArn"].rpartition(":")[2] == wanted["name"],
    ),
    "aws:cloudwatch/queryDefinition:QueryDefinition": Finder(search=_query),
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
        # AWS refuses another lock, be it the same, once the first can no longer be changed.
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
