"""Restore tests of AWS Backup on the emulated AWS."""

from typing import Any

import pytest

from ops.core.aws import rows
from tests.emulator.emulated import ACCOUNT, Clients

ROLE = f"arn:aws:iam::{ACCOUNT}:role/restores"
POINTS = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}
SELECTION = {"IamRoleArn": ROLE, "ProtectedResourceType": "EBS", "ProtectedResourceArns": ["*"]}


@pytest.fixture
def backup(aws: Clients) -> Any:
    return aws("backup")


@pytest.fixture
def plan(name: str) -> str:
    return name.replace("-", "_")


def planned(backup: Any, plan: str, **other: Any) -> Any:
    asked = {"RestoreTestingPlanName": plan, "ScheduleExpression": "cron(0 12 ? * MON *)"}
    points = {**POINTS, **other.pop("points", {})}
    return backup.create_restore_testing_plan(
        RestoreTestingPlan={**asked, "RecoveryPointSelection": points, **other}, Tags={"Name": plan}
    )


def selected(backup: Any, plan: str, **other: Any) -> Any:
    asked = {"RestoreTestingSelectionName": "volumes", **SELECTION, **other}
    return backup.create_restore_testing_selection(RestoreTestingPlanName=plan, RestoreTestingSelection=asked)


@pytest.mark.fix("backup_restore_tests.py:restore_test_is_planned")
def test_a_plan_has_its_tags_and_one_name(backup: Any, plan: str) -> None:
    arn = planned(backup, plan)["RestoreTestingPlanArn"]
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"Name": plan}
    with pytest.raises(backup.exceptions.AlreadyExistsException):
        planned(backup, plan)


@pytest.mark.fix("backup_restore_tests.py:restore_test_is_planned")
@pytest.mark.parametrize(
    "wrong",
    [
        {"RestoreTestingPlanName": "with-hyphens"},
        {"RestoreTestingPlanName": "a" * 51},
        {"StartWindowHours": 169},
        {"points": {"Algorithm": "NEWEST"}},
        {"points": {"IncludeVaults": []}},
        {"points": {"SelectionWindowDays": 366}},
    ],
)
def test_a_plan_that_aws_backup_would_not_take_is_refused(backup: Any, plan: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(backup.exceptions.ClientError, match="InvalidRequest"):
        planned(backup, plan, **wrong)


@pytest.mark.fix("backup_restore_tests.py:restore_test_reads_back")
def test_a_plan_reads_back_with_the_defaults(backup: Any, plan: str) -> None:
    planned(backup, plan)
    found = backup.get_restore_testing_plan(RestoreTestingPlanName=plan)["RestoreTestingPlan"]
    assert (found["StartWindowHours"], found["RecoveryPointSelection"]["SelectionWindowDays"]) == (24, 30)


@pytest.mark.fix("backup_restore_tests.py:restore_tests_are_listed")
def test_plans_are_listed(backup: Any, plan: str) -> None:
    planned(backup, plan)
    found = list(rows(backup, "list_restore_testing_plans"))
    assert plan in [each["RestoreTestingPlanName"] for each in found]


@pytest.mark.fix("backup_restore_tests.py:restore_test_changes")
def test_a_plan_can_be_changed(backup: Any, plan: str) -> None:
    planned(backup, plan)
    changed = {"ScheduleExpression": "cron(0 13 ? * MON *)", "RecoveryPointSelection": POINTS}
    backup.update_restore_testing_plan(RestoreTestingPlanName=plan, RestoreTestingPlan=changed)
    found = backup.get_restore_testing_plan(RestoreTestingPlanName=plan)["RestoreTestingPlan"]
    assert found["ScheduleExpression"] == changed["ScheduleExpression"]


@pytest.mark.fix("backup_restore_tests.py:restore_test_ends_after_its_selections")
def test_a_plan_is_deleted_after_its_selections(backup: Any, plan: str) -> None:
    planned(backup, plan)
    selected(backup, plan)
    with pytest.raises(backup.exceptions.InvalidRequestException):
        backup.delete_restore_testing_plan(RestoreTestingPlanName=plan)
    named = {"RestoreTestingPlanName": plan, "RestoreTestingSelectionName": "volumes"}
    backup.delete_restore_testing_selection(**named)
    backup.delete_restore_testing_plan(RestoreTestingPlanName=plan)
    with pytest.raises(backup.exceptions.ResourceNotFoundException):
        backup.get_restore_testing_plan(RestoreTestingPlanName=plan)


@pytest.mark.fix("backup_restore_tests.py:restore_test_selects")
@pytest.mark.parametrize(
    "wrong",
    [
        {"RestoreTestingSelectionName": "with-hyphens"},
        {"ProtectedResourceType": "Volume"},
        {"ProtectedResourceArns": []},
        {"ProtectedResourceArns": ["*", "arn:aws:ec2:::volume/a"]},
        {"ValidationWindowHours": 169},
    ],
)
def test_a_selection_that_aws_backup_would_not_take_is_refused(backup: Any, plan: str, wrong: dict[str, Any]) -> None:
    planned(backup, plan)
    with pytest.raises(backup.exceptions.ClientError, match="InvalidRequest"):
        selected(backup, plan, **wrong)


@pytest.mark.fix("backup_restore_tests.py:restore_test_tells_what_it_selects")
def test_a_selection_reads_back(backup: Any, plan: str) -> None:
    planned(backup, plan)
    selected(backup, plan)
    named = {"RestoreTestingPlanName": plan, "RestoreTestingSelectionName": "volumes"}
    found = backup.get_restore_testing_selection(**named)["RestoreTestingSelection"]
    assert (found["IamRoleArn"], found["ValidationWindowHours"]) == (ROLE, 0)


@pytest.mark.fix("backup_restore_tests.py:selections_of_a_restore_test_are_listed")
def test_selections_are_listed(backup: Any, plan: str) -> None:
    planned(backup, plan)
    selected(backup, plan)
    found = backup.list_restore_testing_selections(RestoreTestingPlanName=plan)["RestoreTestingSelections"]
    assert [each["RestoreTestingSelectionName"] for each in found] == ["volumes"]


@pytest.mark.fix("backup_restore_tests.py:restore_test_selects_something_else")
def test_a_selection_can_be_changed(backup: Any, plan: str) -> None:
    planned(backup, plan)
    selected(backup, plan)
    named = {"RestoreTestingPlanName": plan, "RestoreTestingSelectionName": "volumes"}
    backup.update_restore_testing_selection(**named, RestoreTestingSelection={"ValidationWindowHours": 4})
    found = backup.get_restore_testing_selection(**named)["RestoreTestingSelection"]
    assert (found["IamRoleArn"], found["ValidationWindowHours"]) == (ROLE, 4)


@pytest.mark.fix("backup_restore_tests.py:restore_test_selects_no_more")
def test_a_deleted_selection_is_gone(backup: Any, plan: str) -> None:
    planned(backup, plan)
    selected(backup, plan)
    named = {"RestoreTestingPlanName": plan, "RestoreTestingSelectionName": "volumes"}
    backup.delete_restore_testing_selection(**named)
    with pytest.raises(backup.exceptions.ResourceNotFoundException):
        backup.get_restore_testing_selection(**named)
