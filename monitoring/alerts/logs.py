"""Alerts on the archive of the log groups."""

from monitoring.alerts.alert import Alert, CloudWatch, Level, Missing, Subject

NAMESPACE = "AWS/Firehose"
LONGEST_BUFFER_SECONDS = 900
"""Firehose API, BufferingHints. Figures of deliveries come once for each file: a shorter period would have gaps, and an
alarm that wants several data points in a row would never ring."""
HOUR_SECONDS = 3600

LOGS = (
    Alert(
        role="archive-late",
        page="log-archive",
        warning=Level(threshold=2 * LONGEST_BUFFER_SECONDS, minutes=30),
        cloudwatch=CloudWatch(
            subject=Subject.LOG_ARCHIVE,
            namespace=NAMESPACE,
            metrics=("DeliveryToS3.DataFreshness",),
            statistic="Maximum",
            period_seconds=LONGEST_BUFFER_SECONDS,
        ),
        why="Logs wait longer than they should for their way to S3, in seconds. After 24 hours Firehose drops them.",
        source='AWS: above the longest buffer, 15 minutes (Firehose Developer Guide, "Implement best practices with '
        'CloudWatch Alarms"); our choice: twice that, since a full buffer reaches it',
    ),
    Alert(
        role="archive-failed",
        page="log-archive",
        warning=Level(threshold=1, minutes=30),
        below=True,
        cloudwatch=CloudWatch(
            subject=Subject.LOG_ARCHIVE,
            namespace=NAMESPACE,
            metrics=("DeliveryToS3.Success",),
            statistic="Average",
            period_seconds=LONGEST_BUFFER_SECONDS,
        ),
        why="S3 refuses files of the archive: the share of those that it took.",
        source="our choice: each is taken; two buffers in a row, since Firehose tries again",
    ),
    Alert(
        role="archive-empty",
        page="log-archive",
        warning=Level(threshold=1, minutes=120),
        below=True,
        cloudwatch=CloudWatch(
            subject=Subject.LOG_ARCHIVE,
            namespace=NAMESPACE,
            metrics=("IncomingRecords",),
            statistic="Sum",
            period_seconds=HOUR_SECONDS,
            missing=Missing.WRONG,
        ),
        why="CloudWatch Logs sends nothing to the archive, though the network's log has connections at all times.",
        source="our choice: two hours; CloudWatch Logs tries again for 24 (CloudWatch Logs User Guide, subscriptions)",
    ),
)
