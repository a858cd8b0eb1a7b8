"""The account on the fake cloud: what is recorded, who is notified, and that no region is omitted."""

import json
import re
from typing import Any

import botocore.session
import pytest
from accounts import account, composed
from fake_cloud import Cloud, Record
from lists import by_urn, plain, rotated, with_lists
from stack_files import account_settings

from components.account.changes import PREFIX, RULES
from components.account.cis_events import EVENTS
from outputs import AccountOutputs
from policies.audit import WATCHED_EVENTS

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
BUCKET = "aws:s3/bucket:Bucket"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
KEY = "aws:kms/key:Key"
MAIL = "aws:sns/topicSubscription:TopicSubscription"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
RECORDER = "aws:cfg/recorder:Recorder"
TOPIC = "aws:sns/topic:Topic"
TRAIL = "aws:cloudtrail/trail:Trail"
PROVIDER = "pulumi:providers:aws"
ONCE_A_REGION = (
    RECORDER,
    "aws:accessanalyzer/analyzer:Analyzer",
    "aws:cfg/deliveryChannel:DeliveryChannel",
    "aws:cfg/recorderStatus:RecorderStatus",
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:ebs/encryptionByDefault:EncryptionByDefault",
    "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
    "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults",
    "aws:guardduty/detector:Detector",
    "aws:securityhub/account:Account",
)
LONGEST_PATTERN = 1024
"""CloudWatch Logs API, PutMetricFilter, filterPattern."""


@pytest.fixture(scope="module")
def cloud() -> Cloud[AccountOutputs]:
    return account()


def with_settings(**changes: Any) -> Cloud[AccountOutputs]:
    return composed(account_settings().model_copy(update=changes))


def region_of(record: Record) -> str:
    """The region in the name of a resource's provider."""
    return record.provider.rpartition("::")[0].rpartition("::")[2].removesuffix("-aws")


def statement(policy: dict[str, Any], sid: str) -> dict[str, Any]:
    (found,) = (each for each in policy["Statement"] if each.get("Sid") == sid)
    return found


def test_each_region_where_data_may_be_is_watched(cloud: Cloud[AccountOutputs]) -> None:
    wanted = sorted(account_settings().data_residency_regions)
    assert {kind: sorted(region_of(each) for each in cloud.of(kind)) for kind in ONCE_A_REGION} == dict.fromkeys(
        ONCE_A_REGION, wanted
    )


def test_one_region_alone_records_what_is_global(cloud: Cloud[AccountOutputs]) -> None:
    recorded = {
        region_of(each): each.inputs["recordingGroup"]["includeGlobalResourceTypes"] for each in cloud.of(RECORDER)
    }
    assert [region for region, everything in recorded.items() if everything] == [account_settings().region]


def test_every_region_judges_by_all_rules(cloud: Cloud[AccountOutputs]) -> None:
    rules = cloud.of("aws:cfg/rule:Rule")
    assert len(rules) == len(RULES) * len(account_settings().data_residency_regions)


def test_it_reads_no_stack_and_promises_nothing_to_one(cloud: Cloud[AccountOutputs]) -> None:
    assert (cloud.stacks_read, cloud.exports) == ([], {})


def test_every_resource_is_in_the_account_that_the_file_names(cloud: Cloud[AccountOutputs]) -> None:
    accounts = {json.dumps(each.inputs["allowedAccountIds"]) for each in cloud.of(PROVIDER)}
    assert len(accounts) == 1
    assert account_settings().account_id in accounts.pop()
    defaulted = [each.name for each in cloud.resources if each.custom and not each.provider and each.type != PROVIDER]
    assert defaulted == []


def test_the_trail_sees_every_region_and_objects_but_its_own(cloud: Cloud[AccountOutputs]) -> None:
    trail = cloud.one(TRAIL).inputs
    assert trail["isMultiRegionTrail"]
    assert trail["enableLogFileValidation"]
    management, data = trail["advancedEventSelectors"]
    assert management["fieldSelectors"] == [{"field": "eventCategory", "equals": ["Management"]}]
    fields = {each["field"]: each for each in data["fieldSelectors"]}
    assert fields["resources.type"]["equals"] == ["AWS::S3::Object"]
    own = {f"arn:aws:s3:::{each.inputs['bucket']}/" for each in cloud.of(BUCKET)}
    # Otherwise each object that it writes would cause the next event.
    assert set(fields["resources.ARN"]["notStartsWiths"]) == own


def test_only_this_trail_writes_into_its_bucket_and_with_its_key(cloud: Cloud[AccountOutputs]) -> None:
    settings, trail = account_settings(), cloud.one(TRAIL).inputs
    arn = f"arn:aws:cloudtrail:{settings.region}:{settings.account_id}:trail/{trail['name']}"
    bucket = cloud.one(POLICY, "record-trail-policy").document()
    key = cloud.one(KEY, "record-key").document()
    for policy, sid in (
        (bucket, "TrailLooks"),
        (bucket, "TrailWrites"),
        (key, "TrailEncrypts"),
        (key, "TrailFindsKey"),
    ):
        assert statement(policy, sid)["Condition"]["StringEquals"]["aws:SourceArn"] == arn
    name = cloud.one(BUCKET, "record-trail-bucket").inputs["bucket"]
    assert statement(bucket, "TrailWrites")["Resource"] == f"arn:aws:s3:::{name}/AWSLogs/{settings.account_id}/*"


def test_nobody_empties_the_bucket_of_the_trail_and_it_outlives_the_stack(cloud: Cloud[AccountOutputs]) -> None:
    lock = cloud.one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert lock.inputs["rule"]["defaultRetention"] == {"mode": "COMPLIANCE", "days": account_settings().audit.lock_days}
    bucket = cloud.one(BUCKET, "record-trail-bucket")
    assert (bucket.inputs["objectLockEnabled"], bucket.inputs["forceDestroy"]) == (True, False)
    left = {each.name for each in cloud.resources if each.retain_on_delete}
    assert {name for name in left if not name.startswith("record-trail-")} == {"record-key"}
    assert bucket.name in left


def test_the_bucket_of_the_next_life_has_another_name() -> None:
    audit = account_settings().audit.model_copy(update={"generation": 2})
    after = with_settings(audit=audit).one(BUCKET, "record-trail-bucket").inputs["bucket"]
    assert after == f"askproai-account-trail-2-{account_settings().account_id}"


def test_aws_config_delivers_where_nothing_is_locked(cloud: Cloud[AccountOutputs]) -> None:
    locked = cloud.one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").inputs["bucket"]
    delivery = {each.inputs["s3BucketName"] for each in cloud.of("aws:cfg/deliveryChannel:DeliveryChannel")}
    assert locked not in delivery
    rights = cloud.one("aws:iam/rolePolicy:RolePolicy", "recorder-rights").document()
    assert any(f"/{PREFIX}/AWSLogs/" in str(each["Resource"]) for each in rights["Statement"])


def test_each_event_of_cis_rings_one_alarm_that_mails(cloud: Cloud[AccountOutputs]) -> None:
    patterns = [each.inputs["pattern"] for each in cloud.of(FILTER)]
    # The policies' words come from the benchmark, not from the table of the events.
    assert [event for event, word in WATCHED_EVENTS.items() if not any(word in text for text in patterns)] == []
    metrics = sorted(each.inputs["metricTransformation"]["name"] for each in cloud.of(FILTER))
    assert sorted(alarm.inputs["metricName"] for alarm in cloud.of(ALARM)) == metrics
    topic = cloud.one(TOPIC, "events-topic")
    assert {action for alarm in cloud.of(ALARM) for action in alarm.inputs["alarmActions"]} == {
        cloud.one("aws:sns/topicPolicy:TopicPolicy", "events-publishers").inputs["arn"]
    }
    assert topic.inputs["kmsMasterKeyId"]


def test_everybody_is_mailed_the_findings_of_each_region_by_a_topic_there(cloud: Cloud[AccountOutputs]) -> None:
    settings = account_settings()
    for region in settings.data_residency_regions:
        rule = cloud.one("aws:cloudwatch/eventRule:EventRule", f"{region}-findings-rule")
        target = cloud.one("aws:cloudwatch/eventTarget:EventTarget", f"{region}-findings-target")
        name = cloud.one(TOPIC, f"{region}-findings-topic").inputs["name"]
        assert target.inputs["rule"] == rule.inputs["name"]
        assert target.inputs["arn"] == f"arn:aws:sns:{region}:{settings.account_id}:{name}"
        mails = [each for each in cloud.of(MAIL) if each.inputs["topic"] == target.inputs["arn"]]
        told = sorted((each.inputs["protocol"], each.inputs["endpoint"]) for each in mails)
        assert told == [("email", address) for address in sorted(settings.alarm_emails)]


def test_a_mail_about_a_finding_fits_what_eventbridge_takes(cloud: Cloud[AccountOutputs]) -> None:
    """botocore's model is the witness for EventBridge's limits; what the mail says is all looked up."""
    shapes: Any = botocore.session.get_session().get_service_model("events").shape_for
    for rule in cloud.of("aws:cloudwatch/eventRule:EventRule"):
        assert len(rule.inputs["name"]) <= shapes("RuleName").metadata["max"]
        assert len(rule.inputs["eventPattern"]) <= shapes("EventPattern").metadata["max"]
    for target in cloud.of("aws:cloudwatch/eventTarget:EventTarget"):
        transformer = target.inputs["inputTransformer"]
        paths, text = transformer["inputPaths"], transformer["inputTemplate"]
        assert len(text) <= shapes("TransformerInput").metadata["max"]
        assert set(re.findall(r"<([^>]+)>", text)) == paths.keys()
        assert all(json.loads(line) for line in text.splitlines())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.role)
def test_a_pattern_is_one_that_cloudwatch_takes(event: Any) -> None:
    assert len(event.pattern) <= LONGEST_PATTERN
    assert (event.pattern[0], event.pattern[-1]) == ("{", "}")
    assert event.pattern.count("(") == event.pattern.count(")")
    assert event.pattern.count('"') % 2 == 0


def test_costs_are_told_before_they_are_too_high(cloud: Cloud[AccountOutputs]) -> None:
    told = cloud.one("aws:budgets/budget:Budget").inputs["notifications"]
    found = {(each["notificationType"], each["threshold"]) for each in told}
    assert found == {("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)}
    assert all(each["subscriberEmailAddresses"] == account_settings().alarm_emails for each in told)
    monitor = cloud.one("aws:costexplorer/anomalyMonitor:AnomalyMonitor")
    subscription = cloud.one("aws:costexplorer/anomalySubscription:AnomalySubscription").inputs
    assert len(subscription["monitorArnLists"]) == 1
    assert subscription["monitorArnLists"][0].endswith(f"/{monitor.inputs['name']}")


def test_the_monitor_of_costs_that_aws_made_is_used() -> None:
    arn = f"arn:aws:ce::{account_settings().account_id}:anomalymonitor/of-aws"
    found = with_settings(costs=account_settings().costs.model_copy(update={"monitor_arn": arn}))
    assert found.of("aws:costexplorer/anomalyMonitor:AnomalyMonitor") == []
    subscription = found.one("aws:costexplorer/anomalySubscription:AnomalySubscription")
    assert subscription.inputs["monitorArnLists"] == [arn]


def test_what_is_turned_off_is_not_declared_and_nothing_else_goes() -> None:
    without = {each.type for each in with_settings(turned_off=["access-analyzer", "cost-anomalies"]).resources}
    everything = {each.type for each in with_settings().resources}
    assert everything - without == {
        "aws:accessanalyzer/analyzer:Analyzer",
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
        "aws:costexplorer/anomalySubscription:AnomalySubscription",
    }


def test_the_order_of_lists_makes_no_resource_another_one(cloud: Cloud[AccountOutputs]) -> None:
    after = composed(with_lists(account_settings(), rotated))
    assert by_urn(after, plain).keys() == by_urn(cloud, plain).keys()


def test_the_record_is_protected_until_the_stack_is_named() -> None:
    def protected(cloud: Cloud[AccountOutputs]) -> set[str]:
        return {each.name for each in cloud.resources if each.protect}

    assert {"record-key", "record-trail-bucket", "record-trail"} <= protected(with_settings())
    assert protected(with_settings(allow_destroy_of="account")) == set()
