"""What is left after a loss: copies in the other region, locked, young enough, and secrets to start with."""

import re
from itertools import pairwise

from policies.rule import HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule
from policies.values import region_of

PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"
VAULT = "aws:backup/vault:Vault"
VAULT_LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
DATABASE = "aws:rds/instance:Instance"
KEPT_BACKUPS = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
SECRET = "aws:secretsmanager/secret:Secret"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"

LOCK_DAYS_FLOOR = 1
AT_HOURS = re.compile(r"cron\(\d+ (?P<hours>\*|\d+(,\d+)*) \? \* \* \*\)")


@rule(
    on=PLAN, severity=HIGH, controls="FSBP Backup.1; FSBP RDS.26; PCI 10.3.3 (own); GDPR 32(1)(c) (own)",
    remedy="Give each rule of the plan a copy action into a vault of the other region.",
)  # fmt: skip
def backup_copied_offsite(plan: Resource) -> Findings:
    """Every rule of a backup plan copies into a vault of another region."""
    if not plan.each("rules"):
        yield Finding("no rules", "a rule with a copy to another region")
    for each in plan.each("rules"):
        name, copies = plan.get(f"{each}.ruleName"), plan.each(f"{each}.copyActions")
        # No copy at all is none to another region.
        if all(region_of(plan.get(f"{copy}.destinationVaultArn")) == plan.region for copy in copies):
            yield Finding(f"rule {name} without a copy to another region", "one")


@rule(
    on=VAULT, among=True, severity=HIGH, controls="FSBP Backup.1; PCI 10.3.3 (own); GDPR 32(1)(c) (own)",
    remedy="Declare a VaultLockConfiguration with min_retention_days.",
)  # fmt: skip
def backup_vault_locked(vault: Resource, stack: Stack) -> Findings:
    """Nobody deletes a vault's backups before their time, whatever their rights."""
    locks = stack.made_from(vault, VAULT_LOCK, "backupVaultName")
    if not locks:
        yield Finding("no vault lock", "a vault lock")
    for lock in locks:
        yield from lock.wants_at_least("minRetentionDays", LOCK_DAYS_FLOOR)


def _minutes_between(schedule: str) -> int | None:
    """The longest time between two backups of a schedule of whole hours; None where it cannot be told."""
    found = AT_HOURS.fullmatch(schedule)
    if not found:
        return None
    hours = list(range(24)) if found["hours"] == "*" else sorted(map(int, found["hours"].split(",")))
    return 60 * max(later - hour for hour, later in pairwise([*hours, hours[0] + 24]))


@rule(
    on=DATABASE, among=True, severity=HIGH, controls="own; GDPR 32(1)(c) (own)",
    remedy="Select the database in a plan whose copies come within recovery.rpo_minutes, or replicate its backups.",
)  # fmt: skip
def database_copied_within_rpo(database: Resource, stack: Stack) -> Findings:
    """A database that takes writes is copied to the other region as often as the recovery point objective asks."""
    if database.has("replicateSourceDb") or stack.made_from(database, KEPT_BACKUPS, "sourceDbInstanceArn"):
        return
    plans = [
        plan
        for selection in stack.made_from(database, SELECTION, "resources")
        for plan in stack.sources(selection, PLAN, "planId")
    ]
    floor = database.configuration.rpo_minutes
    schedules = [
        str(plan.get(f"{each}.schedule"))
        for plan in plans
        for each in plan.each("rules")
        if plan.each(f"{each}.copyActions")
    ]
    times = [found for schedule in schedules if (found := _minutes_between(schedule)) is not None]
    if not times or min(times) > floor:
        yield Finding(
            f"a copy every {min(times)} minutes" if times else "no scheduled copy",
            f"one every {floor} minutes at least",
        )


@rule(
    on=SECRET, among=True, severity=MEDIUM, controls="PCI 3.5.1; GDPR 32 (own)",
    remedy="Set replica regions, with a key of that region.",
)  # fmt: skip
def secret_replicated(secret: Resource, stack: Stack) -> Findings:
    """A secret has a replica in the other region, or its stack is itself what starts there."""
    if stack.name in stack.configuration.independent_of_region:
        return
    if not secret.has("replicas"):
        yield Finding("no replica", "a replica in another region")


@rule(
    on=SECRET, among=True, severity=MEDIUM, controls="FSBP SecretsManager.1; PCI 8.3.10",
    remedy="Declare a SecretRotation.",
)  # fmt: skip
def secret_rotated(secret: Resource, stack: Stack) -> Findings:
    """A secret is replaced by itself from time to time."""
    if not stack.made_from(secret, ROTATION, "secretId"):
        yield Finding("no rotation", "a rotation")


POLICIES = (
    backup_copied_offsite,
    backup_vault_locked,
    database_copied_within_rpo,
    secret_replicated,
    secret_rotated,
)
