"""Snapshots of the database beside RDS's own: kept in a locked vault, and copied to the other region by its home."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.recovery.offsite import Offsite
from components.recovery.vault import Vault, VaultArgs
from components.security.keys import Keys
from naming import DataClass, Naming
from settings import OffsiteSettings

Statement = dict[str, Any]

NAME_LIMIT = 50
ROLE_LIMIT = 64
START_MINUTES = 60
"""How late a job may start: AWS Backup's shortest (AWS Backup API, BackupRule)."""
COMPLETION_MINUTES = 180
"""Ours: then the next hours' jobs have passed it, and the alarm is due."""

TRUST_IN_BACKUP = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
"""As AWS Backup documents it, without a condition: one that it does not meet would end the backups without a word."""


@dataclass(frozen=True, kw_only=True)
class BackupRule:
    """When a snapshot is made, in UTC, and how many days it and its copy stay."""

    role: str
    why: str
    schedule: Callable[[OffsiteSettings], str]
    kept_days: Callable[[OffsiteSettings], int]


def _every_hours(settings: OffsiteSettings) -> str:
    hours = "*" if settings.copy_every_hours == 1 else ",".join(map(str, range(0, 24, settings.copy_every_hours)))
    return f"cron(0 {hours} ? * * *)"


RULES = (
    BackupRule(
        role="hourly",
        why="What a lost region costs at most, should the replica of the database be lost with it.",
        schedule=_every_hours,
        kept_days=lambda settings: settings.hourly_copies_kept_days,
    ),
    BackupRule(
        role="daily",
        why="The way back behind a mistake that is found late. At its hour it takes the hourly one's place.",
        schedule=lambda settings: f"cron(0 {settings.daily_copy_hour} ? * * *)",
        kept_days=lambda settings: settings.daily_copies_kept_days,
    ),
)


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """While the region is `following`, its database is a replica, and backed up where its source is.

    `offsite` takes copies; a region that has none keeps its snapshots to itself.
    """

    naming: Naming
    region: str
    keys: Keys
    database: aws.rds.Instance
    settings: OffsiteSettings
    offsite: Offsite | None
    following: bool
    protected: bool


class Backups(Component):
    """The region's vault, and while its database is no replica, a plan that fills it."""

    vault: Vault
    plan: aws.backup.Plan | None

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backup", name, args.naming, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._args = args
        vault_args = VaultArgs(
            naming=args.naming, key=args.keys.storage, settings=args.settings, protected=args.protected
        )
        self.vault = Vault(f"{name}-vault", vault_args, self.child())
        self.plan = None if args.following else self._plan()
        self.register_outputs({"vault_name": self.vault.name})

    def _plan(self) -> aws.backup.Plan:
        args = self._args
        plan = aws.backup.Plan(
            f"{self._name}-plan",
            name=args.naming.physical(self._name, NAME_LIMIT),
            rules=[self._rule(rule) for rule in RULES],
            opts=self.child(),
        )
        role = aws.iam.Role(
            f"{self._name}-role",
            name=args.naming.physical(self._name, ROLE_LIMIT),
            description="What AWS Backup may do to snapshot the database and copy the snapshots.",
            assume_role_policy=json.dumps(TRUST_IN_BACKUP),
            opts=self.child(),
        )
        rights = aws.iam.RolePolicy(
            f"{self._name}-rights",
            name="rights",
            role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": self._rights()}),
            opts=self.child(),
        )
        aws.backup.Selection(
            f"{self._name}-database",
            name=args.naming.physical("database", NAME_LIMIT),
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=[args.database.arn],
            opts=self.child(depends_on=[rights]),
        )
        return plan

    def _rule(self, rule: BackupRule) -> aws.backup.PlanRuleArgs:
        args = self._args
        days = rule.kept_days(args.settings)
        return aws.backup.PlanRuleArgs(
            rule_name=rule.role,
            target_vault_name=self.vault.name,
            schedule=rule.schedule(args.settings),
            start_window=START_MINUTES,
            completion_window=COMPLETION_MINUTES,
            lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=days),
            copy_actions=self._copies(days),
        )

    def _copies(self, days: int) -> list[aws.backup.PlanRuleCopyActionArgs] | None:
        offsite = self._args.offsite
        if offsite is None:
            return None
        lifecycle = aws.backup.PlanRuleCopyActionLifecycleArgs(delete_after=days)
        return [aws.backup.PlanRuleCopyActionArgs(destination_vault_arn=offsite.vault.arn, lifecycle=lifecycle)]

    def _rights(self) -> list[Statement]:
        """AWSBackupServiceRolePolicyForBackup, as far as it is about RDS, and for what is ours alone."""
        args = self._args
        offsite = args.offsite
        regions = [args.region, *([offsite.keys.region] if offsite else [])]
        snapshots = [f"arn:aws:rds:{region}:{args.naming.account_id}:snapshot:awsbackup:*" for region in regions]
        vaults = [self.vault.arn, *([offsite.vault.arn] if offsite else [])]
        keys = [args.keys.data.arn, *([offsite.keys.storage.arn] if offsite else [])]
        for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        return [
            _allow(["rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "tag:GetResources"], "*"),
            _allow(
                ["rds:AddTagsToResource", "rds:CreateDBSnapshot", "rds:ListTagsForResource"],
                [args.database.arn, *snapshots],
            ),
            _allow(["rds:CopyDBSnapshot", "rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"], snapshots),
            _allow(["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"], vaults),
            _allow(["backup:CopyFromBackupVault"], [*vaults, *snapshots]),
            _allow(["kms:DescribeKey"], keys),
            {**_allow(["kms:CreateGrant"], keys), "Condition": for_services},
        ]


def _allow(actions: list[str], resources: Any) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
