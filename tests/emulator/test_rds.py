"""RDS on the emulated AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import Clients


def create(rds: Any, name: str, **asked: Any) -> dict[str, Any]:
    created: dict[str, Any] = rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.m6i.large",
        Engine="mysql",
        **{"EngineVersion": "8.4.6"} | asked,
        AllocatedStorage=20,
        MasterUsername="askproai",
        MasterUserPassword="not-a-secret",
    )["DBInstance"]
    return created


def described(rds: Any, name: str) -> dict[str, Any]:
    instance: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return instance


@pytest.mark.fix("rds.py:instance_has_own_resource_id")
def test_two_instances_have_two_resource_ids(aws: Clients, name: str) -> None:
    rds = aws("rds")
    first, second = create(rds, name), create(rds, f"{name}-second")
    assert first["DbiResourceId"] != second["DbiResourceId"]


@pytest.mark.fix("rds.py:certificate_authority_is_todays")
def test_an_instance_has_the_authority_that_aws_chooses_today(aws: Clients, name: str) -> None:
    assert create(aws("rds"), name)["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"


@pytest.mark.fix("rds.py:support_ends_with_the_standard")
def test_a_version_past_its_support_starts_only_where_extended_support_is_paid_for(aws: Clients, name: str) -> None:
    rds = aws("rds")
    paid = create(rds, f"{name}-paid", EngineVersion="8.0.40")
    assert paid["EngineLifecycleSupport"] == "open-source-rds-extended-support"
    create(rds, name, EngineLifecycleSupport="open-source-rds-extended-support-disabled")
    assert described(rds, name)["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"
    unpaid = {"EngineVersion": "8.0.40", "EngineLifecycleSupport": "open-source-rds-extended-support-disabled"}
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        create(rds, f"{name}-unpaid", **unpaid)


@pytest.mark.fix("rds.py:option_groups_are_of_todays_versions")
def test_an_option_group_of_mysql_8_4_is_made(aws: Clients, name: str) -> None:
    aws("rds").create_option_group(
        OptionGroupName=name, EngineName="mysql", MajorEngineVersion="8.4", OptionGroupDescription="test"
    )
    (group,) = aws("rds").describe_option_groups(OptionGroupName=name)["OptionGroupsList"]
    assert group["MajorEngineVersion"] == "8.4"


@pytest.mark.fix("rds.py:insights_are_kept")
def test_performance_insights_read_back(aws: Clients, name: str) -> None:
    create(aws("rds"), name, EnablePerformanceInsights=True, PerformanceInsightsKMSKeyId="alias/data")
    instance = described(aws("rds"), name)
    assert instance["PerformanceInsightsEnabled"]
    assert instance["PerformanceInsightsKMSKeyId"] == "alias/data"
    assert instance["PerformanceInsightsRetentionPeriod"] == 7


@pytest.mark.fix("rds.py:insights_change")
def test_performance_insights_can_be_turned_off(aws: Clients, name: str) -> None:
    rds = aws("rds")
    create(rds, name, EnablePerformanceInsights=True)
    rds.modify_db_instance(DBInstanceIdentifier=name, EnablePerformanceInsights=False)
    assert not described(rds, name)["PerformanceInsightsEnabled"]


@pytest.mark.fix("rds.py:parameters_say_who_set_them")
def test_a_parameter_that_was_set_says_so(aws: Clients, name: str) -> None:
    rds = aws("rds")
    rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily="mysql8.0", Description="test")
    asked = {"ParameterName": "max_connections", "ParameterValue": "1000", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=[asked])
    found = rds.describe_db_parameters(DBParameterGroupName=name, Source="user")["Parameters"]
    assert found == [{**asked, "Source": "user"}]


@pytest.mark.fix("rds.py:changes_wait_for_the_window")
def test_a_second_zone_waits_for_the_window_unless_it_is_wanted_at_once(aws: Clients, name: str) -> None:
    rds = aws("rds")
    create(rds, name)
    rds.modify_db_instance(DBInstanceIdentifier=name, MultiAZ=True)
    assert not described(rds, name)["MultiAZ"]
    rds.modify_db_instance(DBInstanceIdentifier=name, MultiAZ=True, ApplyImmediately=True)
    assert described(rds, name)["MultiAZ"]
