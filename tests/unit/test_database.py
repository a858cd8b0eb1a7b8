"""The database: what guards it, what it is tuned to, and what it logs."""

import json
from functools import cache

import pulumi
import pytest
from fake_cloud import Cloud, deploy
from parts import LONG_NAMING, NAMING, PROD, Ground, database_settings

from components.database import Database, DatabaseArgs
from naming import Naming
from settings import DatabaseSettings

INSTANCE = "aws:rds/instance:Instance"
PASSWORD = "correct-horse-battery"


def database(
    settings: DatabaseSettings = PROD.database, *, protected: bool = True, naming: Naming = NAMING
) -> Cloud[tuple[Ground, Database]]:
    def build() -> tuple[Ground, Database]:
        ground = Ground(naming)
        args = DatabaseArgs(
            naming=naming,
            network=ground.network,
            firewall=ground.firewall,
            keys=ground.keys,
            settings=settings,
            password=pulumi.Output.secret(PASSWORD),
            protected=protected,
        )
        return ground, Database("database", args)

    return deploy(build)


deployed = cache(database)


def parameters(cloud: Cloud[tuple[Ground, Database]]) -> dict[str, tuple[str, str]]:
    group = cloud.one("aws:rds/parameterGroup:ParameterGroup")
    return {row["name"]: (row["value"], row["applyMethod"]) for row in group.inputs["parameters"]}


def test_storage_and_insights_are_encrypted_with_the_data_key() -> None:
    cloud = deployed()
    ground, _ = cloud.built
    instance = cloud.one(INSTANCE).inputs
    data_key = cloud.value(ground.keys.data.arn)
    assert instance["storageEncrypted"] is True
    assert instance["kmsKeyId"] == data_key
    assert instance["performanceInsightsKmsKeyId"] == data_key


def test_the_password_is_never_plain() -> None:
    instance = deployed().one(INSTANCE)
    assert instance.inputs["password"] == PASSWORD
    assert "password" in instance.secrets
    assert "manageMasterUserPassword" not in instance.inputs


def test_it_is_reached_through_its_security_group_alone() -> None:
    cloud = deployed()
    ground, _ = cloud.built
    instance = cloud.one(INSTANCE).inputs
    assert instance["publiclyAccessible"] is False
    assert instance["vpcSecurityGroupIds"] == [cloud.value(ground.firewall.database.id)]
    subnets = cloud.one("aws:rds/subnetGroup:SubnetGroup").inputs["subnetIds"]
    assert subnets == [cloud.value(subnet) for subnet in ground.network.data_subnet_ids]


@pytest.mark.parametrize("protected", [True, False])
def test_protection_is_pulumis_and_aws_together(protected: bool) -> None:
    instance = deployed(protected=protected).one(INSTANCE)
    assert (instance.protect, instance.inputs["deletionProtection"]) == (protected, protected)


@pytest.mark.parametrize("protected", [True, False])
def test_its_end_leaves_a_snapshot_and_the_backups(protected: bool) -> None:
    cloud = deployed(protected=protected)
    ground, _ = cloud.built
    instance = cloud.one(INSTANCE).inputs
    assert instance["skipFinalSnapshot"] is False
    this_life = cloud.value(ground.network.vpc.id)
    assert instance["finalSnapshotIdentifier"] == f"askproai-prod-database-final-{this_life}"
    assert instance["deleteAutomatedBackups"] is False
    assert instance["copyTagsToSnapshot"] is True


def test_plain_connections_are_refused_whatever_the_settings_say() -> None:
    cloud = database(database_settings(parameters={"require_secure_transport": "0"}))
    assert parameters(cloud)["require_secure_transport"] == ("1", "immediate")


def test_tuning_waits_for_a_reboot_where_the_engine_asks_for_one() -> None:
    tuning = {"max_connections": "200", "innodb_buffer_pool_instances": "8"}
    made = parameters(database(database_settings(parameters=tuning)))
    assert made["max_connections"] == ("200", "immediate")
    assert made["innodb_buffer_pool_instances"] == ("8", "pending-reboot")


@pytest.mark.parametrize("version", ["8.0", "8.0.40"])
def test_families_follow_the_engine_version(version: str) -> None:
    cloud = database(database_settings(engine_version=version))
    assert cloud.one("aws:rds/parameterGroup:ParameterGroup").inputs["family"] == "mysql8.0"
    assert cloud.one("aws:rds/optionGroup:OptionGroup").inputs["majorEngineVersion"] == "8.0"


def test_the_audit_log_has_connections_and_changes_but_no_rows() -> None:
    [option] = deployed().one("aws:rds/optionGroup:OptionGroup").inputs["options"]
    assert option["optionName"] == "MARIADB_AUDIT_PLUGIN"
    assert option["optionSettings"] == [{"name": "SERVER_AUDIT_EVENTS", "value": "CONNECT,QUERY_DDL,QUERY_DCL"}]


def test_every_exported_log_has_an_encrypted_group_before_the_instance_starts() -> None:
    cloud = deployed()
    ground, _ = cloud.built
    instance = cloud.one(INSTANCE)
    logs = instance.inputs["enabledCloudwatchLogsExports"]
    assert logs == ["error", "slowquery", "audit"]
    for log in logs:
        group = cloud.one("aws:cloudwatch/logGroup:LogGroup", f"database-{log}-log")
        assert group.inputs["name"] == f"/aws/rds/instance/askproai-prod-database/{log}"
        assert group.inputs["retentionInDays"] == PROD.database.log_retention_days
        assert group.inputs["kmsKeyId"] == cloud.value(ground.keys.logs.arn)
        assert group.urn in instance.depends_on


def test_rds_takes_the_monitoring_role_for_this_account_alone() -> None:
    cloud = deployed()
    trust = json.loads(cloud.one("aws:iam/role:Role", "database-monitoring").inputs["assumeRolePolicy"])
    [statement] = trust["Statement"]
    assert statement["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": PROD.account_id}}


def test_names_fit_in_the_longest_environment() -> None:
    cloud = deployed(naming=LONG_NAMING)
    assert len(cloud.one(INSTANCE).inputs["identifier"]) <= 63
    assert len(cloud.one("aws:iam/role:Role", "database-monitoring").inputs["name"]) <= 64
