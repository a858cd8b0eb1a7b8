"""Alerts on the network."""

from monitoring.alerts.alert import Alert, CloudWatch, Level, Subject

NETWORK = (
    Alert(
        role="nat-ports",
        page="nat-ports",
        warning=Level(threshold=0, minutes=15),
        cloudwatch=CloudWatch(
            subject=Subject.NAT_GATEWAY,
            namespace="AWS/NATGateway",
            metrics=("ErrorPortAllocation",),
            statistic="Sum",
            join="SUM",
            together=True,
        ),
        why="A NAT gateway has no free port for a destination: connections to Cal.com, Retell.ai or AWS fail.",
        source='AWS: above 0 for 15 minutes (CloudWatch User Guide, "Recommended alarms")',
    ),
)
