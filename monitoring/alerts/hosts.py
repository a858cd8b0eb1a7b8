"""Alerts on the instances and their groups."""

from monitoring.alerts.alert import Alert, CloudWatch, Job, Level, Subject

AGENT = "CWAgent"
"""The namespace of the CloudWatch agent, which baked images have."""

HOSTS = (
    Alert(
        role="hosts-cpu",
        page="hosts-load",
        warning=Level(threshold=70, minutes=15),
        critical=Level(threshold=90, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.HOSTS,
            namespace="AWS/EC2",
            metrics=("CPUUtilization",),
            statistic="Average",
        ),
        query=f'100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{{job="{Job.HOSTS}",mode="idle"}}[5m])))',
        why="CPU usage is high although the group scales out: it is at its maximum size, or scales too slowly.",
        source="ops: CPU 70 and 90 %; our choice: the minutes, as for the queues",
    ),
    Alert(
        role="hosts-memory",
        page="hosts-load",
        warning=Level(threshold=80, minutes=15),
        critical=Level(threshold=95, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.HOSTS,
            namespace=AGENT,
            metrics=("mem_used_percent",),
            statistic="Maximum",
            together=True,
        ),
        query=f'100 * (1 - node_memory_MemAvailable_bytes{{job="{Job.HOSTS}"}}'
        f' / node_memory_MemTotal_bytes{{job="{Job.HOSTS}"}})',
        why="A host is almost out of memory: next, the kernel kills processes.",
        source="ops: memory 80 and 95 %; our choice: the minutes, as for the queues",
    ),
    Alert(
        role="hosts-disk",
        page="hosts-disk",
        warning=Level(threshold=80, minutes=10),
        critical=Level(threshold=90, minutes=10),
        cloudwatch=CloudWatch(
            subject=Subject.HOSTS,
            namespace=AGENT,
            metrics=("disk_used_percent",),
            statistic="Maximum",
            together=True,
        ),
        query=f'100 * (1 - node_filesystem_avail_bytes{{job="{Job.HOSTS}",mountpoint="/"}}'
        f' / node_filesystem_size_bytes{{job="{Job.HOSTS}",mountpoint="/"}})',
        why="A host's disk is filling up: when it is full, the host can write neither logs nor uploads.",
        source="ops: disk 80 and 90 %; devops: for 10 minutes",
    ),
    Alert(
        role="hosts-down",
        page="hosts-unhealthy",
        warning=Level(threshold=1, minutes=5),
        below=True,
        query=f'up{{job="{Job.HOSTS}"}}',
        why="A host that EC2 reports as running does not answer Prometheus.",
        source="our choice: as for hosts that fail their health check",
    ),
    Alert(
        role="launches",
        page="hosts-launches",
        warning=Level(threshold=0, minutes=30),
        cloudwatch=CloudWatch(
            subject=Subject.HOSTS,
            namespace="AWS/AutoScaling",
            # AWS has no metric of failed launches. Their result is a group that stays below its desired capacity.
            metrics=("GroupDesiredCapacity", "GroupInServiceInstances"),
            statistic="Average",
            expression="m0 - m1",
        ),
        why="A group has fewer hosts in service than it wants: launches fail, or hosts do not become ready.",
        source="our choice: six times the five minutes of warmup_seconds",
    ),
    Alert(
        role="credits",
        page="hosts-credits",
        warning=Level(threshold=0, minutes=60),
        cloudwatch=CloudWatch(
            subject=Subject.BURSTABLE_HOSTS,
            namespace="AWS/EC2",
            metrics=("CPUSurplusCreditBalance",),
            statistic="Maximum",
            period_seconds=300,
        ),
        why="A burstable host runs above its CPU baseline on surplus credits, which AWS charges for.",
        source="AWS: credit metrics come every 5 minutes; our choice: an hour, longer than a burst",
    ),
)
