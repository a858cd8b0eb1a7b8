"""The cache block: ElastiCache for Redis in cluster mode."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from settings.block import Block, rule
from settings.parameters import REFUSED_BY_ELASTICACHE, refused, unknown_eviction
from settings.problems import Problem
from settings.shapes import CacheClass, ChangesApply, LogRetention
from settings.windows import CacheDaily, CacheWeekly, overlap

NODE_QUOTA = 90
"""ElastiCache User Guide, "Quotas": nodes of a cluster in cluster mode, unless AWS raises it."""


class CacheSettings(Block):
    """The Redis cluster."""

    engine_version: Literal["7.0", "7.1"]
    """Redis version, of the parameter family redis7."""
    node_type: CacheClass
    """ElastiCache node type, with its prefix cache."""
    shards: Annotated[int, Field(ge=1, le=NODE_QUOTA)]
    """Shards, at least one; with their replicas at most 90 nodes."""
    replicas_per_shard: Annotated[int, Field(ge=1, le=5)]
    """Replicas of each shard: 5 at most (ElastiCache API, CreateReplicationGroup), 1 at least to survive a zone."""
    snapshot_retention_days: Annotated[int, Field(ge=1, le=35)]
    """Days that a daily snapshot is kept: 35 at most (ElastiCache User Guide, "Scheduling automatic backups")."""
    snapshot_window: CacheDaily
    """Daily window of the snapshot in UTC, hh24:mi-hh24:mi, at least 60 minutes."""
    maintenance_window: CacheWeekly
    """Weekly window of patches in UTC, ddd:hh24:mi-ddd:hh24:mi, at least 60 minutes, apart from snapshot_window."""
    changes_apply: ChangesApply = "maintenance-window"
    """When changes of node type and parameters take effect. ElastiCache queues them until the window: `pulumi up`
    reports them as done, and a refresh shows the old values.
    """
    log_retention_days: LogRetention
    """Days that the slow and engine logs stay in CloudWatch Logs, 365 or more: one of its retentions."""
    parameters: dict[str, str]
    """Engine parameters, values in quotes."""

    @rule
    def _nodes_fit_the_quota(self) -> Iterator[Problem]:
        nodes = self.shards * (1 + self.replicas_per_shard)
        if nodes > NODE_QUOTA:
            yield Problem(
                path=("shards",),
                text=f"{self.shards} and replicas_per_shard {self.replicas_per_shard} make {nodes} nodes of at most "
                f"{NODE_QUOTA}; want {NODE_QUOTA // (1 + self.replicas_per_shard)} or fewer",
            )

    @rule
    def _windows_are_apart(self) -> Iterator[Problem]:
        if overlap(self.snapshot_window, self.maintenance_window):
            yield Problem(
                path=("snapshot_window",),
                text=f"'{self.snapshot_window}' overlaps maintenance_window {self.maintenance_window}; want them apart",
            )

    @rule
    def _parameters_are_ours_to_set(self) -> Iterator[Problem]:
        yield from refused(self.parameters, REFUSED_BY_ELASTICACHE)
        yield from unknown_eviction(self.parameters)
