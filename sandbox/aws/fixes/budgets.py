"""AWS Budgets: notifications, tags, and changes."""

import json
from typing import Any, cast

from moto.budgets.models import Budget, Notification
from moto.budgets.responses import BudgetsResponse

from sandbox.aws.fixes.fix import replaces


def _budget(response: BudgetsResponse, name: str) -> Budget:
    """The budget of a name; moto's own error if there is none."""
    account = response._get_param("AccountId") or response.current_account
    response.backend.describe_budget(account, name)
    return response.backend.budgets[account][name]


@replaces(BudgetsResponse, "create_budget")
def budget_keeps_its_tags(stock: Any, self: BudgetsResponse) -> str:
    """moto drops a budget's tags."""
    answer: str = stock(self)
    vars(_budget(self, self._get_param("Budget")["BudgetName"]))["tags"] = self._get_param("ResourceTags") or []
    return answer


@replaces(BudgetsResponse, "update_budget")
def budget_changes(stock: Any, self: BudgetsResponse) -> str:
    """moto cannot change a budget."""
    wanted = self._get_param("NewBudget")
    _budget(self, wanted["BudgetName"]).budget.update(wanted)
    return json.dumps({})


@replaces(BudgetsResponse, "list_tags_for_resource")
def tags_of_a_budget_read_back(stock: Any, self: BudgetsResponse) -> str:
    """moto has no tags of budgets."""
    budget = _budget(self, self._get_param("ResourceARN").partition(":budget/")[2])
    return json.dumps({"ResourceTags": vars(budget).get("tags", [])})


@replaces(BudgetsResponse, "describe_subscribers_for_notification")
def subscribers_read_back(stock: Any, self: BudgetsResponse) -> str:
    """moto does not return the recipients of a notification."""
    asked = self._get_param("Notification")
    notifications = cast(list[Notification], _budget(self, self._get_param("BudgetName")).notifications)
    found = [
        each.subscribers
        for each in notifications
        if all(each.details.get(key) == asked[key] for key in ("NotificationType", "ComparisonOperator", "Threshold"))
    ]
    return json.dumps({"Subscribers": [subscriber for group in found for subscriber in group]})
