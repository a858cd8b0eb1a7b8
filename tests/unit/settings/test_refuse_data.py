"""What is refused of the database and the cache."""

from typing import Any

import pytest
from broken_files import ABSENT, Refusal, refusals

DATABASE: list[Refusal] = [
    ("database.engine", "mysqll", "database.engine: 'mysqll' is not allowed; want mysql; did you mean mysql?"),
    (
        "database.engine_version",
        "8.4",
        'database.engine_version: \'8.4\' is not MySQL 8.0; want "8.0" or "8.0.<minor>"',
    ),
    ("database.engine_version", 8.0, "database.engine_version: 8.0 is no text; want it in quotes"),
    (
        "database.instance_class",
        "m6g.large",
        "database.instance_class: 'm6g.large' lacks the prefix db.; did you mean db.m6g.large?",
    ),
    (
        "database.instance_class",
        "db.large",
        "database.instance_class: 'db.large' is no class; want db.family.size, such as db.m6g.xlarge",
    ),
    (
        "database.allocated_storage_gib",
        -5,
        "database.allocated_storage_gib: -5 is out of range; want a whole number from 20 to 65536",
    ),
    (
        "database.allocated_storage_gib",
        10,
        "database.allocated_storage_gib: 10 is out of range; want a whole number from 20 to 65536",
    ),
    (
        "database.max_allocated_storage_gib",
        520,
        "database.max_allocated_storage_gib: 520 is less than 10 % above allocated_storage_gib 500; want 550 or more",
    ),
    ("database.multi_az", False, "database.multi_az: false leaves the region that serves on one zone; want true"),
    ("database.generation", 0, "database.generation: 0 is out of range; want a whole number from 1 to 999"),
    (
        "database.kept_generations",
        [1],
        "database.kept_generations[0]: 1 is not below generation 1, the one in use; want an empty list",
    ),
    ("database.kept_generations", [1, 1], "database.kept_generations: names 1 twice; want each once"),
    ("database.kept_generations", [0], "database.kept_generations: names 0; generations count from 1"),
    ("database.multi_az", "yes", "database.multi_az: 'yes' does not fit; want true or false"),
    (
        "database.backup_retention_days",
        0,
        "database.backup_retention_days: 0 is out of range; want a whole number from 7 to 35",
    ),
    (
        "database.backup_retention_days",
        99,
        "database.backup_retention_days: 99 is out of range; want a whole number from 7 to 35",
    ),
    (
        "database.backup_window",
        "3am",
        "database.backup_window: '3am' is no daily window; want hh24:mi-hh24:mi in UTC, such as 01:00-02:00",
    ),
    (
        "database.backup_window",
        "01:00-01:10",
        "database.backup_window: '01:00-01:10' lasts 10 minutes; want at least 30",
    ),
    (
        "database.backup_window",
        "02:30-03:30",
        "database.backup_window: '02:30-03:30' overlaps maintenance_window tue:02:00-tue:03:00; want them apart",
    ),
    (
        "database.maintenance_window",
        "Tue:02:00-Tue:03:00",
        "database.maintenance_window: 'Tue:02:00-Tue:03:00' is no weekly window; want ddd:hh24:mi-ddd:hh24:mi"
        " in UTC, such as tue:02:00-tue:03:00",
    ),
    (
        "database.maintenance_window",
        "tue:03:00-tue:02:00",
        "database.maintenance_window: 'tue:03:00-tue:02:00' lasts 10020 minutes; want less than a day: are "
        "start and end swapped?",
    ),
    (
        "database.monitoring_interval_seconds",
        7,
        "database.monitoring_interval_seconds: 7 is not allowed; want one of 1, 5, 10, 15, 30, 60",
    ),
    (
        "database.log_retention_days",
        30,
        "database.log_retention_days: 30 is none of CloudWatch's retentions of 365 days or more; want 365, "
        "400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653; the nearest is 365",
    ),
    (
        "database.username",
        "admin",
        "database.username: 'admin' is a name that attackers try first; want one of your own, such as askproai",
    ),
    (
        "database.username",
        "1app",
        "database.username: '1app' is no user name of RDS; want 1 to 16 letters, digits or underscores, a letter first",
    ),
    (
        "database.database_name",
        "mysql",
        "database.database_name: 'mysql' is a name of MySQL's own; want one of yours, such as askproai",
    ),
    (
        "database.database_name",
        "ask-pro-ai",
        "database.database_name: 'ask-pro-ai' is no MySQL name; want 1 to 64 letters, digits or underscores, "
        "a letter first",
    ),
    (
        "database.parameters.query_cache_size",
        "134217728",
        "database.parameters.query_cache_size: was removed in MySQL 8.0 with the query cache; delete it",
    ),
    (
        "database.parameters.innodb_log_file_size",
        "268435456",
        "database.parameters.innodb_log_file_size: is replaced by innodb_redo_log_capacity since MySQL "
        "8.0.30; want innodb_redo_log_capacity with twice the size of one file",
    ),
    (
        "database.parameters.slow_query_log_file",
        "/var/log/mysql/slow.log",
        "database.parameters.slow_query_log_file: is fixed by RDS, which exports its logs to CloudWatch; delete it",
    ),
    (
        "database.parameters.innodb_flush_method",
        "O_DIRECT",
        "database.parameters.innodb_flush_method: is fixed by RDS (it uses O_DIRECT); delete it",
    ),
    (
        "database.parameters.require_secure_transport",
        "OFF",
        "database.parameters.require_secure_transport: is set by the program, which always encrypts; delete it",
    ),
    (
        "database.parameters.long_query_time",
        2,
        "database.parameters.long_query_time: 2 is no text; want it in quotes",
    ),
    *(
        (
            "database.parameters.max_connections",
            value,
            "database.parameters: lack max_connections, a number in quotes; want it, since the alarms are set to a "
            "share of it",
        )
        for value in (ABSENT, "{DBInstanceClassMemory/12582880}")
    ),
]

CACHE: list[Refusal] = [
    ("cache.engine_version", 7.1, "cache.engine_version: 7.1 is not allowed; want 7.0 or 7.1 in quotes"),
    ("cache.engine_version", "6.2", "cache.engine_version: '6.2' is not allowed; want 7.0 or 7.1"),
    (
        "cache.node_type",
        "m6g.xlarge",
        "cache.node_type: 'm6g.xlarge' lacks the prefix cache.; did you mean cache.m6g.xlarge?",
    ),
    (
        "cache.node_type",
        "db.m6g.xlarge",
        "cache.node_type: 'db.m6g.xlarge' lacks the prefix cache.; did you mean cache.m6g.xlarge?",
    ),
    ("cache.shards", 0, "cache.shards: 0 is out of range; want a whole number from 1 to 90"),
    ("cache.shards", 50, "cache.shards: 50 and replicas_per_shard 1 make 100 nodes of at most 90; want 45 or fewer"),
    ("cache.replicas_per_shard", 0, "cache.replicas_per_shard: 0 is out of range; want a whole number from 1 to 5"),
    (
        "cache.snapshot_retention_days",
        36,
        "cache.snapshot_retention_days: 36 is out of range; want a whole number from 1 to 35",
    ),
    (
        "cache.snapshot_window",
        "00:00-00:30",
        "cache.snapshot_window: '00:00-00:30' lasts 30 minutes; want at least 60",
    ),
    (
        "cache.snapshot_window",
        "02:30-03:30",
        "cache.snapshot_window: '02:30-03:30' overlaps maintenance_window tue:02:00-tue:03:00; want them apart",
    ),
    (
        "cache.maintenance_window",
        "tue:02:00-tue:02:30",
        "cache.maintenance_window: 'tue:02:00-tue:02:30' lasts 30 minutes; want at least 60",
    ),
    (
        "cache.parameters.maxmemory",
        "4gb",
        "cache.parameters.maxmemory: follows from the node type; choose node_type, or reserved-memory-percent"
        " to keep some back",
    ),
    (
        "cache.parameters.save",
        "900 1",
        "cache.parameters.save: is not offered by ElastiCache; set snapshot_retention_days and snapshot_window",
    ),
    (
        "cache.parameters.maxmemory-policy",
        "allkeys-lruu",
        "cache.parameters.maxmemory-policy: 'allkeys-lruu' is no eviction policy; want one of volatile-lru, "
        "allkeys-lru, volatile-lfu, allkeys-lfu, volatile-random, allkeys-random, volatile-ttl, noeviction; "
        "did you mean allkeys-lru?",
    ),
]


@pytest.mark.parametrize(("key", "value", "line"), [*DATABASE, *CACHE])
def test_a_bad_setting_is_refused_in_one_line(key: str, value: Any, line: str) -> None:
    assert refusals((key, value)) == [line]
