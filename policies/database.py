"""The database: encrypted, private, highly available and backed up."""

from policies.rule import CRITICAL, HIGH, LOW, MEDIUM, Finding, Findings, Resource, rule
from policies.values import Secret, region_of

INSTANCE = "aws:rds/instance:Instance"
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
KEPT_BACKUPS = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"

BACKUP_DAYS_FLOOR = 14
MONITORING_SECONDS_FLOOR = 1
LOGS = frozenset({"audit", "error", "slowquery"})
GUESSED_NAMES = frozenset({"admin", "administrator", "awsuser", "mysql", "postgres", "root", "user"})
SECURE_TRANSPORT = "require_secure_transport"
ON = frozenset({"1", "on"})
"""RDS takes ON and stores 1."""


@rule(
    on=INSTANCE, severity=HIGH, controls="FSBP RDS.3; CIS 3.0 2.3.1; CIS 5.0 2.2.1; PCI 3.5.1; GDPR 32",
    remedy="Set storage_encrypted.",
)  # fmt: skip
def database_encrypted(database: Resource) -> Findings:
    """A database's storage is encrypted."""
    return database.wants("storageEncrypted", True)


@rule(
    on=(INSTANCE, KEPT_BACKUPS), severity=HIGH, controls="FSBP RDS.4; PCI 3.5.1; GDPR 32 (own)",
    remedy="Set kms_key_id to a key in the copy's region.",
)  # fmt: skip
def database_copy_key_local(copy: Resource) -> Findings:
    """A replica or a backup copy is encrypted with a key in its own region."""
    if copy.type == INSTANCE and not copy.has("replicateSourceDb"):
        return
    if not copy.has("kmsKeyId"):
        yield Finding("kmsKeyId not set", f"a key in {copy.region}")
    elif (region := region_of(copy.get("kmsKeyId"))) != copy.region:
        yield Finding(f"a key in {region}", f"a key in {copy.region}")


@rule(
    on=INSTANCE, severity=CRITICAL,
    controls="FSBP RDS.2; CIS 3.0 2.3.3; CIS 5.0 2.2.3; PCI 1.3.1; PCI 1.4.2; GDPR 32 (own)",
    remedy="Set publicly_accessible to False.",
)  # fmt: skip
def database_private(database: Resource) -> Findings:
    """A database is not publicly accessible."""
    return database.wants("publiclyAccessible", False)


@rule(
    on=INSTANCE, severity=HIGH, controls="FSBP RDS.5; CIS 5.0 2.2.4; GDPR 32(1)(b) (own)",
    remedy="Set multi_az.",
)  # fmt: skip
def database_multi_az(database: Resource) -> Findings:
    """A database that takes writes survives the loss of a zone."""
    return [] if database.has("replicateSourceDb") else database.wants("multiAz", True)


@rule(
    on=INSTANCE, severity=HIGH, controls="FSBP RDS.11; PCI 10.3.3; GDPR 32",
    remedy="Raise database.backup_retention_days.",
)  # fmt: skip
def database_backups_kept(database: Resource) -> Findings:
    """A database's automated backups are kept for at least two weeks."""
    return database.wants_at_least("backupRetentionPeriod", BACKUP_DAYS_FLOOR)


@rule(
    on=INSTANCE, severity=HIGH, controls="FSBP RDS.8; GDPR 32 (own)",
    remedy="Set deletion_protection, and leave skip_final_snapshot off.",
)  # fmt: skip
def database_deletion_protected(database: Resource) -> Findings:
    """A database is protected from deletion, and a final snapshot is taken."""
    yield from database.wants("deletionProtection", True)
    # RDS takes no final snapshot of a replica.
    if database.get("skipFinalSnapshot") and not database.has("replicateSourceDb"):
        yield Finding("skipFinalSnapshot true", "a final snapshot")


@rule(
    on=INSTANCE, severity=HIGH, controls="FSBP RDS.13; CIS 3.0 2.3.2; CIS 5.0 2.2.2; PCI 6.3.3",
    remedy="Set auto_minor_version_upgrade.",
)  # fmt: skip
def database_patched(database: Resource) -> Findings:
    """A database installs minor versions, which contain security fixes, automatically."""
    return database.wants("autoMinorVersionUpgrade", True)


@rule(
    on=INSTANCE, severity=MEDIUM, controls="FSBP RDS.9; PCI 10.2.1; GDPR 32",
    remedy="Export these logs.",
)  # fmt: skip
def database_logs_exported(database: Resource) -> Findings:
    """A database exports its error, slow query and audit logs."""
    return database.wants_all("enabledCloudwatchLogsExports", LOGS)


@rule(on=INSTANCE, severity=LOW, controls="FSBP RDS.6", remedy="Set monitoring_interval_seconds.")
def database_monitored(database: Resource) -> Findings:
    """A database has enhanced monitoring."""
    return database.wants_at_least("monitoringInterval", MONITORING_SECONDS_FLOOR)


@rule(
    on=INSTANCE, severity=MEDIUM, controls="FSBP RDS.10; PCI 7.2.1",
    remedy="Set iam_database_authentication_enabled.",
)  # fmt: skip
def database_iam_login(database: Resource) -> Findings:
    """People can sign in to a database with short-lived IAM tokens."""
    return database.wants("iamDatabaseAuthenticationEnabled", True)


@rule(
    on=INSTANCE, severity=MEDIUM, controls="FSBP RDS.25; PCI 2.2.2 (own)",
    remedy="Choose another database.username.",
)  # fmt: skip
def database_username_unusual(database: Resource) -> Findings:
    """The name of a database's master user is not a common one, which attackers try first."""
    if database.has("replicateSourceDb"):
        return
    if not database.has("username"):
        yield Finding("username not set", "a name of our own")
    elif str(database.get("username")).lower() in GUESSED_NAMES:
        yield Finding(f"username {database.get('username')}", "a name of our own")


@rule(on=INSTANCE, severity=LOW, controls="FSBP RDS.17", remedy="Set copy_tags_to_snapshot.")
def database_snapshots_tagged(database: Resource) -> Findings:
    """A database's snapshots carry its tags."""
    return database.wants("copyTagsToSnapshot", True)


@rule(
    on=PARAMETERS, severity=HIGH, controls="FSBP RDS.39; PCI 4.2.1 (own); GDPR 32 (own)",
    remedy="Set the parameter require_secure_transport to 1.",
)  # fmt: skip
def database_tls_required(group: Resource) -> Findings:
    """A MySQL database refuses connections without TLS."""
    parameters = {each["name"]: each.get("value") for each in group.get("parameters") or []}
    value = parameters.get(SECURE_TRANSPORT)
    if str(value).lower() not in ON:
        yield Finding(f"{SECURE_TRANSPORT} {value or 'not set'}", f"{SECURE_TRANSPORT} 1")


@rule(
    on=INSTANCE, severity=CRITICAL, controls="PCI 8.3.2 (own); PCI 8.6.2 (own); GDPR 32 (own)",
    remedy="Read the password with require_secret.",
)  # fmt: skip
def database_password_secret(database: Resource) -> Findings:
    """A database's password is a stack secret or managed by RDS, never plain text."""
    if database.has("replicateSourceDb") or database.raw("manageMasterUserPassword") is True:
        return
    password = database.raw("password")
    if not isinstance(password, Secret):
        yield Finding("password not set" if not database.has("password") else "a password in plain text", "a secret")


POLICIES = (
    database_encrypted,
    database_copy_key_local,
    database_private,
    database_multi_az,
    database_backups_kept,
    database_deletion_protected,
    database_patched,
    database_logs_exported,
    database_monitored,
    database_iam_login,
    database_username_unusual,
    database_snapshots_tagged,
    database_tls_required,
    database_password_secret,
)
