"""The MySQL database: encrypted, audited, with point-in-time recovery, and reachable only from inside the VPC.

An instance is either a replica of another region's database or an independent database, created empty or from a backup;
a promotion turns the first into the second in place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.data.database_groups import database_groups
from components.network.network import Network
from components.network.ports import DATABASE
from components.network.security_groups import SecurityGroups, Service
from components.security.keys import Keys
from components.site import Site
from naming import DataClass, Naming
from settings import DatabaseSettings

IDENTIFIER_LIMIT = 63
SNAPSHOT_LIMIT = 255

TIMEOUTS = pulumi.CustomTimeouts(create="6h", update="3h", delete="3h")
"""Our choice. A cross-region replica is a snapshot, its copy and a restore: with real data more than the provider's 40
minutes (terraform-provider-aws, issue 22990), after which a half-created instance is left."""

LOGS = ("error", "slowquery", "audit")
OF_THE_LIVE_ONE = (
    *("allocatedStorage", "engineVersion", "instanceClass", "maxAllocatedStorage", "multiAz"),
    *("optionGroupName", "parameterGroupName", "password", "restoreToPointInTime", "snapshotIdentifier"),
)
"""Properties that the settings define for the live database, and that a retained generation keeps as they were: RDS
never shrinks storage, and an instance cannot use groups of another version."""


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """`source_arn` is the database that this one replicates; without it, this one takes writes.

    `apply_immediately` is for an instance that is created as a replica: its backups can be configured only afterwards,
    and RDS would delay them until the maintenance window.
    """

    site: Site
    network: Network
    security_groups: SecurityGroups
    keys: Keys
    settings: DatabaseSettings
    password: pulumi.Output[str]
    source_arn: pulumi.Input[str] | None
    apply_immediately: bool


def numbered(role: str, generation: int) -> str:
    """The role with the number of the generation appended; the first generation has none."""
    return role if generation == 1 else f"{role}-{generation}"


def identifier(naming: Naming, name: str, generation: int) -> str:
    """The RDS identifier of a generation of the database."""
    return naming.physical(numbered(name, generation), IDENTIFIER_LIMIT)


class Database(Component):
    """The current generation of the database, and the `retained` ones by number.

    A retained generation is an independent, unchanged database that nothing reads or writes any more.
    """

    instance: aws.rds.Instance
    retained: dict[int, aws.rds.Instance]
    log_groups: dict[str, aws.cloudwatch.LogGroup]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data:Database", name, args.site, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._groups = database_groups(self, name, args.site, args.network, args.settings)
        self.instance = self._instance(args, args.settings.generation)
        independent = replace(args, source_arn=None, apply_immediately=False)
        self.retained = {
            generation: self._instance(independent, generation, kept_as=OF_THE_LIVE_ONE)
            for generation in args.settings.retained_generations
        }
        self.register_outputs({"endpoint": self.instance.endpoint})

    def _instance(self, args: DatabaseArgs, generation: int, kept_as: tuple[str, ...] = ()) -> aws.rds.Instance:
        """An instance and the log groups of its logs. `kept_as` are the properties that stay as they are.

        Promotion removes the source in place. What RDS takes from the source and fixes for good is set on an
        independent database alone, and ignored afterwards: `db_name` would replace the instance if RDS did not return
        it for a promoted replica, and an unpinned `engine_version` would request an upgrade in the middle of a
        failover.
        """
        settings, groups = args.settings, self._groups
        logs = self._log_groups(args, generation)
        if generation == settings.generation:
            self.log_groups = logs
        pinned = settings.engine_version.count(".") > 1
        ignored = {"dbName", *kept_as} if pinned else {"dbName", "engineVersion", *kept_as}
        source = self._independent(args, generation) if args.source_arn is None else _replica(args.source_arn)
        return aws.rds.Instance(
            numbered(f"{self._name}-instance", generation),
            identifier=identifier(args.site.naming, self._name, generation),
            # Off for a pinned version: after an automatic upgrade, each `up` would request the older one, in vain.
            auto_minor_version_upgrade=not pinned,
            # Only a pinned version can be of the next major version, and is then intended.
            allow_major_version_upgrade=pinned,
            instance_class=settings.instance_class,
            engine_lifecycle_support=settings.engine_lifecycle_support,
            storage_type="gp3",
            # A replica is created with its source's, and grows with the setting, but not in a failover.
            allocated_storage=settings.allocated_storage_gib,
            max_allocated_storage=settings.max_allocated_storage_gib,
            storage_encrypted=True,
            kms_key_id=args.keys["data"].arn,
            iam_database_authentication_enabled=True,
            # On a replica too: otherwise a promotion waits for a first full backup, and the database is in one zone.
            multi_az=settings.multi_az,
            backup_window=settings.backup_window,
            backup_retention_period=settings.backup_retention_days,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            db_subnet_group_name=groups.subnets.name,
            port=DATABASE,
            vpc_security_group_ids=[args.security_groups[Service.DATABASE].id],
            publicly_accessible=False,
            parameter_group_name=groups.parameters.name,
            option_group_name=groups.options.name,
            apply_immediately=args.apply_immediately,
            maintenance_window=settings.maintenance_window,
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            deletion_protection=args.site.protected,
            monitoring_interval=settings.monitoring_interval_seconds,
            monitoring_role_arn=groups.monitoring.arn,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.keys["data"].arn,
            enabled_cloudwatch_logs_exports=list(LOGS),
            opts=self.child(
                protect=args.site.protected,
                depends_on=[*logs.values()],
                timeouts=TIMEOUTS,
                ignore_changes=sorted(ignored),
            ),
            **source,
        )

    def _independent(self, args: DatabaseArgs, generation: int) -> dict[str, Any]:
        settings = args.settings
        final_snapshot = f"{numbered(self._name, generation)}-final"
        return {
            "engine": settings.engine,
            "engine_version": settings.engine_version,
            "db_name": settings.database_name,
            "username": settings.username,
            # Not managed by RDS: a database whose password RDS manages cannot be a replication source.
            "password": args.password,
            "skip_final_snapshot": False,
            **_beginning(settings, generation),
            "final_snapshot_identifier": args.network.name_in_this_life(
                args.site.naming, final_snapshot, SNAPSHOT_LIMIT
            ),
        }

    def _log_groups(self, args: DatabaseArgs, generation: int) -> dict[str, aws.cloudwatch.LogGroup]:
        """Created before the instance: otherwise RDS creates them unencrypted and without a retention."""
        return {
            log: aws.cloudwatch.LogGroup(
                numbered(f"{self._name}-{log}-log", generation),
                name=f"/aws/rds/instance/{identifier(args.site.naming, self._name, generation)}/{log}",
                retention_in_days=args.settings.log_retention_days,
                kms_key_id=args.keys["logs"].arn,
                # A dropped generation leaves its audit log. A destroyed stack deletes it: the next deployment declares
                # a group of the same name.
                opts=self.child(outlives=args.site.protected),
            )
            for log in LOGS
        }


def _beginning(settings: DatabaseSettings, generation: int) -> dict[str, Any]:
    """The backup from which a generation is restored, if any."""
    restored = settings.restored
    if restored is None or restored.generation != generation:
        return {}
    if not restored.from_automated_backups:
        return {"snapshot_identifier": restored.source}
    return {
        "restore_to_point_in_time": aws.rds.InstanceRestoreToPointInTimeArgs(
            source_db_instance_automated_backups_arn=restored.source,
            restore_time=restored.until,
            use_latest_restorable_time=None if restored.until else True,
        )
    }


def _replica(source_arn: pulumi.Input[str]) -> dict[str, Any]:
    """RDS copies engine and accounts from the source, and a replica has no final snapshot."""
    return {"replicate_source_db": source_arn, "skip_final_snapshot": True}
