"""Alerts on the archive of the log groups."""

from monitoring.alerts.alert import Alert, CloudWatch, Level, Missing, Subject

NAMESPACE = "AWS/Firehose"
LONGEST_BUFFER_SECONDS = 900
"""Firehose API, BufferingHints. Delivery metrics have one data point per file: a shorter period would have gaps, and an
alarm that needs several data points in a row would never fire."""
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
        why="Logs are late on their way to S3 (age in seconds). After 24 hours Firehose drops them.",
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
        why="S3 refuses files of the log archive (share of files that it accepted).",
        source="our choice: all are accepted; two buffers in a row, since Firehose retries",
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
        why="CloudWatch Logs sends nothing to the log archive, although flow logs arrive at all times.",
        source="our choice: two hours; CloudWatch Logs retries for 24 (CloudWatch Logs User Guide, subscriptions)",
    ),
)
