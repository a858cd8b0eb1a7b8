"""All settings of the account's stack, and the rules between them."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.destruction import misnamed
from settings.network import distinct
from settings.problems import Problem, shown
from settings.retention import Days, KeysSettings, StorageSettings
from settings.shapes import AccountId, CostCenter, EmailAddress, Environment, LogRetention, Region, text

Part = Literal["access-analyzer", "cost-anomalies"]
"""Parts of the account stack that can be turned off."""


class AuditSettings(Block):
    """The audit trail of the account."""

    log_retention_days: LogRetention
    """Days that the trail's events stay in CloudWatch Logs, 365 or more: one of its retentions."""
    generation: Annotated[int, Field(ge=1, le=999)] = 1
    """Counts the trail's buckets: `pulumi destroy` leaves the bucket, so raise it before the next `pulumi up`."""
    lock_days: Days
    """Days in which nobody, root included, can delete the trail's objects from S3 (S3 User Guide, "Locking objects with
    Object Lock", compliance mode). It can be raised for new objects, and never lowered for existing ones."""


class CostSettings(Block):
    """When and how costs are reported."""

    monthly_usd: Annotated[int, Field(ge=1, le=1_000_000)]
    """Monthly budget of the account in US dollars (the bounds are ours)."""
    told_at_percent: Annotated[list[Annotated[int, Field(ge=1, le=100)]], Field(min_length=1, max_length=4)]
    """Percentages of monthly_usd at which an email is sent. Another one is sent when the forecast for the month exceeds
    the budget; AWS Budgets allows five notifications per budget (AWS Budgets, "Quotas").
    """
    least_anomaly_usd: Annotated[int, Field(ge=1, le=100_000)]
    """Smallest cost anomaly that is reported, in US dollars (the bounds are ours)."""
    monitor_arn: str | None = None
    """ARN of the account's existing monitor of AWS services: an account can only have one, and AWS creates it for new
    accounts. If set, none is created (Cost Management User Guide, "Getting started with AWS Cost Anomaly Detection").
    """

    @rule
    def _each_share_is_told_once(self) -> Iterator[Problem]:
        if len(set(self.told_at_percent)) < len(self.told_at_percent):
            yield Problem(path=("told_at_percent",), text="lists a percentage twice; want each once")


class DeploymentSettings(Block):
    """A stack that a workflow deploys."""

    regions: Annotated[list[Region], AfterValidator(distinct)]
    """AWS regions in which it declares resources; the edge's has none."""


class AccessRolesSettings(Block):
    """Who may assume the account's roles."""

    repository: Annotated[
        str,
        text("is not a repository; want OWNER/NAME, such as askproai/platform", re.compile(r"[\w.-]+/[\w.-]+", re.A)),
    ]
    """The GitHub repository with the workflows that preview and deploy: OWNER/NAME."""
    sign_in_account_id: AccountId
    """AWS account where people sign in, with a second factor; its administrators decide who may assume which role."""
    deployments: Annotated[dict[Environment, DeploymentSettings], Field(min_length=1)]
    """The stacks that workflows deploy, by name; each has its own role and its own GitHub environment."""


class AccountSettings(Block):
    """The resources that exist once per AWS account, or once per region of an account, as the stack's file defines
    them."""

    environment: Environment
    """Label of the stack in names and tags: 1 to 12 lower-case letters and digits."""
    role: Literal["account"]
    """What the stack is; the regions' stacks are primary or standby, the edge's is edge."""
    region: str
    """AWS region of the trail, its key and its alarms: one of data_residency_regions."""
    data_residency_regions: Annotated[list[Region], Field(min_length=1), AfterValidator(distinct)]
    """AWS regions in which personal data may be (GDPR, articles 44 to 46): each has AWS Config, threat detection, and
    safe defaults.
    """
    account_id: AccountId
    """AWS account: 12 digits in quotes; credentials of another account are refused."""
    cost_center: CostCenter
    """Value of the tag CostCenter."""
    alarm_emails: Annotated[list[EmailAddress], Field(min_length=1), AfterValidator(distinct)]
    """Email addresses that receive alarms and findings; each confirms a subscription to the alarms, and in each region
    one to the findings.
    """
    allow_destroy_of: str | None = None
    """Name of the environment, to lift the protection before `pulumi destroy`."""
    turned_off: Annotated[list[Part], AfterValidator(distinct)]
    """Parts that are not declared, because a cloud does not have them."""
    keys: KeysSettings
    """The KMS key."""
    storage: StorageSettings
    """The S3 buckets."""
    audit: AuditSettings
    """The audit trail of the account."""
    costs: CostSettings
    """When and how costs are reported."""
    access: AccessRolesSettings
    """Who may assume the account's roles."""

    @property
    def protected(self) -> bool:
        """Whether the audit trail is protected from deletion."""
        return self.allow_destroy_of is None

    @rule
    def _the_record_is_where_data_may_be(self) -> Iterator[Problem]:
        if self.region not in self.data_residency_regions:
            yield Problem(
                path=("region",),
                text=f"{shown(self.region)} is not in data_residency_regions; "
                f"want {' or '.join(self.data_residency_regions)}",
            )

    @rule
    def _the_lock_ends_before_the_record(self) -> Iterator[Problem]:
        if self.audit.lock_days > self.storage.logs_retention_days:
            yield Problem(
                path=("audit", "lock_days"),
                text=f"{self.audit.lock_days} is more than storage.logs_retention_days "
                f"{self.storage.logs_retention_days}, after which S3 deletes; want that or less",
            )

    @rule
    def _deployments_stay_where_data_may_be(self) -> Iterator[Problem]:
        for stack, deployment in self.access.deployments.items():
            if others := [region for region in deployment.regions if region not in self.data_residency_regions]:
                yield Problem(
                    path=("access", "deployments", stack, "regions"),
                    text=f"{', '.join(others)} not in data_residency_regions; "
                    f"want {' or '.join(self.data_residency_regions)}",
                )

    @rule
    def _destruction_is_named(self) -> Iterator[Problem]:
        yield from misnamed(self.allow_destroy_of, self.environment)
