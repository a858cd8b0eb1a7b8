"""Protection that a change removes: switches, floors, rows of rules, and resources that exist only to protect."""

from collections.abc import Iterator, Mapping
from typing import Any

from ops.preview.changes import DELETED, REPLACED, UPDATED, Change, differences
from ops.preview.danger import Danger, Kind, danger

STAY_ON = frozenset({
    "actionsEnabled",
    "atRestEncryptionEnabled",
    "automaticFailoverEnabled",
    "blockPublicAcls",
    "blockPublicPolicy",
    "deletionProtection",
    "enableDeletionProtection",
    "enableKeyRotation",
    "enabled",
    "encrypted",
    "ignorePublicAcls",
    "multiAz",
    "multiAzEnabled",
    "proxied",
    "restrictPublicBuckets",
    "storageEncrypted",
    "transitEncryptionEnabled",
})  # fmt: skip
"""Switches that protect while they are on; not set is off."""
STAY_OFF = frozenset({"forceDestroy", "publiclyAccessible", "skipFinalSnapshot"})
"""Switches that protect while they are off; not set is off."""
FLOORS = frozenset({
    "backupRetentionPeriod",
    "deleteAfter",
    "deletionWindowInDays",
    "minRetentionDays",
    "recoveryWindowInDays",
    "snapshotRetentionLimit",
})  # fmt: skip
"""Numbers that protect less when they are lower; not set is 0."""
VALUES: Mapping[str, str] = {"versioningConfiguration.status": "Enabled"}
"""Values that protect, by path."""
ROWS: Mapping[str, tuple[str, ...]] = {
    "aws:backup/plan:Plan": ("ruleName",),
    "aws:wafv2/webAcl:WebAcl": ("name",),
    "cloudflare:index/ruleset:Ruleset": ("ref", "description", "expression"),
}
"""Types whose `rules` each protect, and what identifies a rule: the first of these that it has."""
WEAKER = frozenset({"log", "count", "skip", "allow"})
GUARDS: Mapping[str, str] = {
    "aws:backup/plan:Plan": "backups by its rules",
    "aws:backup/selection:Selection": "backups of what it selects",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": "the lock of recovery points",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "its alarm",
    "aws:ec2/flowLog:FlowLog": "the record of connections",
    "aws:ec2/networkAcl:NetworkAcl": "the subnets' filter",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": "the lock of objects",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "the block of public access",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "copies in the other region",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "encryption by its key",
    "aws:s3/bucketVersioning:BucketVersioning": "versions of objects",
    "aws:wafv2/webAcl:WebAcl": "the web application firewall",
    "aws:wafv2/webAclAssociation:WebAclAssociation": "the firewall of its load balancer",
    "cloudflare:index/ruleset:Ruleset": "its rules",
    "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": "the login in front of the host",
    "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": "who may pass the login",
    "cloudflare:index/zoneDnssec:ZoneDnssec": "signed DNS answers",
}
"""Types that exist to protect, and what is lost without them."""


def removed(change: Change) -> Iterator[Danger]:
    """Everything by which a resource, or what it guards, is protected less than before."""
    if change.was_protected and not change.protected and change.operation in (UPDATED, REPLACED, "same"):
        yield danger(Kind.PROTECTION, change, "protect: the engine may delete it from now on")
    if change.was_protected and change.operation == DELETED:
        yield danger(Kind.PROTECTION, change, "protect: the engine stops at its deletion until that is lifted")
    if change.operation == DELETED and change.type in GUARDS:
        yield danger(Kind.PROTECTION, change, f"deleted: {GUARDS[change.type]}")
    if change.operation in (UPDATED, REPLACED):
        yield from _rows(change)
        yield from _switches(change)


def _switches(change: Change) -> Iterator[Danger]:
    for each in differences(_without_rows(change, change.old), _without_rows(change, change.new)):
        key = each.path.rpartition(".")[2]
        off = (key in STAY_ON and _on(each.old) and not _on(each.new)) or (
            key in STAY_OFF and not _on(each.old) and _on(each.new)
        )
        lower = key in FLOORS and _number(each.new) < _number(each.old)
        lost = each.path in VALUES and each.old == VALUES[each.path]
        if off or lower or lost:
            yield danger(Kind.PROTECTION, change, f"{each.path}: {_said(each.old)} to {_said(each.new)}")


def _rows(change: Change) -> Iterator[Danger]:
    if change.type not in ROWS:
        return
    old, new = rows(change.type, change.old), rows(change.type, change.new)
    for name in sorted(old.keys() - new.keys()):
        yield danger(Kind.PROTECTION, change, f"rule {name}: removed")
    for name in sorted(old.keys() & new.keys()):
        weaker = (_action(new[name]) in WEAKER) and _action(old[name]) not in WEAKER
        if weaker:
            yield danger(Kind.PROTECTION, change, f"rule {name}: {_action(old[name])} to {_action(new[name])}")
        for each in differences(old[name], new[name]):
            key = each.path.rpartition(".")[2]
            off = key == "enabled" and each.old is not False and each.new is False
            lower = key in FLOORS and _number(each.new) < _number(each.old)
            if off or lower:
                yield danger(
                    Kind.PROTECTION, change, f"rule {name}: {each.path}: {_said(each.old)} to {_said(each.new)}"
                )
            if key.startswith("copyActions[") and each.new is None:
                yield danger(Kind.PROTECTION, change, f"rule {name}: {each.path}: removed")


def rows(kind: str, inputs: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The rules of a resource by what identifies them, wherever they stand."""
    given = inputs.get("rules")
    found = [row for row in given if isinstance(row, Mapping)] if isinstance(given, list) else []
    return {str(next((row[key] for key in ROWS[kind] if row.get(key)), row)): row for row in found}


def _action(row: Mapping[str, Any]) -> str:
    """What a rule of a firewall does: Cloudflare says it in a word, AWS WAF by the one key of a block."""
    action = row.get("action") or row.get("overrideAction")
    if isinstance(action, Mapping):
        return next(iter(action), "")
    return str(action or "")


def _without_rows(change: Change, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in inputs.items() if not (key == "rules" and change.type in ROWS)}


def _on(value: Any) -> bool:
    return value is True or value == "true"


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _said(value: Any) -> str:
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
