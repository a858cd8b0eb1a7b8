"""Alerts on requests, and on the hosts and certificate that serve them."""

from monitoring.alerts.alert import Alert, CloudWatch, Job, Level, Missing, Subject, Unit

NAMESPACE = "AWS/ApplicationELB"
DAY_SECONDS = 86_400

REQUESTS = "askproai_http_requests_total"
DURATIONS = "askproai_http_request_duration_seconds_bucket"

WEB = (
    Alert(
        role="errors",
        page="errors",
        warning=Level(threshold=1, minutes=5),
        critical=Level(threshold=5, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.LOAD_BALANCER,
            namespace=NAMESPACE,
            metrics=("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "RequestCount"),
            statistic="Sum",
            # RequestCount excludes requests that reached no target: without any target, only the ELB_5XX count has
            # data.
            expression="100 * SUM([m0, m1]) / SUM([m2, m1])",
            period_seconds=300,
        ),
        query=f'100 * sum(rate({REQUESTS}{{job="{Job.APPLICATION}",status=~"5.."}}[5m]))'
        f' / sum(rate({REQUESTS}{{job="{Job.APPLICATION}"}}[5m]))',
        why="Requests fail: percentage of 5xx responses, including requests that no host answered.",
        source="ops: error rate 1 and 5 % for 5 minutes; decided: the ratio",
    ),
    Alert(
        role="slow",
        page="slow",
        warning=Level(threshold=0.5, minutes=10),
        critical=Level(threshold=2, minutes=10),
        cloudwatch=CloudWatch(
            subject=Subject.LOAD_BALANCER,
            namespace=NAMESPACE,
            metrics=("TargetResponseTime",),
            statistic="p95",
        ),
        query=f'histogram_quantile(0.95, sum by (le) (rate({DURATIONS}{{job="{Job.APPLICATION}"}}[5m])))',
        why="Responses are slow: the 95th percentile of the response time, in seconds.",
        source="decided: p95 above 500 ms and 2 s for 10 minutes",
    ),
    Alert(
        role="unhealthy",
        page="hosts-unhealthy",
        warning=Level(threshold=0, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.TARGETS,
            namespace=NAMESPACE,
            metrics=("UnHealthyHostCount",),
            statistic="Maximum",
        ),
        why="A host fails its health check, and its group has not replaced it.",
        source="our choice: the group replaces a host in less time",
    ),
    Alert(
        role="healthy",
        page="hosts-unhealthy",
        warning=Level(threshold=100, minutes=5),
        critical=Level(threshold=100 / 2, minutes=3),
        unit=Unit.REQUIRED_PERCENT,
        below=True,
        cloudwatch=CloudWatch(
            subject=Subject.SERVING_TARGETS,
            namespace=NAMESPACE,
            metrics=("HealthyHostCount",),
            statistic="Minimum",
            join="SUM",
            together=True,
            # A target group without hosts has no data, and nothing else would report it.
            missing=Missing.WRONG,
        ),
        why="Fewer hosts are healthy than the load needs. With none, every request fails.",
        source="required_instances of web; our choice: half of them, and the minutes",
    ),
    Alert(
        role="certificate",
        page="certificate",
        warning=Level(threshold=44, minutes=DAY_SECONDS // 60),
        critical=Level(threshold=14, minutes=DAY_SECONDS // 60),
        below=True,
        cloudwatch=CloudWatch(
            subject=Subject.CERTIFICATE,
            namespace="AWS/CertificateManager",
            metrics=("DaysToExpiry",),
            statistic="Minimum",
            period_seconds=DAY_SECONDS,
            missing=Missing.UNKNOWN,
        ),
        why="The load balancer's certificate expires soon (days left), and ACM has not renewed it.",
        source='AWS: 44 days (CloudWatch User Guide, "Recommended alarms"); ACM renews 60 days before expiry; our '
        "choice: 14 days",
    ),
    Alert(
        role="application-down",
        page="application-down",
        critical=Level(threshold=1, minutes=5),
        below=True,
        query=f'up{{job="{Job.APPLICATION}"}}',
        why="The application does not answer on its metrics path: it may be down.",
        source="our choice: as for the error rate",
    ),
)
