"""The MySQL database: encrypted, audited, recoverable to any second, and reachable from inside the VPC alone."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.firewall import Firewall
from components.keys import Keys
from components.network import Network
from components.ports import DATABASE
from naming import DataClass, Naming
from settings import DatabaseSettings

IDENTIFIER_LIMIT = 63
NAME_LIMIT = 255

LOGS = ("error", "slowquery", "audit")
AUDITED_EVENTS = "CONNECT,QUERY_DDL,QUERY_DCL"
"""Who connected, and what changed tables or rights; not the rows: a log of queries is a copy of personal data."""

REQUIRED_PARAMETERS = {
    "require_secure_transport": "1",  # no password or row crosses the network in the clear
    "log_output": "FILE",  # only files are exported to CloudWatch; the default is a table in the database
    "slow_query_log": "1",  # the log would be exported, and be empty
}
DYNAMIC_PARAMETERS = frozenset(
    {
        "innodb_flush_log_at_trx_commit",
        "innodb_lock_wait_timeout",
        "innodb_redo_log_capacity",
        "log_output",
        "long_query_time",
        "max_connections",
        "require_secure_transport",
        "slow_query_log",
        "sort_buffer_size",
        "thread_cache_size",
        "time_zone",
        "tmp_table_size",
        "wait_timeout",
    }
)
"""Those that RDS changes on a running database; any other waits for a reboot, and RDS refuses it as immediate."""


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """`protected` guards the database from deletion, by Pulumi and by AWS."""

    naming: Naming
    network: Network
    firewall: Firewall
    keys: Keys
    settings: DatabaseSettings
    password: pulumi.Output[str]
    protected: bool


class Database(Component):
    """One RDS instance, and its standby in another zone where the settings ask for it."""

    instance: aws.rds.Instance
    endpoint: pulumi.Output[str]
    address: pulumi.Output[str]
    port: pulumi.Output[int]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data", name, args.naming, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._args = args
        self._identifier = args.naming.physical(name, IDENTIFIER_LIMIT)
        self._version = ".".join(args.settings.engine_version.split(".")[:2])

        self.instance = self._instance(
            subnet_group=self._subnet_group(),
            parameter_group=self._parameter_group(),
            option_group=self._option_group(),
            monitoring_role=self._monitoring_role(),
            log_groups=self._log_groups(),
        )
        self.endpoint = self.instance.endpoint
        self.address = self.instance.address
        self.port = self.instance.port
        self.register_outputs({"endpoint": self.endpoint, "address": self.address, "port": self.port})

    def _subnet_group(self) -> aws.rds.SubnetGroup:
        return aws.rds.SubnetGroup(
            f"{self._name}-subnets",
            name=self._args.naming.physical(self._name, NAME_LIMIT),
            description="The data subnets, one a zone.",
            subnet_ids=self._args.network.data_subnet_ids,
            opts=self.child(),
        )

    def _parameter_group(self) -> aws.rds.ParameterGroup:
        values = {**self._args.settings.parameters, **REQUIRED_PARAMETERS}
        return aws.rds.ParameterGroup(
            f"{self._name}-parameters",
            name=self._args.naming.physical(self._name, NAME_LIMIT),
            family=f"{self._args.settings.engine}{self._version}",
            description="The manuals' tuning, and what security asks for.",
            parameters=[
                aws.rds.ParameterGroupParameterArgs(
                    name=parameter,
                    value=value,
                    apply_method="immediate" if parameter in DYNAMIC_PARAMETERS else "pending-reboot",
                )
                for parameter, value in sorted(values.items())
            ],
            opts=self.child(),
        )

    def _option_group(self) -> aws.rds.OptionGroup:
        return aws.rds.OptionGroup(
            f"{self._name}-options",
            name=self._args.naming.physical(self._name, NAME_LIMIT),
            option_group_description="The audit log.",
            engine_name=self._args.settings.engine,
            major_engine_version=self._version,
            options=[
                aws.rds.OptionGroupOptionArgs(
                    option_name="MARIADB_AUDIT_PLUGIN",
                    option_settings=[
                        aws.rds.OptionGroupOptionOptionSettingArgs(name="SERVER_AUDIT_EVENTS", value=AUDITED_EVENTS)
                    ],
                )
            ],
            opts=self.child(),
        )

    def _monitoring_role(self) -> aws.iam.Role:
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": self._args.naming.account_id}},
                }
            ],
        }
        role = aws.iam.Role(
            f"{self._name}-monitoring",
            name=self._args.naming.physical(f"{self._name}-monitoring", 64),
            description="RDS writes the database host's metrics with it.",
            assume_role_policy=json.dumps(trust),
            opts=self.child(),
        )
        aws.iam.RolePolicyAttachment(
            f"{self._name}-monitoring",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
            opts=self.child(),
        )
        return role

    def _log_groups(self) -> list[pulumi.Resource]:
        """Made before the instance: RDS would make them itself, unencrypted and kept for ever."""
        return [
            aws.cloudwatch.LogGroup(
                f"{self._name}-{log}-log",
                name=f"/aws/rds/instance/{self._identifier}/{log}",
                retention_in_days=self._args.settings.log_retention_days,
                kms_key_id=self._args.keys.logs.arn,
                opts=self.child(),
            )
            for log in LOGS
        ]

    def _instance(
        self,
        *,
        subnet_group: aws.rds.SubnetGroup,
        parameter_group: aws.rds.ParameterGroup,
        option_group: aws.rds.OptionGroup,
        monitoring_role: aws.iam.Role,
        log_groups: list[pulumi.Resource],
    ) -> aws.rds.Instance:
        args, settings = self._args, self._args.settings
        return aws.rds.Instance(
            f"{self._name}-instance",
            identifier=self._identifier,
            engine=settings.engine,
            engine_version=settings.engine_version,
            auto_minor_version_upgrade=True,
            instance_class=settings.instance_class,
            multi_az=settings.multi_az,
            storage_type="gp3",
            allocated_storage=settings.allocated_storage_gib,
            max_allocated_storage=settings.max_allocated_storage_gib,
            storage_encrypted=True,
            kms_key_id=args.keys.data.arn,
            db_name=settings.database_name,
            username=settings.username,
            # Given, not managed by RDS: a primary whose password RDS manages cannot feed a read replica.
            password=args.password,
            iam_database_authentication_enabled=True,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            db_subnet_group_name=subnet_group.name,
            port=DATABASE,
            vpc_security_group_ids=[args.firewall.database.id],
            publicly_accessible=False,
            parameter_group_name=parameter_group.name,
            option_group_name=option_group.name,
            apply_immediately=False,
            maintenance_window=settings.maintenance_window,
            backup_window=settings.backup_window,
            backup_retention_period=settings.backup_retention_days,
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            deletion_protection=args.protected,
            skip_final_snapshot=False,
            # With the network's id, new in each life of the stack: a second destroy must not meet the first one's.
            final_snapshot_identifier=pulumi.Output.concat(
                args.naming.physical(f"{self._name}-final", IDENTIFIER_LIMIT), "-", args.network.vpc.id
            ),
            monitoring_interval=settings.monitoring_interval_seconds,
            monitoring_role_arn=monitoring_role.arn,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.keys.data.arn,
            enabled_cloudwatch_logs_exports=list(LOGS),
            opts=self.child(protect=args.protected, depends_on=log_groups),
        )
