"""ElastiCache: replication groups made of nodes, and their deletion."""

from inspect import signature
from itertools import cycle
from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.elasticache.exceptions import (
    CacheSubnetGroupNotFound,
    InvalidParameterCombinationException,
    InvalidParameterValueException,
)
from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend, ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse

from sandbox.aws.fixes.fix import replaces

SLOTS = 16384
TOKENS = 2
"""After ROTATE."""
# A node of a replication group has the group's settings.
SHARED_BY_NODES = {
    "at_rest_encryption_enabled",
    "auth_token_enabled",
    "auto_minor_version_upgrade",
    "cache_node_type",
    "cache_parameter_group_name",
    "cache_subnet_group_name",
    "engine",
    "engine_version",
    "notification_topic_arn",
    "port",
    "preferred_maintenance_window",
    "security_group_ids",
    "snapshot_retention_limit",
    "snapshot_window",
    "transit_encryption_enabled",
    "transit_encryption_mode",
}


@replaces(ElastiCacheBackend, "create_replication_group")
def group_has_nodes(stock: Any, self: ElastiCacheBackend, **asked: Any) -> ReplicationGroup:
    """moto names the nodes of a replication group without creating them; the provider reads a node's settings."""
    group: Any = stock(self, **asked)
    group.tokens = [asked["auth_token"]] if asked.get("auth_token") else []
    _make_nodes(self, group)
    return group


def _make_nodes(backend: ElastiCacheBackend, group: ReplicationGroup) -> None:
    """The nodes of a group, over the zones of its subnets in turn."""
    named = backend.cache_subnet_groups.get(group.cache_subnet_group_name or "")
    zones = cycle([subnet["subnet_availability_zone"] for subnet in named.subnets] if named else [""])
    unset = dict.fromkeys(list(signature(backend.create_cache_cluster).parameters))
    for member in [member for shard in group.node_groups for member in shard["node_group_members"]]:
        member["preferred_availability_zone"] = next(zones) or f"{backend.region_name}a"
        own = {
            "cache_cluster_id": member["cache_cluster_id"],
            "cache_node_type": group.cache_node_type,
            "engine": group.engine,
            "replication_group_id": group.replication_group_id,
            "preferred_availability_zone": member["preferred_availability_zone"],
        }
        node = backend.create_cache_cluster(**(unset | own))  # pyrefly: ignore[bad-argument-type]
        for name in SHARED_BY_NODES:
            setattr(node, name, getattr(group, name))


@replaces(ElastiCacheBackend, "describe_cache_clusters")
def node_shows_its_groups(stock: Any, self: ElastiCacheBackend, cache_cluster_id: str | None = None) -> list[Any]:
    """moto keeps a node's security groups and parameter group under names that its answers do not use."""
    nodes: list[Any] = stock(self, cache_cluster_id)
    for node in nodes:
        groups = [{"SecurityGroupId": group, "Status": "active"} for group in node.security_group_ids or []]
        node.security_groups = groups
        node.cache_parameter_group = {"CacheParameterGroupName": node.cache_parameter_group_name}
    return nodes


@replaces(ElastiCacheResponse, "modify_replication_group")
def group_can_be_modified(stock: Any, self: ElastiCacheResponse) -> ActionResult:
    """moto modifies five settings of a replication group, ignores the others, and never those of its nodes."""
    _take_token(self)
    answer: ActionResult = stock(self)
    backend = self.elasticache_backend
    group = backend.replication_groups[self._get_param("ReplicationGroupId")]
    changed = {xform_name(name): value for name, value in self._get_params().items()}
    nodes = [backend.cache_clusters[node] for node in group.member_clusters]
    for name in SHARED_BY_NODES & changed.keys():
        for shown in (group, *nodes):
            setattr(shown, name, changed[name])
    if "log_delivery_configurations" in changed:
        logs = {log["LogType"]: log for log in group.log_delivery_configurations}
        logs |= {log["LogType"]: log for log in changed["log_delivery_configurations"]}
        kept = [log for log in logs.values() if log.pop("Enabled", True) not in (False, "false")]
        group.log_delivery_configurations = group._get_log_delivery_configurations(kept)
    return answer


def _take_token(response: ElastiCacheResponse) -> None:
    """moto forgets tokens. ElastiCache accepts two after ROTATE, and SET only then, with one of them (ElastiCache API,
    ModifyReplicationGroup, AuthTokenUpdateStrategy; User Guide, "Modifying the AUTH token")."""
    group: Any = response.elasticache_backend.replication_groups.get(response._get_param("ReplicationGroupId"))
    token, strategy = response._get_param("AuthToken"), response._get_param("AuthTokenUpdateStrategy")
    if strategy and not token:
        raise InvalidParameterCombinationException("AuthTokenUpdateStrategy must be specified with AuthToken.")
    if group is None or not token:
        return
    tokens: list[str] = getattr(group, "tokens", [])
    if strategy == "SET" and len(tokens) < TOKENS:
        raise InvalidParameterValueException("AuthTokenUpdateStrategy SET is allowed only after ROTATE.")
    group.tokens = [token] if strategy == "SET" else [*tokens, token][-TOKENS:]
    group.auth_token_enabled = True
    group.auth_token_last_modified_date = utcnow()


@replaces(ElastiCacheResponse, "modify_replication_group_shard_configuration")
def shards_can_be_added_and_removed(stock: Any, self: ElastiCacheResponse) -> ActionResult:
    """moto has no ModifyReplicationGroupShardConfiguration."""
    return _reshape(self, shards=self._get_int_param("NodeGroupCount"))


@replaces(ElastiCacheResponse, "increase_replica_count")
def replicas_can_be_added(stock: Any, self: ElastiCacheResponse) -> ActionResult:
    """moto has no IncreaseReplicaCount."""
    return _reshape(self, replicas=self._get_int_param("NewReplicaCount"))


@replaces(ElastiCacheResponse, "decrease_replica_count")
def replicas_can_be_removed(stock: Any, self: ElastiCacheResponse) -> ActionResult:
    """moto has no DecreaseReplicaCount."""
    return _reshape(self, replicas=self._get_int_param("NewReplicaCount"))


def _reshape(response: ElastiCacheResponse, shards: int | None = None, replicas: int | None = None) -> ActionResult:
    """Create the nodes of a group again for another number of shards, or of replicas per shard."""
    backend = response.elasticache_backend
    group = backend.replication_groups[response._get_param("ReplicationGroupId")]
    shards = shards or len(group.node_groups)
    replicas = len(group.node_groups[0]["node_group_members"]) - 1 if replicas is None else replicas
    for node in group.member_clusters:
        del backend.cache_clusters[node]
    group.member_clusters.clear()
    group.node_groups.clear()
    for number in range(shards):
        first, end = number * SLOTS // shards, (number + 1) * SLOTS // shards
        shard: dict[str, Any] = {
            "node_group_id": f"{number + 1:04}",
            "status": "available",
            "slots": f"{first}-{end - 1}",
            "node_group_members": [],
        }
        group._set_node_members_clusters_enabled(
            group.member_clusters, group.replication_group_id, replicas, [], shard, group.member_clusters_outpost_arns
        )
        group.node_groups.append(shard)
    _make_nodes(backend, group)
    return ActionResult({"ReplicationGroup": group})


@replaces(ElastiCacheResponse, "delete_replication_group")
def deletion_ends(stock: Any, self: ElastiCacheResponse) -> ActionResult:
    """A deleted replication group stays "deleting" for ever in moto, and leaves no final snapshot."""
    backend = self.elasticache_backend
    name = self._get_param("ReplicationGroupId")
    snapshot = self._get_param("FinalSnapshotIdentifier")
    if snapshot:
        backend.create_snapshot(snapshot, name, None, None, None)
    answer: ActionResult = stock(self)
    group = backend.replication_groups.pop(name)
    for node in group.member_clusters:
        del backend.cache_clusters[node]
    backend.tagging_service.delete_all_tags_for_resource(group.arn)
    return answer


def _subnet_group(response: ElastiCacheResponse) -> CacheSubnetGroup:
    name = response._get_param("CacheSubnetGroupName")
    group = response.elasticache_backend.cache_subnet_groups.get(name)
    if group is None:
        raise CacheSubnetGroupNotFound(name)
    return group


@replaces(ElastiCacheResponse, "modify_cache_subnet_group")
def subnet_group_can_be_modified(stock: Any, self: ElastiCacheResponse) -> ActionResult:
    """moto has no ModifyCacheSubnetGroup; a new zone needs it."""
    old, backend = _subnet_group(self), self.elasticache_backend
    group: Any = CacheSubnetGroup(
        backend.account_id,
        backend.region_name,
        old.cache_subnet_group_name,
        self._get_param("CacheSubnetGroupDescription") or old.cache_subnet_group_description,
        self._get_param("SubnetIds") or old.subnet_ids,
        old.tags,
    )
    backend.cache_subnet_groups[old.cache_subnet_group_name] = group
    return ActionResult({"CacheSubnetGroup": group})


@replaces(ElastiCacheResponse, "delete_cache_subnet_group")
def subnet_group_can_be_deleted(stock: Any, self: ElastiCacheResponse) -> EmptyResult:
    """moto has no DeleteCacheSubnetGroup."""
    group, backend = _subnet_group(self), self.elasticache_backend
    del backend.cache_subnet_groups[group.cache_subnet_group_name]
    backend.tagging_service.delete_all_tags_for_resource(group.arn)
    return EmptyResult()
