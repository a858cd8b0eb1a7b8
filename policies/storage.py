"""The buckets: private, encrypted, versioned, and replicated if they hold backups."""

from policies.rule import CRITICAL, HIGH, LOW, MEDIUM, Finding, Findings, Resource, Stack, rule
from policies.statements import statements

BUCKET = "aws:s3/bucket:Bucket"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT_PUBLIC_ACCESS = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TRAIL = "aws:cloudtrail/trail:Trail"

BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
KMS = frozenset({"aws:kms", "aws:kms:dsse"})
S3_KEYS = "AES256"
BACKUPS = "backups"
"""The role of a backup bucket, as part of its logical name."""
LOCK_DAYS_FLOOR = 1


def _part(bucket: Resource, stack: Stack, kind: str) -> list[Resource]:
    """The resources of a type that configure a bucket."""
    return stack.made_from(bucket, kind, "bucket")


def _lacks(wanted: str) -> list[Finding]:
    return [Finding("none", wanted)]


def _holds_backups(bucket: Resource) -> bool:
    return BACKUPS in bucket.name.split("-")


def _takes_logs(bucket: Resource, stack: Stack) -> bool:
    return bool(stack.made_from(bucket, LOGGING, "targetBucket") or stack.made_from(bucket, BALANCER, "accessLogs"))


@rule(
    on=PUBLIC_ACCESS, severity=HIGH, controls="FSBP S3.8; CIS 3.0 2.1.4; CIS 5.0 2.1.4; PCI 1.4 (own); GDPR 25 (own)",
    remedy="Set all four blocks.",
)  # fmt: skip
def bucket_public_access_all_blocked(block: Resource) -> Findings:
    """A public access block sets all four blocks."""
    for name in BLOCKS:
        yield from block.wants(name, True)


@rule(
    on=BUCKET, among=True, severity=HIGH,
    controls="FSBP S3.8; CIS 3.0 2.1.4; CIS 5.0 2.1.4; PCI 1.4 (own); GDPR 25 (own)",
    remedy="Declare a BucketPublicAccessBlock for the bucket.",
)  # fmt: skip
def bucket_public_access_blocked(bucket: Resource, stack: Stack) -> Findings:
    """A bucket has a public access block."""
    return [] if _part(bucket, stack, PUBLIC_ACCESS) else _lacks("a public access block")


@rule(
    severity=HIGH, controls="FSBP S3.1; CIS 3.0 2.1.4; CIS 5.0 2.1.4; GDPR 25 (own)",
    remedy="Declare an AccountPublicAccessBlock with all four blocks.",
)  # fmt: skip
def account_public_access_blocked(stack: Stack) -> Findings:
    """The account blocks public access to every bucket, including undeclared ones."""
    if not stack.has_account:
        return
    blocks = stack.of(ACCOUNT_PUBLIC_ACCESS)
    if not blocks:
        yield Finding("no AccountPublicAccessBlock", "one with all four blocks")
    for block in blocks:
        for name in BLOCKS:
            yield from block.wants(name, True)


@rule(
    on=BUCKET, among=True, severity=HIGH,
    controls="FSBP S3.5; CIS 3.0 2.1.1; CIS 5.0 2.1.1; PCI 4.2.1; PCI 2.2.7; GDPR 32",
    remedy="Deny s3:* where aws:SecureTransport is false.",
)  # fmt: skip
def bucket_tls_required(bucket: Resource, stack: Stack) -> Findings:
    """A bucket's policy refuses requests without TLS."""
    found = [each for policy in _part(bucket, stack, POLICY) for each in statements(policy, "policy")]
    denied = any(
        not each.allows
        and "s3:*" in each.actions
        and ("AWS", "*") in each.principals
        and each.tests("Bool", "aws:SecureTransport") == ["false"]
        for each in found
    )
    return [] if denied else _lacks("a policy that denies requests without TLS")


@rule(
    on=POLICY, severity=CRITICAL, controls="FSBP S3.2; FSBP S3.3; CIS 7.0 2.21; PCI 7.2 (own); GDPR 25 (own)",
    remedy="Name the principals.",
)  # fmt: skip
def bucket_policy_not_public(policy: Resource) -> Findings:
    """A bucket's policy grants nothing to everyone."""
    for statement in statements(policy, "policy"):
        if statement.open:
            yield Finding(f"{', '.join(statement.actions)} allowed to everybody", "named principals")


@rule(
    on=BUCKET, among=True, severity=MEDIUM, controls="FSBP S3.17; PCI 3.5.1; GDPR 32",
    remedy="Declare SSE-KMS. S3 and load balancers can write their logs only with S3's own keys.",
)  # fmt: skip
def bucket_encrypted(bucket: Resource, stack: Stack) -> Findings:
    """A bucket encrypts with a KMS key, or with S3's own keys if AWS writes access logs to it."""
    allowed = KMS | {S3_KEYS} if _takes_logs(bucket, stack) else KMS
    found = [
        part.get(f"{each}.applyServerSideEncryptionByDefault.sseAlgorithm")
        for part in _part(bucket, stack, ENCRYPTION)
        for each in part.each("rules")
    ]
    if not found:
        yield from _lacks("default encryption")
    for algorithm in found:
        if algorithm not in allowed:
            yield Finding(f"sseAlgorithm {algorithm or 'not set'}", " or ".join(sorted(allowed)))


@rule(
    on=BUCKET, among=True, severity=HIGH, controls="FSBP S3.14; PCI 10.3.4; GDPR 32 (own)",
    remedy="Declare a BucketVersioning with the status Enabled.",
)  # fmt: skip
def bucket_versioned(bucket: Resource, stack: Stack) -> Findings:
    """A bucket keeps overwritten and deleted objects."""
    found = [part.get("versioningConfiguration.status") for part in _part(bucket, stack, VERSIONING)]
    return [] if found == ["Enabled"] else [Finding(f"versioning {found[0] if found else 'not set'}", "Enabled")]


@rule(
    on=BUCKET, among=True, severity=MEDIUM,
    controls="FSBP S3.9; CIS 3.0 3.4; CIS 5.0 3.4; PCI 10.2.1; GDPR 30 (own)",
    remedy="Declare a BucketLogging to the logs bucket.",
)  # fmt: skip
def bucket_access_logged(bucket: Resource, stack: Stack) -> Findings:
    """Access to a bucket is logged, except to a bucket that receives such logs: each would cause another."""
    if _takes_logs(bucket, stack):
        return []
    return [] if _part(bucket, stack, LOGGING) else _lacks("access logging")


@rule(
    on=BUCKET, among=True, severity=LOW,
    controls="FSBP S3.10; FSBP S3.13; PCI 10.5.1; PCI 3.2.1; GDPR 5(1)(e) (own)",
    remedy="Declare a lifecycle with noncurrent_version_expiration.",
)  # fmt: skip
def bucket_old_versions_expire(bucket: Resource, stack: Stack) -> Findings:
    """A bucket's noncurrent versions expire."""
    rules = [each for part in _part(bucket, stack, LIFECYCLE) for each in part.get("rules") or []]
    kept = [each for each in rules if each.get("status") == "Enabled" and each.get("noncurrentVersionExpiration")]
    return [] if kept else _lacks("a lifecycle rule that expires noncurrent versions")


@rule(
    on=BUCKET, among=True, severity=HIGH, controls="FSBP S3.15; PCI 10.3.4; GDPR 32 (own)",
    remedy="Declare a BucketObjectLockConfiguration with a default retention in COMPLIANCE mode.",
)  # fmt: skip
def bucket_backups_locked(bucket: Resource, stack: Stack) -> Findings:
    """Nobody can delete backups or a trail before their retention ends, whatever their permissions."""
    if not _holds_backups(bucket) and not stack.made_from(bucket, TRAIL, "s3BucketName"):
        return
    retentions = [part.get("rule.defaultRetention") or {} for part in _part(bucket, stack, LOCK)]
    if not retentions:
        yield from _lacks("object lock")
    for retention in retentions:
        days = retention.get("days") or 365 * (retention.get("years") or 0)
        if retention.get("mode") != "COMPLIANCE" or days < LOCK_DAYS_FLOOR:
            yield Finding(f"mode {retention.get('mode') or 'not set'}, {days} days", "mode COMPLIANCE, at least a day")


@rule(
    on=BUCKET, among=True, severity=HIGH, controls="FSBP S3.7; GDPR 32(1)(c) (own)",
    remedy="Declare a BucketReplicationConfig to a bucket in the other region.",
)  # fmt: skip
def bucket_backups_replicated(bucket: Resource, stack: Stack) -> Findings:
    """Backup buckets are replicated to another region."""
    if not _holds_backups(bucket):
        return
    copies = _part(bucket, stack, REPLICATION)
    rules = [each for copy in copies for each in copy.each("rules") if copy.get(f"{each}.status") == "Enabled"]
    targets = [other for copy in copies for other in stack.sources(copy, BUCKET, "rules")]
    if not rules:
        yield from _lacks("replication to another region")
    elif targets and all(target.region == bucket.region for target in targets):
        yield Finding(f"replication within {bucket.region}", "replication to another region")


@rule(
    on=BUCKET, among=True, severity=MEDIUM, controls="FSBP S3.12; PCI 7.2 (own)",
    remedy="Declare BucketOwnershipControls with BucketOwnerEnforced.",
)  # fmt: skip
def bucket_without_acls(bucket: Resource, stack: Stack) -> Findings:
    """Only a bucket's policy decides on access: access control lists are off."""
    found = [part.get("rule.objectOwnership") for part in _part(bucket, stack, OWNERSHIP)]
    if found != ["BucketOwnerEnforced"]:
        yield Finding(f"objectOwnership {found[0] if found else 'not set'}", "BucketOwnerEnforced")
    if bucket.has("acl"):
        yield Finding(f"acl {bucket.get('acl')}", "no acl")


@rule(on=BUCKET, severity=HIGH, controls="own; GDPR 32 (own)", remedy="Leave force_destroy off.")
def bucket_not_emptied_on_delete(bucket: Resource) -> Findings:
    """A bucket that still has objects cannot be deleted."""
    # False is the provider's default, so an unset value is fine.
    return [Finding("forceDestroy true", "forceDestroy false")] if bucket.get("forceDestroy") else []


POLICIES = (
    bucket_public_access_all_blocked,
    bucket_public_access_blocked,
    account_public_access_blocked,
    bucket_tls_required,
    bucket_policy_not_public,
    bucket_encrypted,
    bucket_versioned,
    bucket_access_logged,
    bucket_old_versions_expire,
    bucket_backups_locked,
    bucket_backups_replicated,
    bucket_without_acls,
    bucket_not_emptied_on_delete,
)
