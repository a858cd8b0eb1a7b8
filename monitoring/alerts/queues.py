"""Alerts on the queues."""

from monitoring.alerts.alert import Alert, CloudWatch, Job, Level, Subject, Unit

NAMESPACE = "AWS/SQS"

QUEUES = (
    Alert(
        role="backlog",
        page="queue-backlog",
        warning=Level(threshold=1000, minutes=15),
        critical=Level(threshold=5000, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.QUEUE,
            namespace=NAMESPACE,
            metrics=("ApproximateNumberOfMessagesVisible",),
            statistic="Maximum",
        ),
        query=f'max by (queue) (askproai_queue_size{{job="{Job.APPLICATION}"}})',
        why="Jobs pile up: there are too few workers, or they fail.",
        source="decided: 1000 for 15 minutes and 5000 for 5",
    ),
    Alert(
        role="waiting",
        page="queue-backlog",
        warning=Level(threshold=900, minutes=15),
        cloudwatch=CloudWatch(
            subject=Subject.QUEUE,
            namespace=NAMESPACE,
            metrics=("ApproximateAgeOfOldestMessage",),
            statistic="Maximum",
        ),
        why="The oldest job has waited too long (seconds), even if few wait: no worker takes jobs from the queue.",
        source="our choice: as long as a backlog may last before its warning",
    ),
    Alert(
        role="dead",
        page="queue-dead-letters",
        warning=Level(threshold=0, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.DEAD_LETTERS,
            namespace=NAMESPACE,
            metrics=("ApproximateNumberOfMessagesVisible",),
            statistic="Maximum",
        ),
        why="A job failed at every attempt. It waits in the dead-letter queue until somebody handles it.",
        source="our choice: none is expected",
    ),
    Alert(
        role="dead-age",
        page="queue-dead-letters",
        critical=Level(threshold=80, minutes=5),
        unit=Unit.RETENTION_PERCENT,
        cloudwatch=CloudWatch(
            subject=Subject.DEAD_LETTERS,
            namespace=NAMESPACE,
            metrics=("ApproximateAgeOfOldestMessage",),
            statistic="Maximum",
        ),
        why="A failed job is about to be lost: SQS deletes it at the end of its retention (age in seconds).",
        source="dead_letter_retention_days; our choice: a fifth of it is left to act, nearly three days of 14",
    ),
)
