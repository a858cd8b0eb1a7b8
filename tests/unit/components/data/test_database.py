"""The database: its protection, tuning and logs."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pulumi
import pytest
from fake_cloud import Cloud, deploy
from parts import LONG_SITE, PROD, SITE, UNPROTECTED, database_settings, ground

from components.data.database import Database, DatabaseArgs
from components.network.security_groups import Service
from components.site import Site
from settings import DatabaseSettings
from settings.database import RestoredSettings

INSTANCE = "aws:rds/instance:Instance"
PASSWORD = "correct-horse-battery"


SOURCE = "arn:aws:rds:elsewhere-1:123456789012:db:askproai-other-database"


def database(
    settings: DatabaseSettings = PROD.database,
    *,
    site: Site = SITE,
    source: str | None = None,
    apply_immediately: bool = False,
) -> Cloud[Database]:
    laid = ground(replace(site, protected=True)).built

    def build() -> Database:
        args = DatabaseArgs(
            site=site,
            network=laid.network,
            security_groups=laid.security_groups,
            keys=laid.keys,
            settings=settings,
            password=pulumi.Output.secret(PASSWORD),
            source_arn=source,
            apply_immediately=apply_immediately,
        )
        return Database("database", args)

    return deploy(build)


deployed = cache(database)


def parameters(cloud: Cloud[Database]) -> dict[str, tuple[str, str]]:
    group = cloud.one("aws:rds/parameterGroup:ParameterGroup")
    return {row["name"]: (row["value"], row["applyMethod"]) for row in group.inputs["parameters"]}


def test_storage_and_insights_are_encrypted_with_the_data_key() -> None:
    cloud = deployed()
    laid = ground().built
    instance = cloud.one(INSTANCE).inputs
    data_key = cloud.value(laid.keys["data"].arn)
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
    laid = ground().built
    instance = cloud.one(INSTANCE).inputs
    assert instance["publiclyAccessible"] is False
    assert instance["vpcSecurityGroupIds"] == [cloud.value(laid.security_groups[Service.DATABASE].id)]
    subnets = cloud.one("aws:rds/subnetGroup:SubnetGroup").inputs["subnetIds"]
    assert subnets == [cloud.value(subnet) for subnet in laid.network.data_subnet_ids]


@pytest.mark.parametrize("site", [SITE, UNPROTECTED])
def test_protection_is_pulumis_and_aws_together(site: Site) -> None:
    instance = deployed(site=site).one(INSTANCE)
    assert (instance.protect, instance.inputs["deletionProtection"]) == (site.protected, site.protected)


@pytest.mark.parametrize("site", [SITE, UNPROTECTED])
def test_its_deletion_leaves_a_snapshot_and_the_backups(site: Site) -> None:
    cloud = deployed(site=site)
    laid = ground().built
    instance = cloud.one(INSTANCE).inputs
    assert instance["skipFinalSnapshot"] is False
    vpc = cloud.value(laid.network.vpc.id)
    assert instance["finalSnapshotIdentifier"] == f"askproai-prod-database-final-{vpc}"
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


@pytest.mark.parametrize(("version", "major"), [("8.4", "8.4"), ("8.4.6", "8.4"), ("8.0.40", "8.0")])
def test_groups_follow_the_engine_version_and_are_named_by_it(version: str, major: str) -> None:
    cloud = database(database_settings(engine_version=version))
    parameters = cloud.one("aws:rds/parameterGroup:ParameterGroup").inputs
    options = cloud.one("aws:rds/optionGroup:OptionGroup").inputs
    assert (parameters["family"], options["majorEngineVersion"]) == (f"mysql{major}", major)
    # RDS deletes no group that an instance or a snapshot uses: the groups of two versions exist at the same time.
    versioned = f"askproai-prod-database-{major.replace('.', '-')}"
    assert (parameters["name"], options["name"]) == (versioned, f"{versioned}-vpc-network-vpc")


def test_extended_support_is_paid_for_only_where_the_settings_say_so() -> None:
    for support in ("open-source-rds-extended-support", "open-source-rds-extended-support-disabled"):
        cloud = database(database_settings(engine_lifecycle_support=support))
        assert cloud.one(INSTANCE).inputs["engineLifecycleSupport"] == support


def test_a_replica_across_regions_has_hours_to_become_available() -> None:
    assert deployed().one(INSTANCE).timeouts == {"create": "6h", "update": "3h", "delete": "3h"}


def test_the_audit_log_has_connections_and_changes_but_no_rows() -> None:
    [option] = deployed().one("aws:rds/optionGroup:OptionGroup").inputs["options"]
    assert option["optionName"] == "MARIADB_AUDIT_PLUGIN"
    assert option["optionSettings"] == [{"name": "SERVER_AUDIT_EVENTS", "value": "CONNECT,QUERY_DDL,QUERY_DCL"}]


def test_every_exported_log_has_an_encrypted_group_before_the_instance_starts() -> None:
    cloud = deployed()
    laid = ground().built
    instance = cloud.one(INSTANCE)
    logs = instance.inputs["enabledCloudwatchLogsExports"]
    assert logs == ["error", "slowquery", "audit"]
    for log in logs:
        group = cloud.one("aws:cloudwatch/logGroup:LogGroup", f"database-{log}-log")
        assert group.inputs["name"] == f"/aws/rds/instance/askproai-prod-database/{log}"
        assert group.inputs["retentionInDays"] == PROD.database.log_retention_days
        assert group.inputs["kmsKeyId"] == cloud.value(laid.keys["logs"].arn)
        assert group.urn in instance.depends_on


def test_rds_takes_the_monitoring_role_for_this_account_alone() -> None:
    cloud = deployed()
    trust = json.loads(cloud.one("aws:iam/role:Role", "database-monitoring").inputs["assumeRolePolicy"])
    [statement] = trust["Statement"]
    assert statement["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": PROD.account_id}}


def test_names_fit_in_the_longest_environment() -> None:
    cloud = deployed(site=LONG_SITE)
    assert len(cloud.one(INSTANCE).inputs["identifier"]) <= 63
    assert len(cloud.one("aws:iam/role:Role", "database-monitoring").inputs["name"]) <= 64


def test_a_replica_is_asked_for_nothing_that_its_source_decides() -> None:
    replica = deployed(source=SOURCE).one(INSTANCE)
    fixed = {"engine", "engineVersion", "dbName", "username", "password"}
    assert fixed & replica.inputs.keys() == set()
    assert replica.inputs["replicateSourceDb"] == SOURCE


def test_a_replica_has_its_own_key_and_already_its_second_zone_and_its_backups() -> None:
    cloud = deployed(source=SOURCE)
    laid = ground().built
    replica = cloud.one(INSTANCE).inputs
    assert replica["kmsKeyId"] == cloud.value(laid.keys["data"].arn)
    wanted = database_settings()
    assert (replica["multiAz"], replica["backupRetentionPeriod"]) == (True, wanted.backup_retention_days)
    assert replica["backupWindow"] == wanted.backup_window


def test_a_replica_ends_without_a_snapshot_since_rds_takes_none() -> None:
    replica = deployed(source=SOURCE).one(INSTANCE).inputs
    assert replica["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in replica


def test_a_replica_is_as_protected_as_its_source() -> None:
    replica = deployed(source=SOURCE).one(INSTANCE)
    assert (replica.protect, replica.inputs["deletionProtection"]) == (True, True)


def test_promotion_changes_no_name_and_nothing_that_would_replace_the_instance() -> None:
    before, after = deployed(source=SOURCE).one(INSTANCE), deployed().one(INSTANCE)
    changed = {key for key in before.inputs | after.inputs if before.inputs.get(key) != after.inputs.get(key)}
    assert before.urn == after.urn
    assert changed == {
        *("replicateSourceDb", "skipFinalSnapshot", "finalSnapshotIdentifier"),
        # Given to a database of its own alone. RDS has them all for a replica too: no difference, except the password,
        # which becomes this stack's.
        *("engine", "engineVersion", "dbName", "username", "password"),
    }


def test_a_replica_gets_more_storage_before_a_failover_needs_it() -> None:
    replica = database(database_settings(allocated_storage_gib=700), source=SOURCE).one(INSTANCE)
    assert replica.inputs["allocatedStorage"] == 700


@pytest.mark.parametrize(("version", "upgraded"), [("8.4", True), ("8.4.6", False)])
def test_rds_upgrades_a_version_that_nobody_pinned(version: str, upgraded: bool) -> None:
    instance = database(database_settings(engine_version=version)).one(INSTANCE)
    assert instance.inputs["autoMinorVersionUpgrade"] is upgraded


@pytest.mark.parametrize(("version", "ignored"), [("8.4", ("dbName", "engineVersion")), ("8.4.6", ("dbName",))])
def test_a_failover_asks_for_no_upgrade_unless_a_version_is_named(version: str, ignored: tuple[str, ...]) -> None:
    assert database(database_settings(engine_version=version)).one(INSTANCE).ignore_changes == ignored


@pytest.mark.parametrize("immediately", [True, False])
def test_a_standby_does_not_wait_for_the_maintenance_window(immediately: bool) -> None:
    instance = deployed(apply_immediately=immediately).one(INSTANCE)
    assert instance.inputs["applyImmediately"] is immediately


def test_a_later_generation_has_names_of_its_own() -> None:
    cloud = database(database_settings(generation=3))
    instance = cloud.one(INSTANCE)
    assert (instance.name, instance.inputs["identifier"]) == ("database-instance-3", "askproai-prod-database-3")
    assert instance.inputs["finalSnapshotIdentifier"].startswith("askproai-prod-database-3-final-")
    logs = {group.name: group.inputs["name"] for group in cloud.of("aws:cloudwatch/logGroup:LogGroup")}
    assert logs["database-error-log-3"] == "/aws/rds/instance/askproai-prod-database-3/error"


def test_a_retained_generation_is_what_it_was() -> None:
    rebuilt = database(database_settings(generation=2, retained_generations=[1]), source=SOURCE, apply_immediately=True)
    retained, before = rebuilt.one(INSTANCE, "database-instance"), deployed().one(INSTANCE)
    assert (retained.inputs, retained.protect, retained.urn) == (before.inputs, before.protect, before.urn)
    # The settings apply only to the live one.
    assert {"allocatedStorage", "engineVersion", "instanceClass", "optionGroupName"} <= set(retained.ignore_changes)
    assert "instanceClass" not in rebuilt.one(INSTANCE, "database-instance-2").ignore_changes
    built = rebuilt.built
    assert rebuilt.value(built.instance.identifier) == "askproai-prod-database-2"
    assert list(built.retained) == [1]


BEGINNINGS = ("restoreToPointInTime", "snapshotIdentifier")
BACKUPS = "arn:aws:rds:eu-west-1:123456789012:auto-backup:ab-1"


@pytest.mark.parametrize(
    ("restored", "inputs"),
    [
        ({"source": "last"}, {"snapshotIdentifier": "last"}),
        (
            {"source": BACKUPS},
            {
                "restoreToPointInTime": {
                    "sourceDbInstanceAutomatedBackupsArn": BACKUPS,
                    "useLatestRestorableTime": True,
                }
            },
        ),
        (
            {"source": BACKUPS, "until": "2026-11-27T03:04:05Z"},
            {
                "restoreToPointInTime": {
                    "sourceDbInstanceAutomatedBackupsArn": BACKUPS,
                    "restoreTime": "2026-11-27T03:04:05Z",
                }
            },
        ),
    ],
)
def test_a_generation_is_made_from_a_backup(restored: dict[str, Any], inputs: dict[str, Any]) -> None:
    settings = database_settings(generation=2, restored=RestoredSettings(generation=2, **restored))
    instance = database(settings).one(INSTANCE).inputs
    assert {name: value for name, value in instance.items() if name in BEGINNINGS} == inputs
    # RDS gives it the password of the backup; the provider sets this stack's afterwards.
    assert instance["password"] == PASSWORD


def test_neither_the_next_generation_nor_a_replica_is_made_from_the_backup_of_the_last() -> None:
    restored = RestoredSettings(generation=1, source="last")
    cloud = database(database_settings(generation=2, retained_generations=[1], restored=restored))
    assert "snapshotIdentifier" not in cloud.one(INSTANCE, "database-instance-2").inputs
    # It is not replaced once the block is removed.
    assert set(BEGINNINGS) <= set(cloud.one(INSTANCE, "database-instance").ignore_changes)
    replica = database(database_settings(restored=restored), source=SOURCE).one(INSTANCE).inputs
    assert "snapshotIdentifier" not in replica


def test_generations_share_their_groups() -> None:
    rebuilt = database(database_settings(generation=2, retained_generations=[1]))
    retained, current = (rebuilt.one(INSTANCE, name).inputs for name in ("database-instance", "database-instance-2"))
    shared = ("dbSubnetGroupName", "parameterGroupName", "optionGroupName", "monitoringRoleArn")
    assert [retained[name] for name in shared] == [current[name] for name in shared]
