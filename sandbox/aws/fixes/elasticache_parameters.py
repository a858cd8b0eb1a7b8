"""ElastiCache parameter groups, of which moto knows nothing."""

from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult, EmptyResult, PaginatedResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from sandbox.aws.fixes.fix import replaces


class ParameterGroupNotFound(ElastiCacheException):
    """No parameter group has the name."""

    code = "CacheParameterGroupNotFound"


class ParameterGroupAlreadyExists(ElastiCacheException):
    """Another parameter group has the name."""

    code = "CacheParameterGroupAlreadyExists"


@dataclass
class ParameterGroup:
    """A parameter group, and the values in it that differ from its family's."""

    cache_parameter_group_name: str
    cache_parameter_group_family: str
    description: str
    arn: str
    values: dict[str, str] = field(default_factory=dict)


def _groups(response: ElastiCacheResponse) -> dict[str, ParameterGroup]:
    """The parameter groups of the region, which moto forgets with everything else when it is reset."""
    groups: dict[str, ParameterGroup] = response.elasticache_backend.__dict__.setdefault("parameter_groups", {})
    return groups


def _group(response: ElastiCacheResponse) -> ParameterGroup:
    name = response._get_param("CacheParameterGroupName")
    if name not in _groups(response):
        raise ParameterGroupNotFound(f"CacheParameterGroup {name} not found.")
    return _groups(response)[name]


def _asked(response: ElastiCacheResponse) -> dict[str, str]:
    asked = response._get_param("ParameterNameValues", [])
    return {parameter["ParameterName"]: parameter.get("ParameterValue", "") for parameter in asked}


@replaces(ElastiCacheResponse, "create_cache_parameter_group")
def parameter_group_can_be_created(stock: Any, self: ElastiCacheResponse) -> ActionResult:
    """moto has no CreateCacheParameterGroup."""
    name, backend = self._get_param("CacheParameterGroupName"), self.elasticache_backend
    if name in _groups(self):
        raise ParameterGroupAlreadyExists(f"CacheParameterGroup {name} already exists.")
    group = _groups(self)[name] = ParameterGroup(
        name,
        self._get_param("CacheParameterGroupFamily"),
        self._get_param("Description"),
        f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:parametergroup:{name}",
    )
    backend.tagging_service.tag_resource(group.arn, self._get_param("Tags", []))
    return ActionResult({"CacheParameterGroup": group})


@replaces(ElastiCacheResponse, "describe_cache_parameter_groups")
def parameter_groups_can_be_described(stock: Any, self: ElastiCacheResponse) -> PaginatedResult:
    """moto has no DescribeCacheParameterGroups."""
    named = self._get_param("CacheParameterGroupName")
    groups = [_group(self)] if named else list(_groups(self).values())
    return PaginatedResult({"CacheParameterGroups": groups})


@replaces(ElastiCacheResponse, "describe_cache_parameters")
def parameters_can_be_described(stock: Any, self: ElastiCacheResponse) -> PaginatedResult:
    """moto has no DescribeCacheParameters; the values that a user gave are all that anybody compares."""
    values = _group(self).values
    parameters = [{"ParameterName": name, "ParameterValue": value, "Source": "user"} for name, value in values.items()]
    return PaginatedResult({"Parameters": parameters})


@replaces(ElastiCacheResponse, "modify_cache_parameter_group")
def parameters_can_be_modified(stock: Any, self: ElastiCacheResponse) -> ActionResult:
    """moto has no ModifyCacheParameterGroup."""
    group = _group(self)
    group.values |= _asked(self)
    return ActionResult({"CacheParameterGroupName": group.cache_parameter_group_name})


@replaces(ElastiCacheResponse, "reset_cache_parameter_group")
def parameters_can_be_reset(stock: Any, self: ElastiCacheResponse) -> ActionResult:
    """moto has no ResetCacheParameterGroup."""
    group = _group(self)
    for name in group.values.copy() if self._get_bool_param("ResetAllParameters") else _asked(self):
        group.values.pop(name, None)
    return ActionResult({"CacheParameterGroupName": group.cache_parameter_group_name})


@replaces(ElastiCacheResponse, "delete_cache_parameter_group")
def parameter_group_can_be_deleted(stock: Any, self: ElastiCacheResponse) -> EmptyResult:
    """moto has no DeleteCacheParameterGroup."""
    group = _group(self)
    del _groups(self)[group.cache_parameter_group_name]
    self.elasticache_backend.tagging_service.delete_all_tags_for_resource(group.arn)
    return EmptyResult()


@replaces(ElastiCacheBackend, "list_tags_for_resource")
def parameter_group_has_tags(stock: Any, self: ElastiCacheBackend, arn: str) -> dict[str, list[dict[str, str]]]:
    """moto refuses the ARN of a parameter group."""
    if ":parametergroup:" in arn:
        tags: dict[str, list[dict[str, str]]] = self.tagging_service.list_tags_for_resource(arn)
        return tags
    listed: dict[str, list[dict[str, str]]] = stock(self, arn)
    return listed
