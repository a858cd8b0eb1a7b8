"""Alerts on backups, their copies, and object replication."""

from monitoring.alerts.alert import Alert, CloudWatch, Level, Missing, Subject, Unit

NAMESPACE = "AWS/Backup"
HOUR_SECONDS, DAY_SECONDS = 3600, 86400
MISSED = Level(threshold=100, minutes=3 * 24 * 60)
"""Three days: two missing snapshots, and the one that may still be running."""

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
        why="A snapshot of the database or of the metrics volume failed, or did not start or finish in time.",
        source="our choice: none is expected; a data point is an hour",
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
            # A plan that no longer runs leaves no data. The newest data point is always a filled one, which alone
            # cannot raise the alarm.
            expression="FILL({all}, 0)",
            period_seconds=DAY_SECONDS,
            missing=Missing.WRONG,
        ),
        why="Snapshots of the database or of the metrics volume are missing, and none failed: a backup plan does "
        "not run.",
        source="offsite.daily_copy_hour; our choice: two are missing",
    ),
    Alert(
        role="copies-failed",
        page="backups",
        critical=Level(threshold=0, minutes=60),
        cloudwatch=CloudWatch(
            # AWS does not document which of the two vaults is the dimension of a copy job: only one of them has data.
            subject=Subject.COPY_VAULTS,
            namespace=NAMESPACE,
            metrics=("NumberOfCopyJobsFailed",),
            statistic="Sum",
            join="SUM",
            period_seconds=HOUR_SECONDS,
        ),
        why="A snapshot was not copied to the other region: the copies there are getting old.",
        source="our choice: none is expected; a data point is an hour",
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
        why="Snapshots have not reached the other region for too long: the locked copies there are getting old.",
        source="offsite.daily_copy_hour; our choice: two are missing",
    ),
    Alert(
        role="restores-failed",
        page="restore-tests",
        critical=Level(threshold=0, minutes=60),
        cloudwatch=CloudWatch(
            # AWS does not document whether the vault or the resource type is the dimension of a restore job: only one
            # has data. By type, restores that somebody starts by hand are counted too.
            subject=Subject.RESTORE_TESTS,
            namespace=NAMESPACE,
            metrics=("NumberOfRestoreJobsFailed",),
            statistic="Sum",
            join="SUM",
            period_seconds=HOUR_SECONDS,
        ),
        why="A recovery point of the database or of the metrics volume could not be restored: the backups may be "
        "useless.",
        source="our choice: none is expected; a data point is an hour",
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
        why="Objects from the other region arrive later than promised (seconds): a failover would miss them.",
        source="AWS: Replication Time Control promises 15 minutes; our choice: for 15 minutes",
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
        why="S3 failed to replicate an object to the other region, and does not retry.",
        source="our choice: none is expected",
    ),
)
