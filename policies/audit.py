"""The audit trail: who did what, what changed, and who is notified."""

import json
from functools import partial
from typing import Any

from policies.rule import HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule

TRAIL = "aws:cloudtrail/trail:Trail"
BUCKET = "aws:s3/bucket:Bucket"
METRIC_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DETECTOR = "aws:guardduty/detector:Detector"
DETECTOR_FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
RECORDER = "aws:cfg/recorder:Recorder"
RECORDER_STATUS = "aws:cfg/recorderStatus:RecorderStatus"
SECURITY_HUB = "aws:securityhub/account:Account"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
TOPIC = "aws:sns/topic:Topic"

TELL_OF_FINDINGS = frozenset({"aws.guardduty", "aws.securityhub"})
"""What sends events about findings: GuardDuty about its own, Security Hub about all."""
FEATURES = frozenset({"RDS_LOGIN_EVENTS", "S3_DATA_EVENTS"})
WATCHED_EVENTS = {
    "4.1 unauthorized calls": "UnauthorizedOperation",
    "4.2 sign-in without MFA": "MFAUsed",
    "4.3 use of root": "Root",
    "4.4 IAM changes": "PutRolePolicy",
    "4.5 trail changes": "StopLogging",
    "4.6 failed sign-ins": "Failed authentication",
    "4.7 keys disabled or deleted": "ScheduleKeyDeletion",
    "4.8 bucket policy changes": "PutBucketPolicy",
    "4.9 Config changes": "StopConfigurationRecorder",
    "4.10 security group changes": "AuthorizeSecurityGroupIngress",
    "4.11 network ACL changes": "CreateNetworkAcl",
    "4.12 gateway changes": "AttachInternetGateway",
    "4.13 route changes": "CreateRoute",
    "4.14 VPC changes": "CreateVpc",
    "4.15 organization changes": "organizations.amazonaws.com",
}
"""The filters of CIS 4.1 to 4.15, each with a word that only its pattern in the benchmark has."""


@rule(
    severity=HIGH,
    controls="FSBP CloudTrail.1; CIS 3.0 3.1; CIS 5.0 3.1; PCI 10.2.1; GDPR 30",
    remedy="Declare a Trail with is_multi_region_trail.",
)  # fmt: skip
def account_trail_on(stack: Stack) -> Findings:
    """A trail records activity in all regions of the account."""
    trails = [trail.get("isMultiRegionTrail") for trail in stack.of(TRAIL)]
    if stack.has_account and True not in trails:
        yield Finding("no multi-region trail", "one")


@rule(
    on=TRAIL, severity=HIGH,
    controls="FSBP CloudTrail.2; FSBP CloudTrail.4; FSBP CloudTrail.5; CIS 3.0 3.2; CIS 3.0 3.5; CIS 5.0 3.2; "
    "CIS 5.0 3.5; PCI 10.3.2; PCI 10.3.4; GDPR 25; GDPR 32",
    remedy="Set enable_log_file_validation, kms_key_id and cloud_watch_logs_group_arn.",
)  # fmt: skip
def trail_trustworthy(trail: Resource) -> Findings:
    """A trail is on, validated against tampering, encrypted, and read by alarms."""
    yield from trail.wants("enableLogFileValidation", True)
    yield from trail.wants_any("kmsKeyId")
    yield from trail.wants_any("cloudWatchLogsGroupArn")
    if trail.get("enableLogging") is False:
        yield Finding("enableLogging false", "enableLogging true")


@rule(
    severity=MEDIUM, controls="CIS 3.0 3.8; CIS 3.0 3.9; CIS 5.0 3.8; CIS 5.0 3.9; PCI 10.2.1; GDPR 30",
    remedy="Add the objects of the backup buckets to the trail's selectors.",
)  # fmt: skip
def trail_sees_backups(stack: Stack) -> Findings:
    """A trail records who reads and writes backup objects."""
    if not stack.has_account:
        return
    for trail in stack.of(TRAIL):
        events = [
            each for selector in trail.get("eventSelectors") or [] for each in selector.get("dataResources") or []
        ]
        fields = [
            each
            for selector in trail.get("advancedEventSelectors") or []
            for each in selector.get("fieldSelectors") or []
        ]
        if any(each.get("type") == "AWS::S3::Object" for each in events):
            return
        if any("AWS::S3::Object" in (each.get("equals") or []) for each in fields):
            return
    yield Finding("no S3 data events", "data events of AWS::S3::Object")


@rule(
    severity=MEDIUM, controls="CIS 3.0 4.1 to 4.15; CIS 5.0 4.1 to 4.15; PCI 10.4 (own); GDPR 30 (own)",
    remedy="Declare a LogMetricFilter on the trail's log group, and a MetricAlarm with an action on its metric.",
)  # fmt: skip
def account_events_alarmed(stack: Stack) -> Findings:
    """Each of CIS's fifteen kinds of events raises an alarm."""
    if not stack.has_account:
        return
    filters = {each.name: each for each in stack.of(METRIC_FILTER)}
    rung = {(alarm.get("namespace"), alarm.get("metricName")) for alarm in stack.of(ALARM) if alarm.raw("alarmActions")}
    patterns = [
        str(each.get("pattern"))
        for each in filters.values()
        if (each.get("metricTransformation.namespace"), each.get("metricTransformation.name")) in rung
    ]
    missing = [event for event, word in WATCHED_EVENTS.items() if not any(word in pattern for pattern in patterns)]
    if missing:
        yield Finding(f"no filter with an alarm for {', '.join(missing)}", "all fifteen")


@rule(
    severity=HIGH, controls="FSBP GuardDuty.1; FSBP GuardDuty.9; FSBP GuardDuty.10; PCI 11.5.1; GDPR 25; GDPR 30",
    remedy="Declare a Detector with the features S3_DATA_EVENTS and RDS_LOGIN_EVENTS in each region.",
)  # fmt: skip
def region_threats_watched(stack: Stack) -> Findings:
    """GuardDuty monitors each region, including its buckets and databases."""
    # A detector is on by default.
    for region in stack.regions_without(DETECTOR, lambda each: each.get("enable") is not False):
        yield Finding(f"no enabled detector in {region}", "a detector")
    for feature in sorted(FEATURES):
        for region in stack.regions_without(DETECTOR_FEATURE, partial(_is_on, feature)):
            yield Finding(f"{feature} off in {region}", f"{feature} on")


def _is_on(feature: str, declared: Resource) -> bool:
    return declared.get("name") == feature and declared.get("status") == "ENABLED"


@rule(
    severity=HIGH, controls="FSBP Config.1; CIS 3.0 3.3; CIS 5.0 3.3; GDPR 30",
    remedy="Declare a Recorder and an enabled RecorderStatus in each region.",
)  # fmt: skip
def region_changes_recorded(stack: Stack) -> Findings:
    """AWS Config records changes in each region."""
    for region in stack.regions_without(RECORDER):
        yield Finding(f"no recorder in {region}", "a recorder")
    for region in stack.regions_without(RECORDER_STATUS, lambda each: each.get("isEnabled") is True):
        yield Finding(f"no enabled recorder in {region}", "an enabled RecorderStatus")


@rule(
    severity=HIGH, controls="CIS 3.0 4.16; CIS 5.0 4.16; PCI 10.4.1; GDPR 25",
    remedy="Declare a securityhub Account in each region.",
)  # fmt: skip
def region_findings_gathered(stack: Stack) -> Findings:
    """Security Hub collects each region's findings."""
    for region in stack.regions_without(SECURITY_HUB):
        yield Finding(f"no Security Hub in {region}", "Security Hub")


@rule(
    severity=HIGH, controls="PCI 11.5.1 (own); PCI 12.10.5 (own)",
    remedy="Declare an EventRule on the events of aws.securityhub in each region, with an EventTarget that is a topic.",
)  # fmt: skip
def region_findings_told(stack: Stack) -> Findings:
    """Somebody is notified of each region's findings."""
    for region in stack.regions_without(EVENT_RULE, partial(_tells_of_findings, stack)):
        yield Finding(f"nobody is notified of findings in {region}", "an EventBridge rule with a topic")


def _tells_of_findings(stack: Stack, declared: Resource) -> bool:
    try:
        pattern: Any = json.loads(declared.get("eventPattern") or "{}")
    except ValueError:
        return False
    sources = pattern.get("source") or [] if isinstance(pattern, dict) else []
    if declared.get("state") == "DISABLED" or not any(service in sources for service in TELL_OF_FINDINGS):
        return False
    return any(stack.sources(target, TOPIC, "arn") for target in stack.made_from(declared, EVENT_TARGET, "rule"))


POLICIES = (
    account_trail_on,
    trail_trustworthy,
    trail_sees_backups,
    account_events_alarmed,
    region_threats_watched,
    region_changes_recorded,
    region_findings_gathered,
    region_findings_told,
)
