"""What all instances of the database share: subnets, parameters, options and the monitoring role."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.security.iam import trust
from components.site import Site
from settings import DatabaseSettings

NAME_LIMIT = 255
ROLE_NAME_LIMIT = 64

AUDITED_EVENTS = "CONNECT,QUERY_DDL,QUERY_DCL"
"""Connections, and changes to tables and privileges. Not queries: their log would be a copy of personal data."""

REQUIRED_PARAMETERS = {
    "require_secure_transport": "1",  # no password or row crosses the network unencrypted
    "log_output": "FILE",  # only files are exported to CloudWatch; the default is a table in the database
    "slow_query_log": "1",  # without it the exported log would be empty
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
"""Parameters that RDS changes on a running database. Any other needs a reboot, and RDS rejects it with `immediate`."""


@dataclass(frozen=True, kw_only=True)
class DatabaseGroups:
    """The groups of the database, and the role with which RDS publishes the host's metrics."""

    subnets: aws.rds.SubnetGroup
    parameters: aws.rds.ParameterGroup
    options: aws.rds.OptionGroup
    monitoring: aws.iam.Role


def database_groups(
    parent: Component, name: str, site: Site, network: Network, settings: DatabaseSettings
) -> DatabaseGroups:
    """The groups, as children of `parent`; `name` is the database's."""
    physical = site.naming.physical(name, NAME_LIMIT)
    version = ".".join(settings.engine_version.split(".")[:2])
    # RDS deletes no group in use: the next version's group needs its own name.
    versioned = f"{name}-{version.replace('.', '-')}"
    return DatabaseGroups(
        subnets=aws.rds.SubnetGroup(
            f"{name}-subnets",
            name=physical,
            description="The data subnets, one a zone.",
            subnet_ids=network.data_subnet_ids,
            opts=parent.child(),
        ),
        parameters=aws.rds.ParameterGroup(
            f"{name}-parameters",
            name=site.naming.physical(versioned, NAME_LIMIT),
            family=f"{settings.engine}{version}",
            description="The manuals' tuning, and what security asks for.",
            parameters=_parameters(settings),
            opts=parent.child(),
        ),
        options=aws.rds.OptionGroup(
            f"{name}-options",
            # Snapshots use it too, and RDS keeps it as long as one exists. So does the stack, under a name that the
            # next deployment does not use.
            name=network.name_in_this_life(site.naming, versioned, NAME_LIMIT),
            option_group_description="The audit log.",
            engine_name=settings.engine,
            major_engine_version=version,
            options=[
                aws.rds.OptionGroupOptionArgs(
                    option_name="MARIADB_AUDIT_PLUGIN",
                    option_settings=[
                        aws.rds.OptionGroupOptionOptionSettingArgs(name="SERVER_AUDIT_EVENTS", value=AUDITED_EVENTS)
                    ],
                )
            ],
            opts=parent.child(outlives=True),
        ),
        monitoring=_monitoring_role(parent, f"{name}-monitoring", site),
    )


def _parameters(settings: DatabaseSettings) -> list[aws.rds.ParameterGroupParameterArgs]:
    values = {**settings.parameters, **REQUIRED_PARAMETERS}
    return [
        aws.rds.ParameterGroupParameterArgs(
            name=parameter,
            value=value,
            apply_method="immediate" if parameter in DYNAMIC_PARAMETERS else "pending-reboot",
        )
        for parameter, value in sorted(values.items())
    ]


def _monitoring_role(parent: Component, name: str, site: Site) -> aws.iam.Role:
    of_the_account = {"StringEquals": {"aws:SourceAccount": site.naming.account_id}}
    role = aws.iam.Role(
        name,
        name=site.naming.physical(name, ROLE_NAME_LIMIT),
        description="RDS writes the database host's metrics with it.",
        assume_role_policy=trust("monitoring.rds.amazonaws.com", of_the_account),
        opts=parent.child(),
    )
    aws.iam.RolePolicyAttachment(
        name,
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
        opts=parent.child(),
    )
    return role
