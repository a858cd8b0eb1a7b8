"""What survives a loss: copies in the other region, locked and recent enough, and secrets to start with."""

import re
from itertools import pairwise

from policies.rule import HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule
from policies.values import is_true, region_of, shown

PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"
VAULT = "aws:backup/vault:Vault"
VAULT_LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
DATABASE = "aws:rds/instance:Instance"
KEPT_BACKUPS = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
SECRET = "aws:secretsmanager/secret:Secret"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
GROUP = "aws:autoscaling/group:Group"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"

LOCK_DAYS_FLOOR = 1
KEPT_DAYS_FLOOR = 30
"""The platform's promise for daily snapshots. AWS Config's rule backup-plan-min-frequency-and-min-retention-check
checks the same of a plan, with a configurable number of days."""
DAY_MINUTES = 24 * 60
LAG = "ReplicaLag"
"""RDS: the replication lag in seconds."""
AT_HOURS = re.compile(r"cron\(\d+ (?P<hours>\*|\d+(,\d+)*) \? \* \* \*\)")


@rule(
    on=PLAN, severity=HIGH, controls="FSBP Backup.1; FSBP RDS.26; PCI 10.3.3 (own); GDPR 32(1)(c) (own)",
    remedy="Give each rule of the plan a copy action to a vault in the other region.",
)  # fmt: skip
def backup_copied_offsite(plan: Resource) -> Findings:
    """Every rule of a backup plan copies to a vault in another region."""
    if not plan.each("rules"):
        yield Finding("no rules", "a rule with a copy to another region")
    for each in plan.each("rules"):
        name, copies = plan.get(f"{each}.ruleName"), plan.each(f"{each}.copyActions")
        # Without a copy there is none in another region.
        if all(region_of(plan.get(f"{copy}.destinationVaultArn")) == plan.region for copy in copies):
            yield Finding(f"rule {name} without a copy to another region", "one")


@rule(
    on=VAULT, among=True, severity=HIGH, controls="FSBP Backup.1; PCI 10.3.3 (own); GDPR 32(1)(c) (own)",
    remedy="Declare a VaultLockConfiguration with min_retention_days.",
)  # fmt: skip
def backup_vault_locked(vault: Resource, stack: Stack) -> Findings:
    """Nobody can delete a vault's backups before their retention ends, whatever their permissions."""
    locks = stack.made_from(vault, VAULT_LOCK, "backupVaultName")
    if not locks:
        yield Finding("no vault lock", "a vault lock")
    for lock in locks:
        yield from lock.wants_at_least("minRetentionDays", LOCK_DAYS_FLOOR)


def _minutes_between(schedule: str) -> int | None:
    """The longest time between two backups of a schedule at whole hours; None if it cannot be determined."""
    found = AT_HOURS.fullmatch(schedule)
    if not found:
        return None
    hours = list(range(24)) if found["hours"] == "*" else sorted(map(int, found["hours"].split(",")))
    return 60 * max(later - hour for hour, later in pairwise([*hours, hours[0] + 24]))


@rule(
    on=PLAN, severity=HIGH, controls="own; PCI 10.3.3 (own); GDPR 32(1)(c) (own)",
    remedy="Keep the plan's daily rule, and raise offsite.daily_copies_kept_days.",
)  # fmt: skip
def backup_kept_a_month(plan: Resource) -> Findings:
    """A backup plan has at least a daily rule whose backups and copies are kept for 30 days."""
    rules = plan.each("rules")
    if not any(
        _at_least_daily(plan, each) and all(_kept(plan, path) for path in (each, *plan.each(f"{each}.copyActions")))
        for each in rules
    ):
        days = ", ".join(
            f"{plan.get(f'{each}.ruleName')} {shown(plan.get(f'{each}.lifecycle.deleteAfter'))}" for each in rules
        )
        yield Finding(f"days kept by rule: {days or 'no rule'}", f"a daily rule with {KEPT_DAYS_FLOOR} at least")


def _at_least_daily(plan: Resource, each: str) -> bool:
    minutes = _minutes_between(str(plan.get(f"{each}.schedule")))
    return minutes is not None and minutes <= DAY_MINUTES


def _kept(plan: Resource, path: str) -> bool:
    """Whether a rule, or its copy, is configured to keep backups long enough."""
    return not plan.wants_at_least(f"{path}.lifecycle.deleteAfter", KEPT_DAYS_FLOOR)


@rule(
    on=DATABASE, among=True, severity=HIGH, controls="own; GDPR 32(1)(c) (own)",
    remedy="Declare an InstanceAutomatedBackupsReplication of the replica's source; select the writer in a plan.",
)  # fmt: skip
def database_copied_within_rpo(database: Resource, stack: Stack) -> Findings:
    """A replica's region keeps its source's automated backups, minutes old; a writer is copied once a day."""
    if database.has("replicateSourceDb"):
        source = database.get("replicateSourceDb")
        if source not in [kept.get("sourceDbInstanceArn") for kept in stack.of(KEPT_BACKUPS)]:
            yield Finding(f"no automated backups of {source}", "an InstanceAutomatedBackupsReplication of it")
        return
    plans = [
        plan
        for selection in stack.made_from(database, SELECTION, "resources")
        for plan in stack.sources(selection, PLAN, "planId")
    ]
    schedules = [
        str(plan.get(f"{each}.schedule"))
        for plan in plans
        for each in plan.each("rules")
        if plan.each(f"{each}.copyActions")
    ]
    if all(_minutes_between(schedule) is None for schedule in schedules):
        yield Finding("no scheduled copy every day", "one")


@rule(
    on=DATABASE, among=True, severity=HIGH, controls="own; GDPR 32(1)(c) (own)",
    remedy="Lower recovery.max_replica_lag_seconds, the threshold of the alarm on ReplicaLag.",
)  # fmt: skip
def replica_behind_within_rpo(database: Resource, stack: Stack) -> Findings:
    """A replica raises an alarm before it is further behind than the recovery point objective allows."""
    if not database.has("replicateSourceDb"):
        return
    alarms = [alarm for alarm in stack.made_from(database, ALARM) if LAG in _metrics(alarm)]
    limit = 60 * stack.configuration.rpo_minutes
    if not alarms:
        yield Finding(f"no alarm on {LAG}", f"one at {limit} seconds at most")
    for alarm in alarms:
        threshold = alarm.get("threshold")
        if threshold is None or threshold > limit:
            yield Finding(f"{alarm.name} threshold {threshold}", f"{limit} seconds at most")


def _metrics(alarm: Resource) -> list[str]:
    """The metrics that an alarm reads, directly or by queries."""
    return [alarm.get("metricName"), *(alarm.get(f"{each}.metric.metricName") for each in alarm.each("metricQueries"))]


@rule(
    on=REPLICATION, severity=HIGH, controls="own; GDPR 32(1)(c) (own)",
    remedy="Enable replication_time with 15 minutes, S3's only promise, or raise rpo_minutes of the pack.",
)  # fmt: skip
def bucket_replicated_within_rpo(replication: Resource) -> Findings:
    """Objects are replicated to the other region within the recovery point objective, by S3's promise."""
    limit = replication.configuration.rpo_minutes
    for each in replication.each("rules"):
        promise = f"{each}.destination.replicationTime"
        yield from replication.wants(f"{promise}.status", "Enabled")
        minutes = replication.get(f"{promise}.time.minutes")
        if minutes is None or minutes > limit:
            yield Finding(f"{promise}.time.minutes {minutes}", f"{limit} at most")


@rule(
    on=DATABASE, among=True, severity=HIGH, controls="own; GDPR 32(1)(c) (own)",
    remedy="Keep in the standby what a takeover would otherwise create first: backups, a second zone, a cache.",
)  # fmt: skip
def standby_serves_within_rto(database: Resource, stack: Stack) -> Findings:
    """A standby can serve within the recovery time objective, given what it has and what it must create first."""
    if not database.has("replicateSourceDb"):
        return
    takes, limit = stack.configuration.takeover_minutes, stack.configuration.rto_minutes
    promoted = takes["promote"]
    if not database.get("backupRetentionPeriod"):
        promoted += takes["first_backup"]
    if not is_true(database.get("multiAz")):
        promoted += takes["second_zone"]
    cached = 0 if stack.of(CACHE) else takes["cache"]
    warmups = [group.get("defaultInstanceWarmup") for group in stack.of(GROUP)]
    if None in warmups:
        yield Finding("defaultInstanceWarmup not set", "how long an instance takes to start")
        return
    started = max(warmups, default=0) / 60 + takes["health_check"]
    before = takes["noticed"] + takes["answered"] + takes["decided"]
    total = before + max(promoted, cached, started) + takes["flip"]
    if total > limit:
        yield Finding(f"{total:g} minutes from the loss until it serves", f"{limit} at most")


@rule(
    on=SECRET, among=True, severity=MEDIUM, controls="PCI 3.5.1; GDPR 32 (own)",
    remedy="Set replica regions, with a key of that region.",
)  # fmt: skip
def secret_replicated(secret: Resource, stack: Stack) -> Findings:
    """A secret has a replica in the other region, or belongs to the stack that takes over there."""
    if stack.name in stack.configuration.independent_of_region:
        return
    if not secret.has("replicas"):
        yield Finding("no replica", "a replica in another region")


@rule(
    on=SECRET, among=True, severity=MEDIUM, controls="FSBP SecretsManager.1; PCI 8.3.10",
    remedy="Declare a SecretRotation.",
)  # fmt: skip
def secret_rotated(secret: Resource, stack: Stack) -> Findings:
    """A secret is rotated automatically."""
    if not stack.made_from(secret, ROTATION, "secretId"):
        yield Finding("no rotation", "a rotation")


POLICIES = (
    backup_copied_offsite,
    backup_kept_a_month,
    backup_vault_locked,
    database_copied_within_rpo,
    replica_behind_within_rpo,
    bucket_replicated_within_rpo,
    standby_serves_within_rto,
    secret_replicated,
    secret_rotated,
)
