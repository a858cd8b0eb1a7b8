"""Weekly restore tests of the newest recovery points: a backup that nobody has restored is unproven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.recovery.vault import Vault
from components.security.iam import Statement, allow, trust
from components.security.keys import Keys, alias_of
from components.security.service_role import ServiceRole, service_role
from components.site import Site
from naming import DataClass, replica_of
from settings import OffsiteSettings
from settings.offsite import START_MINUTES

NAME_LIMIT = 50
DAY = "MON"
"""After Sunday's snapshot, and on a working day, so that somebody can check what was restored."""
NEWEST_WITHIN_DAYS = 7
"""Our choice: with daily snapshots, a test that finds none in a week must fail."""
VALIDATION_HOURS = 4
"""Our choice: how long restored resources stay for a check, and are paid for."""
RESTORED = "awsbackup-restore-test-*"
"""AWS Backup's prefix for resources that a test restores (AWS Backup Developer Guide, "Restore testing inferred
metadata")."""


@dataclass(frozen=True, kw_only=True)
class RestoreTestsArgs:
    """What a test restores: `database`, or with `of_the_source` the copies of its source; `metrics`, a volume."""

    site: Site
    keys: Keys
    vault: Vault
    database: aws.rds.Instance
    settings: OffsiteSettings
    of_the_source: bool
    metrics: aws.ebs.Volume | None


class RestoreTests(Component):
    """The weekly plan, with its own role, and its selections.

    A region that follows tests the copies that the other region made here, which it would need without that region.
    """

    resource_types: tuple[str, ...]

    def __init__(self, name: str, args: RestoreTestsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backup:RestoreTests", name, args.site, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._args = args
        plan = self._plan()
        role, rights = self._role()
        # Without the group, it would be restored to the account's default VPC, which may not exist. Its security group
        # is the VPC's default, which allows no access.
        of_database = {"dbSubnetGroupName": args.database.db_subnet_group_name, "multiAz": "false"}
        arns: pulumi.Input[str] = "*" if args.of_the_source else args.database.arn
        self._selected("database", "RDS", arns, of_database, plan, role, rights)
        if args.metrics is not None:
            of_volume = {"kmsKeyId": args.keys["data"].arn}
            self._selected("metrics", "EBS", args.metrics.arn, of_volume, plan, role, rights)
        self.resource_types = ("RDS", *(["EBS"] if args.metrics is not None else []))
        self.register_outputs({"plan_name": plan.name})

    def _physical(self, label: str) -> str:
        """AWS Backup allows letters, digits and underscores (AWS Backup API, RestoreTestingPlanForCreate)."""
        return self._args.site.naming.physical(label, NAME_LIMIT).replace("-", "_")

    def _plan(self) -> aws.backup.RestoreTestingPlan:
        args = self._args
        return aws.backup.RestoreTestingPlan(
            f"{self._name}-plan",
            name=self._physical(self._name),
            schedule_expression=f"cron(0 {args.settings.restore_test_hour} ? * {DAY} *)",
            schedule_expression_timezone="Etc/UTC",
            start_window_hours=START_MINUTES // 60,
            recovery_point_selection=aws.backup.RestoreTestingPlanRecoveryPointSelectionArgs(
                algorithm="LATEST_WITHIN_WINDOW",
                # The name of the other region's vault contains the VPC's ID of the other stack, which is unknown here.
                include_vaults=["*"] if args.of_the_source else [args.vault.arn],
                recovery_point_types=["SNAPSHOT"],
                selection_window_days=NEWEST_WITHIN_DAYS,
            ),
            opts=self.child(),
        )

    def _selected(
        self,
        what: str,
        resource_type: str,
        arn: pulumi.Input[str],
        overrides: Mapping[str, pulumi.Input[str]],
        plan: aws.backup.RestoreTestingPlan,
        role: aws.iam.Role,
        rights: aws.iam.RolePolicy,
    ) -> None:
        """One kind of resource; the overrides are those that AWS Backup allows for it."""
        aws.backup.RestoreTestingSelection(
            f"{self._name}-{what}",
            name=self._physical(what),
            restore_testing_plan_name=plan.name,
            iam_role_arn=role.arn,
            protected_resource_type=resource_type,
            protected_resource_arns=[arn],
            restore_metadata_overrides=overrides,
            validation_window_hours=VALIDATION_HOURS,
            opts=self.child(depends_on=[rights]),
        )

    def _role(self) -> ServiceRole:
        return service_role(
            self,
            self._name,
            self._args.site,
            description="What AWS Backup may do to restore recovery points for a test.",
            # Without a condition, as for the backups.
            trusts=trust("backup.amazonaws.com"),
            may=[*self._restores_databases(), *self._restores_volumes(), *self._uses_keys()],
        )

    def _restores_databases(self) -> list[Statement]:
        """The required parts of AWSBackupServiceRolePolicyForRestores; only a test's own resources can be deleted."""
        where = f"{self._args.site.region}:{self._args.site.naming.account_id}"
        restored = f"arn:aws:rds:{where}:db:{RESTORED}"
        used = [f"arn:aws:rds:{where}:{kind}:*" for kind in ("og", "pg", "subgrp")]
        snapshots = f"arn:aws:rds:{where}:snapshot:awsbackup:*"
        return [
            allow(["rds:DescribeDBInstances", "rds:DescribeDBSnapshots"], "*"),
            allow(["rds:RestoreDBInstanceFromDBSnapshot"], [restored, snapshots, *used]),
            allow(["rds:AddTagsToResource", "rds:DeleteDBInstance", "rds:ListTagsForResource"], restored),
        ]

    def _restores_volumes(self) -> list[Statement]:
        """AWS Backup tags the resources that a test restores, and the service's own role deletes them by this tag."""
        region, account = self._args.site.region, self._args.site.naming.account_id
        volumes = f"arn:aws:ec2:{region}:{account}:volume/*"
        if self._args.metrics is None:
            return []
        made = {"StringEquals": {"ec2:CreateAction": "CreateVolume"}}
        return [
            allow(["ec2:DescribeAvailabilityZones", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"], "*"),
            allow(["ec2:CreateVolume"], [f"arn:aws:ec2:{region}::snapshot/*", volumes]),
            allow(["ec2:CreateTags"], volumes, condition=made),
        ]

    def _uses_keys(self) -> list[Statement]:
        """Snapshots made here use the data key, and copies that arrived use their vault's key."""
        args = self._args
        where = f"{args.site.region}:{args.site.naming.account_id}"
        for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        volumes = {"StringEquals": {"kms:ViaService": f"ec2.{args.site.region}.amazonaws.com"}}
        use = ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        own = args.keys["data"].arn
        statements = [
            allow(["kms:DescribeKey"], own),
            allow(["kms:CreateGrant"], own, condition=for_services),
            allow(use, own, condition=volumes),
        ]
        if args.settings.home != args.site.naming.environment:
            # Whether the region follows or writes: an activation must not need IAM.
            home = replace(args.site.naming, environment=args.settings.home)
            copies = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias_of(home, replica_of("storage"))}}
            keys = f"arn:aws:kms:{where}:key/*"
            statements += [
                allow(["kms:DescribeKey"], keys, condition=copies),
                allow(["kms:CreateGrant"], keys, condition={**copies, **for_services}),
            ]
        return statements
