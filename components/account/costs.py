"""Notifications of costs: a monthly budget, and AWS's anomaly detection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.site import Site
from settings import CostSettings

NAME_LIMIT = 100
"""AWS Budgets API, Budget, BudgetName."""


@dataclass(frozen=True, kw_only=True)
class CostsArgs:
    """`emails` are notified. `anomalies` is off if the cloud does not support them."""

    site: Site
    settings: CostSettings
    emails: Sequence[str]
    anomalies: bool


class Costs(Component):
    """The account's budget, and a daily mail of cost anomalies."""

    def __init__(self, name: str, args: CostsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:Costs", name, args.site, opts=opts)
        self._name = name
        self._args = args
        physical = args.site.naming.physical(name, NAME_LIMIT)
        told = [self._notification("ACTUAL", percent) for percent in args.settings.told_at_percent]
        aws.budgets.Budget(
            f"{name}-budget",
            name=physical,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.settings.monthly_usd),
            limit_unit="USD",
            notifications=[*told, self._notification("FORECASTED", 100)],
            opts=self.child(),
        )
        if args.anomalies:
            self._tell_of_anomalies(physical)
        self.register_outputs({})

    def _notification(self, kind: str, percent: int) -> aws.budgets.BudgetNotificationArgs:
        return aws.budgets.BudgetNotificationArgs(
            notification_type=kind,
            comparison_operator="GREATER_THAN",
            threshold=percent,
            threshold_type="PERCENTAGE",
            subscriber_email_addresses=list(self._args.emails),
        )

    def _tell_of_anomalies(self, physical: str) -> None:
        settings = self._args.settings
        monitor = settings.monitor_arn or self._monitor(physical).arn
        dimension = aws.costexplorer.AnomalySubscriptionThresholdExpressionDimensionArgs(
            key="ANOMALY_TOTAL_IMPACT_ABSOLUTE",
            match_options=["GREATER_THAN_OR_EQUAL"],
            values=[str(settings.least_anomaly_usd)],
        )
        aws.costexplorer.AnomalySubscription(
            f"{self._name}-anomalies-mail",
            name=physical,
            # Immediate notifications would need a topic, and costs are known a day later in any case.
            frequency="DAILY",
            monitor_arn_lists=[monitor],
            subscribers=[
                aws.costexplorer.AnomalySubscriptionSubscriberArgs(type="EMAIL", address=address)
                for address in self._args.emails
            ],
            threshold_expression=aws.costexplorer.AnomalySubscriptionThresholdExpressionArgs(dimension=dimension),
            opts=self.child(),
        )

    def _monitor(self, physical: str) -> aws.costexplorer.AnomalyMonitor:
        return aws.costexplorer.AnomalyMonitor(
            f"{self._name}-anomalies",
            name=physical,
            monitor_type="DIMENSIONAL",
            monitor_dimension="SERVICE",
            opts=self.child(),
        )
