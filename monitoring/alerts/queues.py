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
        why="Jobs pile up: the workers are too few, or fail.",
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
        why="A job has waited for longer than this, in seconds, however few wait: nobody takes jobs from the queue.",
        source="our choice: as long as a backlog may last before it is one",
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
        why="A job failed each time it was tried, and waits for somebody to look at it.",
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
        why="A failed job is about to be lost: SQS deletes it at the end of its retention, and its age is in seconds.",
        source="dead_letter_retention_days; our choice: a fifth of it is left to look, nearly three days of 14",
    ),
)
