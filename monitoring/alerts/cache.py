"""Alerts on the cache."""

from monitoring.alerts.alert import Alert, CloudWatch, Job, Level, Missing, Subject

NAMESPACE = "AWS/ElastiCache"

CACHE = (
    Alert(
        role="cache-memory",
        page="cache-memory",
        warning=Level(threshold=80, minutes=15),
        critical=Level(threshold=95, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.CACHE_SHARD,
            namespace=NAMESPACE,
            metrics=("DatabaseMemoryUsagePercentage",),
            statistic="Maximum",
            missing=Missing.UNKNOWN,
        ),
        # Redis reports a maximum of 0 if it has no limit.
        query=f'100 * redis_memory_used_bytes{{job="{Job.CACHE}"}} / (redis_memory_max_bytes{{job="{Job.CACHE}"}} > 0)',
        why="The cache is almost full: it starts to evict keys, including sessions.",
        source="ops: memory 80 and 95 %; our choice: the minutes, as for the queues",
    ),
    Alert(
        role="cache-evictions",
        page="cache-memory",
        warning=Level(threshold=0, minutes=15),
        cloudwatch=CloudWatch(
            subject=Subject.CACHE_SHARD,
            namespace=NAMESPACE,
            metrics=("Evictions",),
            statistic="Sum",
            join="SUM",
        ),
        why="The cache evicts keys to make room, and users are signed out.",
        source="our choice: none is expected, since the cache holds the sessions; the minutes, as for the queues",
    ),
    Alert(
        role="cache-cpu",
        page="cache-load",
        warning=Level(threshold=70, minutes=15),
        critical=Level(threshold=90, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.CACHE_SHARD,
            namespace=NAMESPACE,
            # Redis uses one thread: CPUUtilization is the mean of all processors, and looks idle.
            metrics=("EngineCPUUtilization",),
            statistic="Average",
            missing=Missing.UNKNOWN,
        ),
        why="The thread of Redis is busy: every command waits.",
        source="ops: CPU 70 and 90 %; our choice: the minutes, as for the queues",
    ),
    Alert(
        role="cache-lag",
        page="cache-load",
        warning=Level(threshold=10, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.CACHE_SHARD,
            namespace=NAMESPACE,
            metrics=("ReplicationLag",),
            statistic="Maximum",
        ),
        why="A replica in the cache is behind (seconds): a failover of its shard would lose the latest writes.",
        source="our choice: a healthy replica is less than a second behind",
    ),
    Alert(
        role="cache-down",
        page="cache-down",
        critical=Level(threshold=1, minutes=5),
        below=True,
        query=f'redis_up{{job="{Job.CACHE}"}}',
        why="A node of the cache does not answer, or refuses the monitoring account.",
        source="our choice: as for the database",
    ),
)
