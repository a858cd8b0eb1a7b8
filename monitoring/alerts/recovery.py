"""Alerts on what is kept for the loss of data or of a region."""

from monitoring.alerts.alert import Alert, CloudWatch, Level, Missing, Subject, Unit

NAMESPACE = "AWS/Backup"
HOUR_SECONDS, DAY_SECONDS = 3600, 86400
MISSED = Level(threshold=100, minutes=3 * 24 * 60)
"""For three days: two that are missing, and the one that may still run."""

RECOVERY = (
    Alert(
        role="backups-failed",
        page="backups",
        critical=Level(threshold=0, minutes=60),
        cloudwatch=CloudWatch(
            subject=Subject.BACKUP_VAULT,
            namespace=NAMESPACE,
            metrics=("NumberOfBackupJobsFailed", "NumberOfBackupJobsExpired", "NumberOfBackupJobsAborted"),
            statistic="Sum",
            join="SUM",
            period_seconds=HOUR_SECONDS,
        ),
        why="A snapshot of database or metrics failed, or could not start or finish in its time.",
        source="our choice: none is expected; an hour is a data point",
    ),
    Alert(
        role="backups-missing",
        page="backups",
        critical=MISSED,
        unit=Unit.SNAPSHOTS_PERCENT,
        below=True,
        cloudwatch=CloudWatch(
            subject=Subject.BACKUP_VAULT,
            namespace=NAMESPACE,
            metrics=("NumberOfBackupJobsCompleted",),
            statistic="Sum",
            join="SUM",
            # No data is what a plan leaves that runs no more. The newest data point is the filled one: harmless, since
            # it alone is not enough.
            expression="FILL({all}, 0)",
            period_seconds=DAY_SECONDS,
            missing=Missing.WRONG,
        ),
        why="A snapshot of database or metrics was not finished for too long, and none failed: a plan does not run.",
        source="offsite.daily_copy_hour; our choice: two are missing",
    ),
    Alert(
        role="copies-failed",
        page="backups",
        critical=Level(threshold=0, minutes=60),
        cloudwatch=CloudWatch(
            # AWS does not say which of both vaults is the dimension of a copy: only one of the two has data.
            subject=Subject.COPY_VAULTS,
            namespace=NAMESPACE,
            metrics=("NumberOfCopyJobsFailed",),
            statistic="Sum",
            join="SUM",
            period_seconds=HOUR_SECONDS,
        ),
        why="A snapshot was not copied to the other region: what is there grows old.",
        source="our choice: none is expected; an hour is a data point",
    ),
    Alert(
        role="copies-missing",
        page="backups",
        critical=MISSED,
        unit=Unit.SNAPSHOTS_PERCENT,
        below=True,
        cloudwatch=CloudWatch(
            subject=Subject.COPY_VAULTS,
            namespace=NAMESPACE,
            metrics=("NumberOfCopyJobsCompleted",),
            statistic="Sum",
            join="SUM",
            expression="FILL({all}, 0)",
            period_seconds=DAY_SECONDS,
            missing=Missing.WRONG,
        ),
        why="A snapshot did not reach the other region for too long: the copy there that nobody can delete grows old.",
        source="offsite.daily_copy_hour; our choice: two are missing",
    ),
    Alert(
        role="restores-failed",
        page="restore-tests",
        critical=Level(threshold=0, minutes=60),
        cloudwatch=CloudWatch(
            # AWS does not say whether vault or type of resource is the dimension of a restore: only one has data. By
            # type, restores that somebody starts by hand are counted too.
            subject=Subject.RESTORE_TESTS,
            namespace=NAMESPACE,
            metrics=("NumberOfRestoreJobsFailed",),
            statistic="Sum",
            join="SUM",
            period_seconds=HOUR_SECONDS,
        ),
        why="A recovery point of database or metrics could not be restored: what is kept may be of no use.",
        source="our choice: none is expected; an hour is a data point",
    ),
    Alert(
        role="objects-late",
        page="object-replication",
        warning=Level(threshold=900, minutes=15),
        cloudwatch=CloudWatch(
            subject=Subject.ARRIVING_OBJECTS,
            namespace="AWS/S3",
            metrics=("ReplicationLatency",),
            statistic="Maximum",
            together=True,
        ),
        why="Objects from the other region arrive later than promised, in seconds: a failover would miss them.",
        source="AWS: Replication Time Control promises 15 minutes; our choice: for as long",
    ),
    Alert(
        role="objects-failed",
        page="object-replication",
        warning=Level(threshold=0, minutes=5),
        cloudwatch=CloudWatch(
            subject=Subject.LEAVING_OBJECTS,
            namespace="AWS/S3",
            metrics=("OperationsFailedReplication",),
            statistic="Sum",
            join="SUM",
            together=True,
            period_seconds=300,
        ),
        why="S3 gave up on copying an object to the other region, and does not try again.",
        source="our choice: none is expected",
    ),
)
