"""Alerts on the database."""

from monitoring.alerts.alert import Alert, CloudWatch, Job, Level, Missing, Subject, Unit

NAMESPACE = "AWS/RDS"
GIB = 1024**3

DATABASE = (
    Alert(
        role="database-cpu",
        page="database-load",
        warning=Level(threshold=70, minutes=15),
        critical=Level(threshold=90, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.DATABASE,
            namespace=NAMESPACE,
            metrics=("CPUUtilization",),
            statistic="Average",
            missing=Missing.UNKNOWN,
        ),
        why="CPU usage of the database is high: queries wait for each other.",
        source="ops: CPU 70 and 90 %; our choice: the minutes, as for the queues",
    ),
    Alert(
        role="database-memory",
        page="database-load",
        warning=Level(threshold=GIB, minutes=15),
        critical=Level(threshold=GIB / 2, minutes=5),
        below=True,
        cloudwatch=CloudWatch(
            subject=Subject.DATABASE,
            namespace=NAMESPACE,
            metrics=("FreeableMemory",),
            statistic="Minimum",
            missing=Missing.UNKNOWN,
        ),
        why="The database is short of memory for connections (bytes left): it starts to swap, then restarts.",
        source="our choice: RDS gives most of the memory to the buffer pool, so ops' 80 % would always fire; the "
        "minutes, as for the queues",
    ),
    Alert(
        role="database-connections",
        page="database-connections",
        warning=Level(threshold=80, minutes=15),
        critical=Level(threshold=95, minutes=5),
        unit=Unit.CONNECTIONS_PERCENT,
        cloudwatch=CloudWatch(
            subject=Subject.DATABASE,
            namespace=NAMESPACE,
            metrics=("DatabaseConnections",),
            statistic="Maximum",
            missing=Missing.UNKNOWN,
        ),
        query=f'100 * mysql_global_status_threads_connected{{job="{Job.DATABASE}"}}'
        f' / mysql_global_variables_max_connections{{job="{Job.DATABASE}"}}',
        why="The database is running out of connections: beyond max_connections it refuses the application.",
        source="ops: 80 and 95, read as percent; our choice: the minutes, as for the queues",
    ),
    Alert(
        role="database-storage",
        page="database-storage",
        warning=Level(threshold=20, minutes=15),
        critical=Level(threshold=10, minutes=5),
        unit=Unit.STORAGE_PERCENT,
        below=True,
        cloudwatch=CloudWatch(
            subject=Subject.DATABASE,
            namespace=NAMESPACE,
            metrics=("FreeStorageSpace",),
            statistic="Minimum",
            missing=Missing.UNKNOWN,
        ),
        why="The database's disk is filling up: RDS adds storage below 10 % free, at most once in six hours and up "
        "to its limit.",
        source="ops: disk 80 and 90 % used; AWS: storage autoscaling; our choice: the minutes, as for the queues",
    ),
    Alert(
        role="replica-lag",
        page="replica-lag",
        critical=Level(threshold=100, minutes=5),
        unit=Unit.LAG_LIMIT_PERCENT,
        cloudwatch=CloudWatch(
            subject=Subject.REPLICA,
            namespace=NAMESPACE,
            metrics=("ReplicaLag",),
            statistic="Maximum",
            # RDS reports -1 while replication is stopped, which would count as no lag.
            expression="IF(m0 < 0, 86400, m0)",
            missing=Missing.WRONG,
        ),
        why="The standby's database is too far behind: an activation would lose more than promised, and is refused.",
        source="recovery.max_replica_lag_seconds; AWS: ReplicaLag; our choice: the minutes, as for the queues",
    ),
    Alert(
        role="database-down",
        page="database-down",
        critical=Level(threshold=1, minutes=5),
        below=True,
        query=f'mysql_up{{job="{Job.DATABASE}"}}',
        why="The database does not answer, or refuses the monitoring account.",
        source="our choice: longer than a failover to the other zone, which takes 60 to 120 seconds (RDS User Guide, "
        '"Failing over a Multi-AZ DB instance")',
    ),
)
