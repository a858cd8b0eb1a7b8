"""Logs are retained, and alarms reach somebody."""

from fnmatch import fnmatchcase

from policies.rule import HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule
from policies.statements import statements

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
DELIVERY_STREAM = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DATABASE = "aws:rds/instance:Instance"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
KEY = "aws:kms/key:Key"

RULES = ("Service", "events.amazonaws.com")
WITH_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
"""What publishing does with a topic's key (SNS Developer Guide, "Managing encryption keys and costs")."""
LOG_DAYS_FLOOR = 365
FOR_EVER = 0
"""CloudWatch Logs: what 0 days of retention mean."""


@rule(
    on=LOG_GROUP, severity=MEDIUM, controls="PCI 10.5.1; PCI 10.3.2; GDPR 32",
    remedy="Set a retention of 365 days or more, and kms_key_id.",
)  # fmt: skip
def log_kept_and_encrypted(group: Resource) -> Findings:
    """A log group keeps its logs for a year, encrypted with our own key."""
    days = group.get("retentionInDays")
    # If unset, logs never expire either, but nobody decided that.
    if days != FOR_EVER or isinstance(days, bool):
        yield from group.wants_at_least("retentionInDays", LOG_DAYS_FLOOR)
    yield from group.wants_any("kmsKeyId")


@rule(
    on=TOPIC, severity=MEDIUM, controls="FSBP SNS.1; PCI 3.5.1; GDPR 32",
    remedy="Set kms_master_key_id.",
)  # fmt: skip
def topic_encrypted(topic: Resource) -> Findings:
    """A topic's messages are encrypted at rest."""
    return topic.wants_any("kmsMasterKeyId")


@rule(
    on=DELIVERY_STREAM, severity=MEDIUM, controls="FSBP DataFirehose.1; GDPR 32",
    remedy="Set server_side_encryption with our own key.",
)  # fmt: skip
def delivery_stream_encrypted(stream: Resource) -> Findings:
    """A Firehose stream encrypts the data that it buffers."""
    yield from stream.wants("serverSideEncryption.enabled", True)
    yield from stream.wants_any("serverSideEncryption.keyArn")


@rule(
    on=(TOPIC, TOPIC_POLICY), severity=MEDIUM, controls="FSBP SNS.4",
    remedy="Name the principals, or pin them with aws:SourceAccount.",
)  # fmt: skip
def topic_not_public(topic: Resource) -> Findings:
    """A topic's policy grants nothing to everyone."""
    for statement in statements(topic, "policy") if topic.has("policy") else []:
        if statement.open and not statement.pinned:
            yield Finding(f"{', '.join(statement.actions)} allowed to everybody", "named principals")


@rule(
    on=ALARM, among=True, severity=HIGH, controls="own",
    remedy="Set alarm_actions to the alarm topic.",
)  # fmt: skip
def alarm_has_action(alarm: Resource, stack: Stack) -> Findings:
    """An alarm notifies somebody. Alarms of a region that follows may be silent, because it serves no visitors."""
    yield from alarm.wants_any("alarmActions")
    follows = any(database.has("replicateSourceDb") for database in stack.of(DATABASE))
    if alarm.get("actionsEnabled") is False and not follows:
        yield Finding("actionsEnabled false", "actionsEnabled true")


@rule(
    on=TOPIC, among=True, severity=HIGH, controls="own",
    remedy="Set alarm_emails.",
)  # fmt: skip
def topic_reaches_somebody(topic: Resource, stack: Stack) -> Findings:
    """A topic has a subscriber."""
    if not stack.made_from(topic, SUBSCRIPTION, "topic"):
        yield Finding("no subscription", "one at least")


@rule(
    on=EVENT_TARGET, among=True, severity=HIGH, controls="own",
    remedy="Allow events.amazonaws.com, without a condition, in the policies of the topic and of its key.",
)  # fmt: skip
def event_target_reachable(target: Resource, stack: Stack) -> Findings:
    """The topic of an EventBridge rule, and the topic's key, allow EventBridge to publish, without a condition."""
    for topic in stack.sources(target, TOPIC, "arn"):
        if not any(_lets_rules(policy, "sns:Publish") for policy in stack.made_from(topic, TOPIC_POLICY, "arn")):
            yield Finding(f"{topic.name} accepts nothing from EventBridge", "a policy that allows sns:Publish")
        keys = stack.sources(topic, KEY, "kmsMasterKeyId")
        if topic.has("kmsMasterKeyId") and not any(_lets_rules(key, *WITH_KEY) for key in keys):
            yield Finding(
                f"{topic.name} has a key that EventBridge cannot use", f"a key that allows {' and '.join(WITH_KEY)}"
            )


def _lets_rules(resource: Resource, *actions: str) -> bool:
    """Whether a policy allows all of it to EventBridge, on no condition."""
    allowed = [
        action
        for statement in statements(resource, "policy")
        if statement.allows and RULES in statement.principals and not statement.conditions
        for action in statement.actions
    ]
    return all(any(fnmatchcase(wanted.lower(), action.lower()) for action in allowed) for wanted in actions)


POLICIES = (
    log_kept_and_encrypted,
    delivery_stream_encrypted,
    topic_encrypted,
    topic_not_public,
    alarm_has_action,
    topic_reaches_somebody,
    event_target_reachable,
)
