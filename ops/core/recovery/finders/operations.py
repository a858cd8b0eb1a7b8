"""How what keeps watch and makes copies is found: topics, vaults, plans and queries."""

from collections.abc import Mapping
from typing import Any

from ops.core.recovery.finders.wanted import Finder, Wanted, listing, same


def _selection(wanted: Wanted) -> list[str]:
    selections = listing(
        "backup", "list_backup_selections", "BackupSelectionsList", "SelectionId",
        lambda wanted: {"BackupPlanId": wanted["planId"]}, same("SelectionName"),
    )  # fmt: skip
    return [f"{wanted['planId']}|{selection}" for selection in selections(wanted)]


def _restore_test(wanted: Wanted) -> list[str]:
    plan = wanted["restoreTestingPlanName"]
    selections = listing(
        "backup", "list_restore_testing_selections", "RestoreTestingSelections", "RestoreTestingSelectionName",
        lambda wanted: {"RestoreTestingPlanName": plan},
        lambda wanted, row: row["RestoreTestingSelectionName"] == wanted["name"],
    )  # fmt: skip
    return [f"{selection}:{plan}" for selection in selections(wanted)]


def _query(wanted: Wanted) -> list[str]:
    """The provider imports a query by its ARN; CloudWatch Logs gives its identifier alone."""
    queries = listing(
        "logs", "describe_query_definitions", "queryDefinitions", "queryDefinitionId",
        lambda wanted: {"queryDefinitionNamePrefix": wanted["name"]}, same("name"),
    )  # fmt: skip
    found = queries(wanted)
    account = wanted.aws("sts").get_caller_identity()["Account"] if found else ""
    return [f"arn:aws:logs:{wanted.region}:{account}:query-definition:{query}" for query in found]


def _log_stream(wanted: Wanted) -> list[str]:
    streams = listing(
        "logs", "describe_log_streams", "logStreams", "logStreamName",
        lambda wanted: {"logGroupName": wanted["logGroupName"], "logStreamNamePrefix": wanted["name"]},
        same("logStreamName"),
    )  # fmt: skip
    return [f"{wanted['logGroupName']}:{stream}" for stream in streams(wanted)]


def _delivery_stream(wanted: Wanted) -> list[str]:
    """Firehose lists names alone, ten of them unless it is asked for more, at most 10,000 (Firehose API,
    ListDeliveryStreams)."""
    names = wanted.aws("firehose").list_delivery_streams(Limit=10_000).get("DeliveryStreamNames", [])
    if wanted["name"] not in names:
        return []
    account = wanted.aws("sts").get_caller_identity()["Account"]
    return [f"arn:aws:firehose:{wanted.region}:{account}:deliverystream/{wanted['name']}"]


def _arn(resource: Mapping[str, Any]) -> str:
    return str(resource.get("outputs", {}).get("arn") or resource["id"])


OPERATIONS = {
    "aws:sns/topic:Topic": Finder(
        find=listing(
            "sns", "list_topics", "Topics", "TopicArn",
            matches=lambda wanted, row: row["TopicArn"].rpartition(":")[2] == wanted["name"],
        )
    ),
    "aws:cloudwatch/queryDefinition:QueryDefinition": Finder(find=_query, identified=_arn),
    "aws:cloudwatch/logStream:LogStream": Finder(
        find=_log_stream,
        by="log group and name",
        identified=lambda resource: f"{resource['inputs']['logGroupName']}:{resource['inputs']['name']}",
    ),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Finder(find=_delivery_stream, identified=_arn),
    "aws:backup/vault:Vault": Finder(
        find=listing(
            "backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName", matches=same("BackupVaultName")
        )
    ),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": Finder(
        # AWS refuses another lock, be it the same, once the first can no longer be changed.
        find=listing(
            "backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName",
            matches=lambda wanted, row: row["BackupVaultName"] == wanted["backupVaultName"] and bool(row.get("Locked")),
        ),
        by="vault",
        identified=lambda resource: str(resource["inputs"].get("backupVaultName")),
    ),
    "aws:backup/plan:Plan": Finder(
        find=listing("backup", "list_backup_plans", "BackupPlansList", "BackupPlanId", matches=same("BackupPlanName"))
    ),
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": Finder(
        find=listing(
            "backup", "list_restore_testing_plans", "RestoreTestingPlans", "RestoreTestingPlanName",
            matches=same("RestoreTestingPlanName"),
        ),
        identified=lambda resource: str(resource["inputs"]["name"]),
    ),
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": Finder(
        find=_restore_test,
        by="plan and name",
        identified=lambda resource: f"{resource['inputs']['name']}:{resource['inputs']['restoreTestingPlanName']}",
    ),
    "aws:backup/selection:Selection": Finder(
        find=_selection,
        by="plan and name",
        identified=lambda resource: f"{resource['inputs']['planId']}|{resource['id']}",
    ),
}  # fmt: skip
