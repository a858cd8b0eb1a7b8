"""Engine parameters that cannot be set, each with its reason, so that a manual's tuning is refused early."""

from collections.abc import Iterator, Mapping

from settings.problems import Problem, closest, shown

QUERY_CACHE = "was removed in MySQL 8.0 with the query cache; delete it"
LOG_PATH = "is fixed by RDS, which exports its logs to CloudWatch; delete it"
HOST_FILE = "belongs to the host, which RDS manages; delete it"

REFUSED_BY_MYSQL: Mapping[str, str] = {
    "query_cache_limit": QUERY_CACHE,
    "query_cache_min_res_unit": QUERY_CACHE,
    "query_cache_size": QUERY_CACHE,
    "query_cache_type": QUERY_CACHE,
    "query_cache_wlock_invalidate": QUERY_CACHE,
    "innodb_log_file_size": "is replaced by innodb_redo_log_capacity since MySQL 8.0.30; "
    "want innodb_redo_log_capacity with twice the size of one file",
    "innodb_log_files_in_group": "is replaced by innodb_redo_log_capacity since MySQL 8.0.30; delete it",
    "innodb_flush_method": "is fixed by RDS (it uses O_DIRECT); delete it",
    "slow_query_log_file": LOG_PATH,
    "general_log_file": LOG_PATH,
    "log_error": LOG_PATH,
    "datadir": HOST_FILE,
    "basedir": HOST_FILE,
    "tmpdir": HOST_FILE,
    "socket": HOST_FILE,
    "pid_file": HOST_FILE,
    "port": "is set on the instance, not in the parameter group; delete it",
    "server_id": "is given by RDS; delete it",
    "log_bin": "follows from backup_retention_days, which turns the binary log on; delete it",
    "require_secure_transport": "is set by the program, which always encrypts; delete it",
    "log_output": "is set by the program, since only files are exported to CloudWatch; delete it",
    "slow_query_log": "is set by the program, which exports the log; delete it, and tune long_query_time",
    "sql_log_bin": "would leave the standby and point-in-time recovery without changes; delete it",
}
"""MySQL 8.0 and 8.4 Reference Manual, "Server and Status Variables and Options Added, Deprecated, or Removed"; RDS API,
DescribeEngineDefaultParameters (IsModifiable)."""

SNAPSHOTS = "is not offered by ElastiCache; set snapshot_retention_days and snapshot_window"
NODE = "is fixed by ElastiCache for each node; delete it"

REFUSED_BY_ELASTICACHE: Mapping[str, str] = {
    "maxmemory": "follows from the node type; choose node_type, or reserved-memory-percent to keep some back",
    "save": SNAPSHOTS,
    "dbfilename": SNAPSHOTS,
    "appendonly": "is not offered since Redis 2.8.22 on ElastiCache; use replicas_per_shard",
    "cluster-enabled": "is set by the program, which always runs cluster mode; delete it",
    "requirepass": "is the secret cache_auth_token; delete it",
    "bind": NODE,
    "port": NODE,
    "dir": NODE,
    "logfile": NODE,
    "databases": "has no meaning in cluster mode, which has one database; delete it",
}
"""ElastiCache User Guide, "Valkey and Redis OSS parameters" and "Supported and restricted commands"."""

EVICTION = (
    "volatile-lru", "allkeys-lru", "volatile-lfu", "allkeys-lfu",
    "volatile-random", "allkeys-random", "volatile-ttl", "noeviction",
)  # fmt: skip
"""ElastiCache User Guide, "Valkey and Redis OSS parameters", maxmemory-policy."""


def refused(parameters: Mapping[str, str], reasons: Mapping[str, str]) -> Iterator[Problem]:
    """A problem for each parameter that cannot be set."""
    for name in parameters:
        if name in reasons:
            yield Problem(path=("parameters", name), text=reasons[name])


def unknown_eviction(parameters: Mapping[str, str]) -> Iterator[Problem]:
    """A problem if maxmemory-policy is not one of Redis's."""
    policy = parameters.get("maxmemory-policy")
    if policy is not None and policy not in EVICTION:
        yield Problem(
            path=("parameters", "maxmemory-policy"),
            text=f"{shown(policy)} is not an eviction policy; want one of {', '.join(EVICTION)}"
            + closest(policy, EVICTION),
        )
