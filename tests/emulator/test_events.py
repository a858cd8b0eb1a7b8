"""EventBridge on the emulated AWS: what a rule matches, and to which topics it publishes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ops.core.aws import rows
from tests.emulator.emulated import OTHER_REGION, REGION, Clients
from tests.emulator.mailed import GUARDDUTY, HUB, Topic, finding, lets, policy

ALL = json.dumps({"source": ["aws.securityhub"]})
PUBLISH, WITH_KEY = lets("sns:Publish"), lets(["kms:Decrypt", "kms:GenerateDataKey*"])
OF_THE_ACCOUNT = {"Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}}
NO_TLS = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "*"} | {
    "Condition": {"Bool": {"aws:SecureTransport": "false"}}
}


@pytest.fixture
def hub(aws: Clients) -> Iterator[Any]:
    client = aws("securityhub")
    client.enable_security_hub(EnableDefaultStandards=False)
    yield client
    for region in (REGION, OTHER_REGION):
        for rule in rows(aws("events", region), "list_rules"):
            aws("events", region).disable_rule(Name=rule["Name"])


def topic(aws: Clients, name: str, topic_policy: str = policy(PUBLISH), key: str | None = policy(WITH_KEY)) -> Topic:
    return Topic(aws=aws, name=name, topic_policy=topic_policy, key_policy=key)


@pytest.mark.fix("securityhub.py:findings_become_events")
def test_a_finding_is_an_event_that_says_it_is_new(aws: Clients, hub: Any, name: str) -> None:
    made = topic(aws, name)
    made.told_by(ALL)
    hub.batch_import_findings(Findings=[finding(name, GUARDDUTY, "HIGH")])
    (event,) = (json.loads(text) for text in made.told())
    assert (event["detail-type"], event["region"]) == ("Security Hub Findings - Imported", REGION)
    (told,) = event["detail"]["findings"]
    assert told == finding(name, GUARDDUTY, "HIGH", RecordState="ACTIVE", Workflow={"Status": "NEW"})


@pytest.mark.fix("events.py:lists_of_objects_are_matched")
def test_a_rule_matches_what_one_finding_in_the_list_has(aws: Clients, hub: Any, name: str) -> None:
    made = topic(aws, name)
    either = [{"Severity": {"Label": ["HIGH"]}}, {"ProductArn": [GUARDDUTY], "Severity": {"Label": ["MEDIUM"]}}]
    made.told_by(json.dumps({"detail": {"findings": {"RecordState": ["ACTIVE"], "$or": either}}}))
    for number, (product, label) in enumerate([(HUB, "HIGH"), (HUB, "MEDIUM"), (GUARDDUTY, "MEDIUM")]):
        hub.batch_import_findings(Findings=[finding(f"{name}-{number}", product, label)])
    told = [json.loads(text)["detail"]["findings"][0]["Id"][-1] for text in made.told()]
    assert sorted(told) == ["0", "2"]


@pytest.mark.fix("events.py:topics_are_published_to")
def test_a_topic_gets_the_text_of_the_rule(aws: Clients, hub: Any, name: str) -> None:
    made = topic(aws, name, policy(PUBLISH, NO_TLS))
    paths = {"label": "$.detail.findings[0].Severity.Label", "nothing": "$.detail.findings[0].Nothing"}
    made.told_by(ALL, {"InputPathsMap": paths, "InputTemplate": '"<label>"\n"and <nothing>"'})
    hub.batch_import_findings(Findings=[finding(name, GUARDDUTY, "HIGH")])
    assert made.told() == ['"HIGH"\n"and "']


@pytest.mark.parametrize(
    ("of_topic", "of_key"),
    [
        (policy(), policy(WITH_KEY)),
        (policy(PUBLISH), policy()),
        (policy(PUBLISH), None),
        (policy(PUBLISH | OF_THE_ACCOUNT), policy(WITH_KEY)),
        (policy(PUBLISH), policy(WITH_KEY | OF_THE_ACCOUNT)),
        (policy(PUBLISH), policy(lets("kms:GenerateDataKey*"))),
        (policy(lets("sns:Publish", "arn:aws:sns:eu-central-1:210987654321:other")), policy(WITH_KEY)),
    ],
    ids=["topic", "key", "key of AWS", "condition of topic", "condition of key", "half of key", "other topic"],
)
def test_a_topic_that_eventbridge_may_not_use_hears_nothing(
    aws: Clients, hub: Any, name: str, of_topic: str, of_key: str | None
) -> None:
    made, witness = topic(aws, name, of_topic, of_key), topic(aws, f"{name}-witness")
    made.told_by(ALL)
    witness.told_by(ALL)
    hub.batch_import_findings(Findings=[finding(name, GUARDDUTY, "HIGH")])
    assert (made.told(), len(witness.told())) == ([], 1)


def test_a_rule_tells_no_topic_of_another_region(aws: Clients, hub: Any, name: str) -> None:
    made = topic(aws, name)
    made.told_by(ALL)
    (target,) = aws("events").list_targets_by_rule(Rule=name)["Targets"]
    events, away = aws("events", OTHER_REGION), aws("securityhub", OTHER_REGION)
    events.put_rule(Name=name, EventPattern=ALL)
    events.put_targets(Rule=name, Targets=[target])
    away.enable_security_hub(EnableDefaultStandards=False)
    for client in (away, hub):
        client.batch_import_findings(Findings=[finding(name, GUARDDUTY, "HIGH")])
    assert [json.loads(text)["region"] for text in made.told()] == [REGION]
