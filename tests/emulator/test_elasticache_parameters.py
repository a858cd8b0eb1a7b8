"""ElastiCache parameter groups on the emulated AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import Clients


@pytest.fixture
def cache(aws: Clients) -> Any:
    return aws("elasticache")


def create(cache: Any, name: str) -> dict[str, Any]:
    created: dict[str, Any] = cache.create_cache_parameter_group(
        CacheParameterGroupName=name,
        CacheParameterGroupFamily="redis7",
        Description="test",
        Tags=[{"Key": "Project", "Value": "askproai"}],
    )["CacheParameterGroup"]
    return created


def tune(cache: Any, name: str, **values: str) -> None:
    asked = [{"ParameterName": key, "ParameterValue": value} for key, value in values.items()]
    cache.modify_cache_parameter_group(CacheParameterGroupName=name, ParameterNameValues=asked)


def values(cache: Any, name: str) -> dict[str, str]:
    found = cache.describe_cache_parameters(CacheParameterGroupName=name, Source="user")["Parameters"]
    return {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in found}


@pytest.mark.fix("elasticache_parameters.py:parameter_group_can_be_created")
def test_a_parameter_group_has_its_family(cache: Any, name: str) -> None:
    assert create(cache, name)["CacheParameterGroupFamily"] == "redis7"


@pytest.mark.fix("elasticache_parameters.py:parameter_groups_can_be_described")
def test_a_parameter_group_is_found_by_its_name_alone(cache: Any, name: str) -> None:
    create(cache, name)
    found = cache.describe_cache_parameter_groups(CacheParameterGroupName=name)["CacheParameterGroups"]
    assert [group["CacheParameterGroupName"] for group in found] == [name]
    with pytest.raises(ClientError, match="CacheParameterGroupNotFound"):
        cache.describe_cache_parameter_groups(CacheParameterGroupName="another")


@pytest.mark.fix("elasticache_parameters.py:parameters_can_be_described")
def test_a_new_parameter_group_has_no_values_of_its_own(cache: Any, name: str) -> None:
    create(cache, name)
    assert values(cache, name) == {}


@pytest.mark.fix("elasticache_parameters.py:parameters_can_be_modified")
def test_parameters_keep_the_values_they_are_given(cache: Any, name: str) -> None:
    create(cache, name)
    tune(cache, name, timeout="300")
    tune(cache, name, activedefrag="yes")
    assert values(cache, name) == {"timeout": "300", "activedefrag": "yes"}


@pytest.mark.fix("elasticache_parameters.py:parameters_can_be_reset")
def test_a_parameter_can_go_back_to_its_family_value(cache: Any, name: str) -> None:
    create(cache, name)
    tune(cache, name, timeout="300", activedefrag="yes")
    cache.reset_cache_parameter_group(
        CacheParameterGroupName=name,
        ParameterNameValues=[{"ParameterName": "timeout", "ParameterValue": "300"}],
    )
    assert values(cache, name) == {"activedefrag": "yes"}


@pytest.mark.fix("elasticache_parameters.py:parameter_group_can_be_deleted")
def test_a_deleted_parameter_group_is_gone(cache: Any, name: str) -> None:
    create(cache, name)
    cache.delete_cache_parameter_group(CacheParameterGroupName=name)
    with pytest.raises(ClientError, match="CacheParameterGroupNotFound"):
        values(cache, name)


@pytest.mark.fix("elasticache_parameters.py:parameter_group_has_tags")
def test_a_parameter_group_shows_its_tags(cache: Any, name: str) -> None:
    tags = cache.list_tags_for_resource(ResourceName=create(cache, name)["ARN"])["TagList"]
    assert tags == [{"Key": "Project", "Value": "askproai"}]
