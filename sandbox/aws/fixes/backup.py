"""AWS Backup: what its plans select, and the end of plans and vaults."""

import json
from typing import Any
from urllib.parse import unquote

from moto.backup.exceptions import InvalidRequestException, ResourceNotFoundException
from moto.backup.models import BackupBackend, Plan
from moto.backup.responses import BackupResponse
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random

from sandbox.aws.fixes.fix import replaces


def _live_plan(response: BackupResponse) -> Plan:
    """The plan that the request's path names."""
    plan_id = response.path.split("/plans/")[1].split("/")[0]
    plan = response.backup_backend.plans.get(plan_id)
    if plan is None or plan.deletion_date is not None:
        raise ResourceNotFoundException(msg="Failed reading Backup plan with provided version")
    return plan


def _selections(plan: Plan) -> dict[str, dict[str, Any]]:
    selections: dict[str, dict[str, Any]] = vars(plan).setdefault("selections", {})
    return selections


def _selection(response: BackupResponse) -> dict[str, Any]:
    selections, selection_id = _selections(_live_plan(response)), response.path.rstrip("/").rpartition("/")[2]
    if selection_id not in selections:
        # The provider detects by these words that it no longer exists.
        raise ResourceNotFoundException(msg="Cannot find Backup plan or selection")
    return selections[selection_id]


@replaces(BackupBackend, "create_backup_plan")
def name_of_a_deleted_plan_is_free(stock: Any, self: BackupBackend, *args: Any, **kwargs: Any) -> Plan:
    """moto remembers deleted plans, and refuses their names to a stack's next deployment."""
    deleted = {plan_id: plan for plan_id, plan in self.plans.items() if plan.deletion_date is not None}
    self.plans = {plan_id: plan for plan_id, plan in self.plans.items() if plan_id not in deleted}
    try:
        made: Plan = stock(self, *args, **kwargs)
    finally:
        self.plans = {**deleted, **self.plans}
    return made


@replaces(BackupBackend, "delete_backup_plan")
def plan_stays_while_it_selects(stock: Any, self: BackupBackend, backup_plan_id: str) -> Any:
    """moto deletes a plan with its selections; AWS Backup requires them to be deleted first (API, DeleteBackupPlan)."""
    if backup_plan_id in self.plans and _selections(self.plans[backup_plan_id]):
        raise InvalidRequestException(
            msg="Related backup plan selections must be deleted prior to backup plan deletion"
        )
    return stock(self, backup_plan_id)


@replaces(BackupResponse, "update_backup_plan")
def plan_changes(stock: Any, self: BackupResponse) -> str:
    """moto cannot change a plan; it gets the rules of a new one under the old identifier."""
    plan = _live_plan(self)
    changed: Any = Plan(json.loads(self.body)["BackupPlan"], plan.creator_request_id, self.backup_backend)
    plan.backup_plan, plan.version_id = changed.backup_plan, changed.version_id
    plan.advanced_backup_settings = changed.advanced_backup_settings
    return json.dumps(plan.to_dict())


@replaces(BackupResponse, "create_backup_selection")
def selection_is_made(stock: Any, self: BackupResponse) -> str:
    """moto has no selections."""
    plan, selection_id = _live_plan(self), str(mock_random.uuid4())
    made = {"BackupPlanId": plan.backup_plan_id, "SelectionId": selection_id, "CreationDate": unix_time()}
    _selections(plan)[selection_id] = {**made, "BackupSelection": json.loads(self.body)["BackupSelection"]}
    return json.dumps(made)


@replaces(BackupResponse, "get_backup_selection")
def selection_reads_back(stock: Any, self: BackupResponse) -> str:
    """The same as `selection_is_made`."""
    return json.dumps(_selection(self))


@replaces(BackupResponse, "list_backup_selections")
def selections_are_listed(stock: Any, self: BackupResponse) -> str:
    """The same as `selection_is_made`."""
    found = [
        {
            **{key: value for key, value in selection.items() if key != "BackupSelection"},
            "SelectionName": selection["BackupSelection"]["SelectionName"],
            "IamRoleArn": selection["BackupSelection"]["IamRoleArn"],
        }
        for selection in _selections(_live_plan(self)).values()
    ]
    return json.dumps({"BackupSelectionsList": found})


@replaces(BackupResponse, "delete_backup_selection")
def selection_ends(stock: Any, self: BackupResponse) -> str:
    """The same as `selection_is_made`."""
    del _selections(_live_plan(self))[_selection(self)["SelectionId"]]
    return "{}"


@replaces(BackupResponse, "list_tags")
def tags_are_found_by_any_clients_path(stock: Any, self: BackupResponse) -> str:
    """moto requires a slash after the ARN, as boto3 sends it; the provider sends none, and so reads no tags."""
    arn = unquote(self.path.split("/tags/")[1].rstrip("/"))
    return json.dumps({"Tags": self.backup_backend.list_tags(resource_arn=arn)})
