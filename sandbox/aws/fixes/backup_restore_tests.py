"""AWS Backup: plans that test restores, and what they select."""

import json
import re
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import AlreadyExistsException, InvalidRequestException, ResourceNotFoundException
from moto.backup.models import BackupBackend
from moto.backup.responses import BackupResponse
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random

from sandbox.aws.fixes.fix import replaces

_PLANS = "{0}/restore-testing/plans"
for _path in ("", "/(?P<plan>[^/]+)", "/(?P<plan>[^/]+)/selections", "/(?P<plan>[^/]+)/selections/(?P<name>[^/]+)"):
    urls.url_paths[f"{_PLANS}{_path}/?$"] = urls.response.dispatch

_NAME = re.compile(r"\w{1,50}", re.ASCII)
"""AWS Backup API, RestoreTestingPlanForCreate: alphanumeric characters and underscores, 50 at most."""
_LONGEST_START_HOURS = _LONGEST_VALIDATION_HOURS = 168
_LONGEST_WINDOW_DAYS = 365
_DEFAULTS = {"ScheduleExpressionTimezone": "Etc/UTC", "StartWindowHours": 24}
_TYPES = ("Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS", "S3")
_MOST_ARNS = 30


def _require(holds: bool, told: str) -> None:
    if not holds:
        raise InvalidRequestException(msg=told)


def _plans(backend: BackupBackend) -> dict[str, dict[str, Any]]:
    plans: dict[str, dict[str, Any]] = vars(backend).setdefault("restore_testing_plans", {})
    return plans


def _plan(response: BackupResponse) -> dict[str, Any]:
    """The plan that the request's path names."""
    name = unquote(response.path.split("/plans/")[1].split("/")[0])
    if name not in _plans(response.backup_backend):
        raise ResourceNotFoundException(msg=f"Restore testing plan {name} not found")
    return _plans(response.backup_backend)[name]


def _selection(response: BackupResponse) -> dict[str, Any]:
    """The selection that the request's path names."""
    name, plan = unquote(response.path.rstrip("/").rpartition("/")[2]), _plan(response)
    if name not in plan["selections"]:
        raise ResourceNotFoundException(msg=f"Restore testing selection {name} not found")
    selection: dict[str, Any] = plan["selections"][name]
    return selection


def _checked_plan(plan: dict[str, Any]) -> dict[str, Any]:
    points = plan.get("RecoveryPointSelection", {})
    _require("ScheduleExpression" in plan, "ScheduleExpression is required")
    for field in ("Algorithm", "IncludeVaults", "RecoveryPointTypes"):
        _require(bool(points.get(field)), f"RecoveryPointSelection.{field} is required")
    _require(points["Algorithm"] in ("LATEST_WITHIN_WINDOW", "RANDOM_WITHIN_WINDOW"), "Algorithm is invalid")
    _require(set(points["RecoveryPointTypes"]) <= {"SNAPSHOT", "CONTINUOUS"}, "RecoveryPointTypes is invalid")
    _require(1 <= points.get("SelectionWindowDays", 30) <= _LONGEST_WINDOW_DAYS, "SelectionWindowDays is invalid")
    _require(1 <= plan.get("StartWindowHours", 24) <= _LONGEST_START_HOURS, "StartWindowHours is invalid")
    return {**_DEFAULTS, **plan, "RecoveryPointSelection": {"ExcludeVaults": [], "SelectionWindowDays": 30, **points}}


def _checked_selection(selection: dict[str, Any]) -> dict[str, Any]:
    arns = selection.get("ProtectedResourceArns") or []
    _require("IamRoleArn" in selection, "IamRoleArn is required")
    _require(selection.get("ProtectedResourceType") in _TYPES, "ProtectedResourceType is invalid")
    _require(
        bool(arns or selection.get("ProtectedResourceConditions")),
        "ProtectedResourceArns or ProtectedResourceConditions is required",
    )
    _require(len(arns) <= _MOST_ARNS, "Too many ProtectedResourceArns")
    _require("*" not in arns or len(arns) == 1, "ProtectedResourceArns takes a wildcard or ARNs, not both")
    hours = selection.get("ValidationWindowHours", 0)
    _require(0 <= hours <= _LONGEST_VALIDATION_HOURS, "ValidationWindowHours is invalid")
    return {"ValidationWindowHours": 0, **selection}


@replaces(BackupResponse, "create_restore_testing_plan")
def restore_test_is_planned(stock: Any, self: BackupResponse) -> tuple[int, dict[str, str], str]:
    """moto tests no restores. AWS Backup API, CreateRestoreTestingPlan and RestoreTestingPlanForCreate."""
    asked, backend = json.loads(self.body), self.backup_backend
    plan = asked["RestoreTestingPlan"]
    name = plan.get("RestoreTestingPlanName", "")
    told = "RestoreTestingPlanName has letters, digits and underscores alone, 50 at most"
    _require(bool(_NAME.fullmatch(name)), told)
    if name in _plans(backend):
        raise AlreadyExistsException(msg=f"Restore testing plan {name} already exists")
    where = f"{self.region}:{self.current_account}"
    arn = f"arn:aws:backup:{where}:restore-testing-plan:{name}-{mock_random.uuid4()}"
    _plans(backend)[name] = {
        "plan": {**_checked_plan(plan), "RestoreTestingPlanArn": arn, "CreationTime": unix_time()},
        "selections": {},
    }
    backend.tag_resource(arn, asked.get("Tags") or {})
    made = {"CreationTime": unix_time(), "RestoreTestingPlanArn": arn, "RestoreTestingPlanName": name}
    return 201, {}, json.dumps(made)


@replaces(BackupResponse, "get_restore_testing_plan")
def restore_test_reads_back(stock: Any, self: BackupResponse) -> str:
    """The same as `restore_test_is_planned`."""
    return json.dumps({"RestoreTestingPlan": _plan(self)["plan"]})


@replaces(BackupResponse, "list_restore_testing_plans")
def restore_tests_are_listed(stock: Any, self: BackupResponse) -> str:
    """The same as `restore_test_is_planned`."""
    return json.dumps({"RestoreTestingPlans": [each["plan"] for each in _plans(self.backup_backend).values()]})


@replaces(BackupResponse, "update_restore_testing_plan")
def restore_test_changes(stock: Any, self: BackupResponse) -> str:
    """The same as `restore_test_is_planned`."""
    found = _plan(self)
    found["plan"] = _checked_plan({**found["plan"], **json.loads(self.body)["RestoreTestingPlan"]})
    told = {key: found["plan"][key] for key in ("CreationTime", "RestoreTestingPlanArn", "RestoreTestingPlanName")}
    return json.dumps({**told, "UpdateTime": unix_time()})


@replaces(BackupResponse, "delete_restore_testing_plan")
def restore_test_ends_after_its_selections(stock: Any, self: BackupResponse) -> tuple[int, dict[str, str], str]:
    """moto tests no restores. AWS Backup API, DeleteRestoreTestingPlan: its selections are deleted first."""
    found = _plan(self)
    _require(not found["selections"], "Restore testing selections must be deleted before their plan")
    del _plans(self.backup_backend)[found["plan"]["RestoreTestingPlanName"]]
    return 204, {}, ""


@replaces(BackupResponse, "create_restore_testing_selection")
def restore_test_selects(stock: Any, self: BackupResponse) -> tuple[int, dict[str, str], str]:
    """moto tests no restores. AWS Backup API, RestoreTestingSelectionForCreate."""
    plan, selection = _plan(self), json.loads(self.body)["RestoreTestingSelection"]
    name = selection.get("RestoreTestingSelectionName", "")
    told = "RestoreTestingSelectionName has letters, digits and underscores alone, 50 at most"
    _require(bool(_NAME.fullmatch(name)), told)
    if name in plan["selections"]:
        raise AlreadyExistsException(msg=f"Restore testing selection {name} already exists")
    of_plan = {key: plan["plan"][key] for key in ("RestoreTestingPlanArn", "RestoreTestingPlanName")}
    made = {**of_plan, "CreationTime": unix_time(), "RestoreTestingSelectionName": name}
    plan["selections"][name] = {**_checked_selection(selection), **made}
    return 201, {}, json.dumps(made)


@replaces(BackupResponse, "get_restore_testing_selection")
def restore_test_tells_what_it_selects(stock: Any, self: BackupResponse) -> str:
    """The same as `restore_test_selects`."""
    return json.dumps({"RestoreTestingSelection": _selection(self)})


@replaces(BackupResponse, "list_restore_testing_selections")
def selections_of_a_restore_test_are_listed(stock: Any, self: BackupResponse) -> str:
    """The same as `restore_test_selects`."""
    return json.dumps({"RestoreTestingSelections": list(_plan(self)["selections"].values())})


@replaces(BackupResponse, "update_restore_testing_selection")
def restore_test_selects_something_else(stock: Any, self: BackupResponse) -> str:
    """The same as `restore_test_selects`."""
    found = _selection(self)
    found.update(_checked_selection({**found, **json.loads(self.body)["RestoreTestingSelection"]}))
    told = ("CreationTime", "RestoreTestingPlanArn", "RestoreTestingPlanName", "RestoreTestingSelectionName")
    return json.dumps({**{key: found[key] for key in told}, "UpdateTime": unix_time()})


@replaces(BackupResponse, "delete_restore_testing_selection")
def restore_test_selects_no_more(stock: Any, self: BackupResponse) -> tuple[int, dict[str, str], str]:
    """The same as `restore_test_selects`."""
    name = _selection(self)["RestoreTestingSelectionName"]
    del _plan(self)["selections"][name]
    return 204, {}, ""
