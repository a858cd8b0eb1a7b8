"""The MySQL database: encrypted, audited, recoverable to any second, and reachable from inside the VPC alone."""

import json
from dataclasses import replace

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.data.database_instance import DatabaseArgs, Groups, database_instance
from naming import DataClass

NAME_LIMIT = 255

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


class Database(Component):
    """The generation in use, with its standby in another zone where it is written to; and the former ones, `kept`.

    A kept generation is what it was, a database of its own, of which nothing is read or written any more.
    """

    instance: aws.rds.Instance
    kept: dict[int, aws.rds.Instance]
    endpoint: pulumi.Output[str]
    address: pulumi.Output[str]
    port: pulumi.Output[int]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data", name, args.naming, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._args = args
        self._version = ".".join(args.settings.engine_version.split(".")[:2])

        groups = Groups(
            subnets=self._subnet_group(),
            parameters=self._parameter_group(),
            options=self._option_group(),
            monitoring=self._monitoring_role(),
        )
        self.instance = database_instance(self, name, args, args.settings.generation, groups)
        former = replace(args, source_arn=None, apply_immediately=False)
        self.kept = {
            generation: database_instance(self, name, former, generation, groups)
            for generation in args.settings.retained_generations
        }
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
