"""One RDS instance in its two lives: a replica of another region's database, and a database of its own."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.network.ports import DATABASE
from components.network.security_groups import Firewall
from components.security.keys import Keys
from naming import Naming
from settings import DatabaseSettings

IDENTIFIER_LIMIT = 63

LOGS = ("error", "slowquery", "audit")


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """`protected` guards the database from deletion, by Pulumi and by AWS.

    `source_arn` is the database that this one replicates; without it, it is written to. `apply_immediately` is for what
    begins as a replica: it can be given its backups only afterwards, and RDS would let them wait for the maintenance
    window.
    """

    naming: Naming
    network: Network
    firewall: Firewall
    keys: Keys
    settings: DatabaseSettings
    password: pulumi.Output[str]
    source_arn: pulumi.Input[str] | None
    apply_immediately: bool
    protected: bool


@dataclass(frozen=True, kw_only=True)
class Groups:
    """What all instances of the database share."""

    subnets: aws.rds.SubnetGroup
    parameters: aws.rds.ParameterGroup
    options: aws.rds.OptionGroup
    monitoring: aws.iam.Role


def numbered(role: str, generation: int) -> str:
    """The role with the number of a later generation behind it; the first has none."""
    return role if generation == 1 else f"{role}-{generation}"


def identifier(naming: Naming, name: str, generation: int) -> str:
    """What RDS calls a generation of the database."""
    return naming.physical(numbered(name, generation), IDENTIFIER_LIMIT)


def database_instance(
    parent: Component, name: str, args: DatabaseArgs, generation: int, groups: Groups
) -> aws.rds.Instance:
    """An instance and the groups of its logs.

    Promotion takes the source away, in place. What RDS takes from the source and fixes for good is given to a database
    of its own alone, and never compared again: `db_name` since it would replace the instance if RDS did not return it
    for a former replica, an open `engine_version` since RDS would be asked for an upgrade in the middle of a failover.
    """
    settings = args.settings
    logs = _log_groups(parent, name, args, generation)
    pinned = settings.engine_version.count(".") > 1
    life = _written_to(name, args, generation) if args.source_arn is None else _replica(args.source_arn)
    return aws.rds.Instance(
        numbered(f"{name}-instance", generation),
        identifier=identifier(args.naming, name, generation),
        auto_minor_version_upgrade=True,
        instance_class=settings.instance_class,
        storage_type="gp3",
        max_allocated_storage=settings.max_allocated_storage_gib,
        storage_encrypted=True,
        kms_key_id=args.keys.data.arn,
        iam_database_authentication_enabled=True,
        # Of a replica as well: a promotion would wait for a first full backup, and go on without a second zone.
        multi_az=settings.multi_az,
        backup_window=settings.backup_window,
        backup_retention_period=settings.backup_retention_days,
        ca_cert_identifier="rds-ca-rsa2048-g1",
        db_subnet_group_name=groups.subnets.name,
        port=DATABASE,
        vpc_security_group_ids=[args.firewall.database.id],
        publicly_accessible=False,
        parameter_group_name=groups.parameters.name,
        option_group_name=groups.options.name,
        apply_immediately=args.apply_immediately,
        maintenance_window=settings.maintenance_window,
        copy_tags_to_snapshot=True,
        delete_automated_backups=False,
        deletion_protection=args.protected,
        monitoring_interval=settings.monitoring_interval_seconds,
        monitoring_role_arn=groups.monitoring.arn,
        performance_insights_enabled=True,
        performance_insights_kms_key_id=args.keys.data.arn,
        enabled_cloudwatch_logs_exports=list(LOGS),
        opts=parent.child(
            protect=args.protected,
            depends_on=logs,
            ignore_changes=["dbName"] if pinned else ["dbName", "engineVersion"],
        ),
        **life,
    )


def _replica(source_arn: pulumi.Input[str]) -> dict[str, Any]:
    """RDS copies the engine, the storage and the accounts from the source, and takes no last snapshot of a replica."""
    return {"replicate_source_db": source_arn, "skip_final_snapshot": True}


def _written_to(name: str, args: DatabaseArgs, generation: int) -> dict[str, Any]:
    settings = args.settings
    last_snapshot = args.naming.physical(f"{numbered(name, generation)}-final", IDENTIFIER_LIMIT)
    return {
        "engine": settings.engine,
        "engine_version": settings.engine_version,
        "db_name": settings.database_name,
        "allocated_storage": settings.allocated_storage_gib,
        "username": settings.username,
        # Given, not managed by RDS: a primary whose password RDS manages cannot feed a read replica.
        "password": args.password,
        "skip_final_snapshot": False,
        # With the network's id, new in each life of the stack: a second destroy must not meet the first one's.
        "final_snapshot_identifier": pulumi.Output.concat(last_snapshot, "-", args.network.vpc.id),
    }


def _log_groups(parent: Component, name: str, args: DatabaseArgs, generation: int) -> list[pulumi.Resource]:
    """Made before the instance: RDS would make them itself, unencrypted and kept for ever."""
    return [
        aws.cloudwatch.LogGroup(
            numbered(f"{name}-{log}-log", generation),
            name=f"/aws/rds/instance/{identifier(args.naming, name, generation)}/{log}",
            retention_in_days=args.settings.log_retention_days,
            kms_key_id=args.keys.logs.arn,
            opts=parent.child(),
        )
        for log in LOGS
    ]
