"""The dashboard of hosts and data stores (DevOps manual, "Grafana Dashboards": "Infrastructure")."""

from monitoring.alerts.alert import Job
from monitoring.dashboards.dashboard import Dashboard, Panel, Unit, measured, watched

HOSTS, DATABASE, CACHE = (f'job="{job}"' for job in (Job.HOSTS, Job.DATABASE, Job.CACHE))
OUTSIDE = f'{HOSTS},device!="lo"'
NODE = "CacheClusterId"
"""ElastiCache User Guide, "Dimensions for ElastiCache metrics": a node of a shard has its own identifier."""
HITS, MISSES = (f"rate(redis_keyspace_{what}_total{{{CACHE}}}[5m])" for what in ("hits", "misses"))


def _by_host(counter: str, labels: str) -> str:
    return f"sum by (instance) (rate({counter}{{{labels}}}[5m]))"


INFRASTRUCTURE = Dashboard(
    uid="infrastructure",
    title="Infrastructure",
    why="The remaining capacity of this region's hosts and data stores.",
    panels=(
        watched("hosts-cpu", title="CPU usage", why="The percentage of time that is not idle.", legend="{{instance}}"),
        watched(
            "hosts-memory",
            title="Memory usage",
            why="The percentage that is not available to processes.",
            legend="{{instance}}",
        ),
        watched("hosts-disk", title="Disk usage", why="Of the root volume.", legend="{{instance}}"),
        Panel(
            title="Disk I/O",
            why="Bytes per second that each host reads and writes.",
            unit=Unit.BYTES_PER_SECOND,
            queries={
                "{{instance}} reads": _by_host("node_disk_read_bytes_total", HOSTS),
                "{{instance}} writes": _by_host("node_disk_written_bytes_total", HOSTS),
            },
        ),
        Panel(
            title="Network traffic",
            why="Bytes per second that each host receives and sends, without the loopback interface.",
            unit=Unit.BYTES_PER_SECOND,
            queries={
                "{{instance}} receives": _by_host("node_network_receive_bytes_total", OUTSIDE),
                "{{instance}} sends": _by_host("node_network_transmit_bytes_total", OUTSIDE),
            },
        ),
        watched(
            "database-connections",
            title="Database connections",
            why="The percentage of max_connections in use.",
            legend="open",
        ),
        Panel(
            title="Database queries",
            why="Statements per second, and those that took longer than long_query_time.",
            unit=Unit.PER_SECOND,
            queries={
                "all": f"rate(mysql_global_status_queries{{{DATABASE}}}[5m])",
                "slow": f"rate(mysql_global_status_slow_queries{{{DATABASE}}}[5m])",
            },
        ),
        watched("cache-memory", title="Cache memory", why="The percentage of maxmemory in use.", legend="used"),
        Panel(
            title="Cache hits",
            why="The percentage of reads that found their key.",
            unit=Unit.PERCENT,
            queries={"hits": f"100 * {HITS} / ({HITS} + {MISSES})"},
        ),
        measured("cache-cpu", title="CPU of each cache node", why="Of the thread of Redis.", dimension=NODE),
        measured(
            "cache-memory",
            title="Memory of each cache node",
            why="The percentage of maxmemory in use, as reported by ElastiCache.",
            dimension=NODE,
        ),
        measured(
            "cache-lag",
            title="Lag of each cache node",
            why="Replication lag of a shard's replica, in seconds; the primary has none.",
            dimension=NODE,
            unit=Unit.SECONDS,
        ),
    ),
)
