"""Snapshots of the database in addition to RDS's own, and of the metrics volume, in a locked vault.

A standby instead has snapshots only of its metrics, and keeps the automated backups of the database that it follows.

The home of the data copies its snapshots to the other region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.recovery.offsite import Offsite
from components.recovery.restore_tests import RestoreTests, RestoreTestsArgs
from components.recovery.vault import Vault, VaultArgs
from components.security.iam import Statement, allow, trust
from components.security.keys import Keys
from components.security.service_role import ServiceRole, service_role
from components.site import Site
from naming import DataClass
from settings import OffsiteSettings
from settings.offsite import COMPLETION_MINUTES, START_MINUTES

NAME_LIMIT = 50


@dataclass(frozen=True, kw_only=True)
class BackupRule:
    """When a snapshot is made, in UTC, and for how many days it and its copy are retained."""

    role: str
    why: str
    schedule: Callable[[OffsiteSettings], str]
    retention_days: Callable[[OffsiteSettings], int]


RULES = (
    BackupRule(
        role="daily",
        why="A copy that nobody can delete, in both regions: the point to restore to after an attack.",
        schedule=lambda settings: f"cron(0 {settings.daily_copy_hour} ? * * *)",
        retention_days=lambda settings: settings.daily_copies_kept_days,
    ),
    BackupRule(
        role="weekly",
        # Of two rules at the same time, AWS Backup runs the one with the longer retention (AWS Backup Developer Guide,
        # "Backup plan options and configuration").
        why="The same for problems that are found late. On Sundays it replaces the daily one.",
        schedule=lambda settings: f"cron(0 {settings.daily_copy_hour} ? * SUN *)",
        retention_days=lambda settings: settings.weekly_copies_kept_days,
    ),
)


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """While the region follows, its database is a replica of `source_arn`, whose backups it keeps for `kept_days`.

    `offsite` receives the copies; without it, the snapshots stay in the region. `metrics` is the volume of the
    monitoring host, where there is one.
    """

    site: Site
    keys: Keys
    network: Network
    database: aws.rds.Instance
    settings: OffsiteSettings
    offsite: Offsite | None
    source_arn: pulumi.Input[str] | None
    kept_days: int
    metrics: aws.ebs.Volume | None = None


class Backups(Component):
    """The region's vault and the backup plans that fill it; if the region follows, also its source's automated backups.

    `snapshots_a_day` is the number of snapshots that the plans make.
    """

    vault: Vault
    snapshots_a_day: int
    restore_tests: RestoreTests
    of_the_source: aws.rds.InstanceAutomatedBackupsReplication | None

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backup:Backups", name, args.site, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._args = args
        vault_args = VaultArgs(site=args.site, network=args.network, key=args.keys["storage"], settings=args.settings)
        self.vault = Vault(f"{name}-vault", vault_args, self.child())
        # Whether the region follows or writes: IAM's control plane is in another region, and an activation must not
        # need it.
        role, rights = self._role()
        self.of_the_source = None if args.source_arn is None else self._backups_of(args.source_arn)
        if args.source_arn is None:
            self._scheduled(name, "database", RULES, args.database.arn, role, rights)
        if args.metrics is not None:
            # Last month's metrics are of no use: a separate plan with only the daily rule.
            daily = [rule for rule in RULES if rule.role == "daily"]
            self._scheduled(f"{name}-metrics", "metrics", daily, args.metrics.arn, role, rights)
        self.snapshots_a_day = (args.source_arn is None) + (args.metrics is not None)
        tests_args = RestoreTestsArgs(
            site=args.site,
            keys=args.keys,
            vault=self.vault,
            database=args.database,
            settings=args.settings,
            of_the_source=args.source_arn is not None,
            metrics=args.metrics,
        )
        self.restore_tests = RestoreTests("restore-tests", tests_args, self.child())
        self.register_outputs({"vault_name": self.vault.name})

    def _role(self) -> ServiceRole:
        return service_role(
            self,
            self._name,
            self._args.site,
            description="What AWS Backup may do to snapshot the database and copy the snapshots.",
            # Without a condition, as AWS Backup documents it: backups would stop silently on one that it does not meet.
            trusts=trust("backup.amazonaws.com"),
            may=self._permissions(),
        )

    def _backups_of(self, source_arn: pulumi.Input[str]) -> aws.rds.InstanceAutomatedBackupsReplication:
        """The other region's snapshots and transaction logs, as soon as they exist, for any point in time.

        RDS starts this in the region that keeps them. An activation removes it from the state without stopping it: that
        would need the lost region, and the backups are needed then.
        """
        return aws.rds.InstanceAutomatedBackupsReplication(
            f"{self._name}-of-the-source",
            source_db_instance_arn=source_arn,
            kms_key_id=self._args.keys["data"].arn,
            retention_period=self._args.kept_days,
            opts=self.child(outlives=self._args.site.protected),
        )

    def _scheduled(
        self,
        name: str,
        what: str,
        rules: Sequence[BackupRule],
        arn: pulumi.Output[str],
        role: aws.iam.Role,
        rights: aws.iam.RolePolicy,
    ) -> None:
        """A plan with these rules, for one resource."""
        naming = self._args.site.naming
        # Metrics are not worth a copy in another account.
        elsewhere = self._elsewhere if what == "database" else []
        plan = aws.backup.Plan(
            f"{name}-plan",
            name=naming.physical(name, NAME_LIMIT),
            rules=[self._rule(rule, elsewhere) for rule in rules],
            opts=self.child(),
        )
        aws.backup.Selection(
            f"{self._name}-{what}",
            name=naming.physical(what, NAME_LIMIT),
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=[arn],
            opts=self.child(depends_on=[rights]),
        )

    def _rule(self, rule: BackupRule, elsewhere: Sequence[str]) -> aws.backup.PlanRuleArgs:
        args = self._args
        days = rule.retention_days(args.settings)
        return aws.backup.PlanRuleArgs(
            rule_name=rule.role,
            target_vault_name=self.vault.name,
            schedule=rule.schedule(args.settings),
            start_window=START_MINUTES,
            completion_window=COMPLETION_MINUTES,
            lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=days),
            copy_actions=self._copies(days, elsewhere),
        )

    def _copies(self, days: int, elsewhere: Sequence[str]) -> list[aws.backup.PlanRuleCopyActionArgs] | None:
        offsite = self._args.offsite
        if offsite is None:
            return None
        lifecycle = aws.backup.PlanRuleCopyActionLifecycleArgs(delete_after=days)
        vaults: list[pulumi.Input[str]] = [offsite.vault.arn, *elsewhere]
        return [aws.backup.PlanRuleCopyActionArgs(destination_vault_arn=arn, lifecycle=lifecycle) for arn in vaults]

    def _permissions(self) -> list[Statement]:
        """The required parts of AWSBackupServiceRolePolicyForBackup, limited to this platform's resources."""
        return [*self._of_the_database(), *(self._of_volumes(metrics) if (metrics := self._args.metrics) else [])]

    def _of_volumes(self, volume: aws.ebs.Volume) -> list[Statement]:
        """Only the tag that AWS Backup sets first distinguishes its snapshots from others."""
        snapshots = [f"arn:aws:ec2:{region}::snapshot/*" for region in self._regions]
        own = {"Null": {"aws:ResourceTag/aws:backup:source-resource": "false"}}
        return [
            allow(["ec2:DescribeSnapshots", "ec2:DescribeVolumes", "ec2:DescribeTags"], "*"),
            allow(["ec2:CreateSnapshot"], [volume.arn, *snapshots]),
            allow(["ec2:CopySnapshot", "ec2:CreateTags"], snapshots),
            allow(["ec2:DeleteSnapshot", "ec2:ModifySnapshotAttribute"], snapshots, condition=own),
        ]

    @property
    def _elsewhere(self) -> list[str]:
        """The vault in another account, if copies go there."""
        arn = self._args.settings.other_account_vault_arn
        return [arn] if arn and self._args.offsite else []

    @property
    def _regions(self) -> list[str]:
        """The ARNs of snapshots."""
        offsite = self._args.offsite
        return [self._args.site.region, *([offsite.keys.region] if offsite else [])]

    def _of_the_database(self) -> list[Statement]:
        args = self._args
        offsite = args.offsite
        account = args.site.naming.account_id
        snapshots = [f"arn:aws:rds:{region}:{account}:snapshot:awsbackup:*" for region in self._regions]
        vaults: list[pulumi.Input[str]] = [self.vault.arn, *([offsite.vault.arn] if offsite else [])]
        keys = [args.keys["data"].arn, *([offsite.keys["storage"].arn] if offsite else [])]
        for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        return [
            allow(["rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "tag:GetResources"], "*"),
            allow(
                ["rds:AddTagsToResource", "rds:CreateDBSnapshot", "rds:ListTagsForResource"],
                [args.database.arn, *snapshots],
            ),
            allow(["rds:CopyDBSnapshot", "rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"], snapshots),
            allow(["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"], [*vaults, *self._elsewhere]),
            allow(["backup:CopyFromBackupVault"], [*vaults, *snapshots]),
            allow(["kms:DescribeKey"], keys),
            allow(["kms:CreateGrant"], keys, condition=for_services),
        ]
