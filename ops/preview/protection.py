"""Protection that a change removes: switches, minimums, rules, and resources that exist only for protection."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ops.preview.changes import DELETED, REPLACED, UNKNOWN, UPDATED, Change, Difference, differences, said
from ops.preview.danger import Danger, Kind, danger
from ops.preview.openings import listed

INDEX = re.compile(r"\[\d+\]")

STAY_ON = frozenset({
    "actionsEnabled",
    "atRestEncryptionEnabled",
    "autoMinorVersionUpgrade",
    "automaticFailoverEnabled",
    "blockPublicAcls",
    "blockPublicPolicy",
    "copyTagsToSnapshot",
    "deletionProtection",
    "dropInvalidHeaderFields",
    "enable",
    "enableDeletionProtection",
    "enableKeyRotation",
    "enableLogFileValidation",
    "enableLogging",
    "enabled",
    "encrypted",
    "iamDatabaseAuthenticationEnabled",
    "ignorePublicAcls",
    "isEnabled",
    "isMultiRegionTrail",
    "multiAz",
    "multiAzEnabled",
    "proxied",
    "restrictPublicBuckets",
    "status",
    "storageEncrypted",
    "transitEncryptionEnabled",
})  # fmt: skip
"""Switches that protect while they are on; not set is off."""
ON = frozenset({"true", "enabled", "active"})
"""The text of a switch that is on."""
STAY_OFF = frozenset({
    "associatePublicIpAddress", "forceDestroy", "mapPublicIpOnLaunch", "publiclyAccessible", "skipFinalSnapshot",
})  # fmt: skip
"""Switches that protect while they are off; not set is off."""
STAY_SET = frozenset({
    "accessLogs",
    "authToken",
    "cloudWatchLogsGroupArn",
    "kmsKeyArn",
    "kmsKeyId",
    "kmsMasterKeyId",
    "redrivePolicy",
    "replicationTime",
})  # fmt: skip
"""Values that protect as long as they are set."""
FOREVER = math.inf
FLOORS: Mapping[str, float] = {
    "backupRetentionPeriod": 0,
    "defaultRetention.days": 0,
    "deleteAfter": FOREVER,  # AWS Backup, Lifecycle
    "deletionWindowInDays": 30,  # KMS, ScheduleKeyDeletion
    "expiration.days": FOREVER,  # S3: without a rule objects stay
    "messageRetentionSeconds": 345_600,  # SQS, SetQueueAttributes
    "minRetentionDays": 0,
    "monitoringInterval": 0,
    "noncurrentDays": FOREVER,  # S3: as expiration.days
    "recoveryWindowInDays": 30,  # Secrets Manager, DeleteSecret
    "retentionInDays": FOREVER,  # CloudWatch Logs, CreateLogGroup
    "snapshotRetentionLimit": 0,
}
"""Numbers that protect less when they are lower, and the service's default."""
ZERO_IS_FOREVER = frozenset({"retentionInDays"})
"""Numbers for which the provider treats 0 as not set."""
CEILINGS: Mapping[str, float] = {
    "httpPutResponseHopLimit": 1,  # EC2, ModifyInstanceMetadataOptions
}
"""Numbers that protect less when they are higher, and the service's default."""
ORDERS: Mapping[str, tuple[str, ...]] = {
    "decision": ("bypass", "non_identity", "allow", "deny"),  # Cloudflare Access
    "defaultActions.type": (
        "forward",
        "redirect",
        "fixed-response",
    ),  # a listener's action for requests that no rule matches
    "defaultRetention.mode": ("GOVERNANCE", "COMPLIANCE"),
    "desyncMitigationMode": ("monitor", "defensive", "strictest"),
    "healthCheckType": ("EC2", "ELB"),
    "httpTokens": ("optional", "required"),
    "mutualAuthentication.mode": ("off", "passthrough", "verify"),
    "objectOwnership": ("ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"),
    "sseAlgorithm": ("AES256", "aws:kms", "aws:kms:dsse"),
}
"""Values in the order of protection, least first; not set is lowest."""
ZONE_SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
ZONE_ORDERS: Mapping[str, tuple[str, ...]] = {
    "always_use_https": ("off", "on"),
    "min_tls_version": ("1.0", "1.1", "1.2", "1.3"),
    "ssl": ("off", "flexible", "full", "strict"),
    "tls_1_3": ("off", "on"),
}
"""The values of a zone's settings, in the form of ORDERS."""
ACCESS_POLICY = "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy"
MEMBERS: Mapping[str, str] = {
    "alarmActions": "",
    "enabledCloudwatchLogsExports": "",
    "excludes": ACCESS_POLICY,
    "policies": "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
    "redactedFields": "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    "replicas": "aws:secretsmanager/secret:Secret",
    "requires": ACCESS_POLICY,
    "resources": "aws:backup/selection:Selection",
    "subnetIds": "aws:ec2/networkAcl:NetworkAcl",
}
"""Lists whose items protect or are protected, and the only type for which that is true, if not for all."""
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
    "aws:cfg/recorder:Recorder": "the record of changes",
    "aws:cfg/recorderStatus:RecorderStatus": "the record of changes",
    "aws:cloudtrail/trail:Trail": "the record of who did what",
    "aws:cloudwatch/eventRule:EventRule": "the mails about its events",
    "aws:cloudwatch/eventTarget:EventTarget": "the mails about its events",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "the count of its events, and the alarms on it",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "its alarm",
    "aws:ebs/encryptionByDefault:EncryptionByDefault": "encryption of new disks",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "that the default group stays empty",
    "aws:ec2/flowLog:FlowLog": "the record of connections",
    "aws:ec2/networkAcl:NetworkAcl": "the subnets' filter",
    "aws:guardduty/detector:Detector": "the detection of threats",
    "aws:guardduty/detectorFeature:DetectorFeature": "the detection of threats",
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": "backups in the other region",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": "the block of public access",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "the expiry of objects",
    "aws:s3/bucketLogging:BucketLogging": "the record of access",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": "the lock of objects",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "that access lists are ignored",
    "aws:s3/bucketPolicy:BucketPolicy": "what its policy denies",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "the block of public access",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "copies in the other region",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "encryption by its key",
    "aws:s3/bucketVersioning:BucketVersioning": "versions of objects",
    "aws:secretsmanager/secretRotation:SecretRotation": "its rotation",
    "aws:securityhub/account:Account": "the findings",
    "aws:sns/topic:Topic": "its messages to operators",
    "aws:sns/topicPolicy:TopicPolicy": "the right of services to publish to it",
    "aws:sns/topicSubscription:TopicSubscription": "the messages to this recipient",
    "aws:sqs/queuePolicy:QueuePolicy": "what its policy denies",
    "aws:wafv2/webAcl:WebAcl": "the web application firewall",
    "aws:wafv2/webAclAssociation:WebAclAssociation": "the firewall of its load balancer",
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": "the record of requests",
    "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings": "its proof towards origins",
    "cloudflare:index/ruleset:Ruleset": "its rules",
    "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": "the login in front of the host",
    ACCESS_POLICY: "who may pass the login",
    "cloudflare:index/zoneDnssec:ZoneDnssec": "signed DNS answers",
    "cloudflare:index/zoneSetting:ZoneSetting": "the zone's setting, which becomes Cloudflare's default",
}
"""Types that exist to protect, and what is lost without them."""


def removed(change: Change) -> Iterator[Danger]:
    """Everything that makes a resource, or what it protects, less protected than before."""
    return (danger(Kind.PROTECTION, change, what) for what in _removed(change))


def _removed(change: Change) -> Iterator[str]:
    if change.was_protected and change.operation == DELETED:
        yield "protect: the engine stops at its deletion until that is lifted"
    elif change.was_protected and not change.protected:
        yield "protect: the engine may delete it from now on"
    if change.operation == DELETED and change.type in GUARDS:
        yield f"deleted: {GUARDS[change.type]}"
    if change.operation in (UPDATED, REPLACED):
        old, new = dict(change.old), dict(change.new)
        if change.type in ROWS:
            before, after = (_rows(change.type, inputs.pop("rules", None)) for inputs in (old, new))
            yield from _of_rows(before, after)
        yield from _members(change)
        yield from map(str, weakened(old, new))
        setting = str(new.get("settingId"))
        if change.type == ZONE_SETTING and _lower(ZONE_ORDERS.get(setting, ()), old.get("value"), new.get("value")):
            yield f"{Difference(path=setting, old=old.get('value'), new=new.get('value'))}"


def weakened(old: Any, new: Any) -> Iterator[Difference]:
    """The properties that protect less than before."""
    return (each for each in _leaves(differences(old, new)) if _weaker(each))


def _leaves(found: Iterable[Difference]) -> Iterator[Difference]:
    """The properties themselves if a whole block is added or removed; an added or removed list item counts as one."""
    for each in found:
        yield each
        block = isinstance(each.old or each.new, Mapping) and (each.old is None or each.new is None)
        if block and not each.path.endswith("]"):
            yield from _leaves(differences(each.old or {}, each.new or {}, each.path))


def _weaker(each: Difference) -> bool:
    path = INDEX.sub("", each.path)
    for key in (path.rpartition(".")[2], ".".join(path.split(".")[-2:])):
        if (
            (key in STAY_ON and _on(each.old) and not _on(each.new))
            or (key in STAY_OFF and not _on(each.old) and _on(each.new))
            or (key in STAY_SET and each.old and not each.new)
            or (key in FLOORS and _number(key, each.new) < _number(key, each.old))
            or (key in CEILINGS and _number(key, each.new) > _number(key, each.old))
            or (key in ORDERS and _lower(ORDERS[key], each.old, each.new))
        ):
            return True
    return False


def _lower(order: tuple[str, ...], old: Any, new: Any) -> bool:
    return new != UNKNOWN and old in order and (new not in order or order.index(new) < order.index(old))


def _members(change: Change) -> Iterator[str]:
    for key, kind in MEMBERS.items():
        new = listed(change.new.get(key))
        if kind in ("", change.type) and UNKNOWN not in new:
            yield from (f"{key}: {said(each)}: removed" for each in listed(change.old.get(key)) if each not in new)


def _rows(kind: str, given: Any) -> dict[str, Mapping[str, Any]]:
    """The rules of a resource by their identity, whatever their position."""
    found = [row for row in listed(given) if isinstance(row, Mapping)]
    return {str(next((row[key] for key in ROWS[kind] if row.get(key)), row)): row for row in found}


def _of_rows(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"rule {name}: removed" for name in sorted(old.keys() - new.keys()))
    for name in sorted(old.keys() & new.keys()):
        yield from (f"rule {name}: {what}" for what in _of_row(old[name], new[name]))


def _of_row(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if _action(new) in WEAKER and _action(old) not in WEAKER:
        yield f"{_action(old)} to {_action(new)}"
    # Only for rules, an unset switch is on.
    yield from map(str, weakened({"enabled": True, **old}, {"enabled": True, **new}))
    for each in differences(old.get("copyActions") or [], new.get("copyActions") or [], "copyActions"):
        if each.new is None and each.path.endswith("]"):
            yield f"{each.path}: removed"


def _action(row: Mapping[str, Any]) -> str:
    """The action of a firewall rule: a word at Cloudflare, the only key of a block in AWS WAF."""
    action = row.get("action") or row.get("overrideAction")
    if isinstance(action, Mapping):
        return next(iter(action), "")
    return str(action or "")


def _on(value: Any) -> bool:
    return value is True or str(value).lower() in ON


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or (key in ZERO_IS_FOREVER and value == 0):
        return FLOORS.get(key, CEILINGS.get(key, 0))
    return float(value)
