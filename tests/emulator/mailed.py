"""Findings on the emulated AWS, and what a topic is given of them."""

import json
from dataclasses import dataclass
from typing import Any

from tests.emulator.emulated import ACCOUNT, REGION, Clients

SERVICE = {"Service": "events.amazonaws.com"}
GUARDDUTY = f"arn:aws:securityhub:{REGION}::product/aws/guardduty"
ANALYZER = f"arn:aws:securityhub:{REGION}::product/aws/access-analyzer"
HUB = f"arn:aws:securityhub:{REGION}::product/aws/securityhub"
INSTANCE = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0c10c2c7863d1a356"
PUBLIC = "Effects/Data Exposure/External Access Granted"
"""IAM Access Analyzer's, of what is open to everybody (IAM User Guide, "Integrate IAM Access Analyzer with AWS Security
Hub").
"""


def finding(name: str, product: str, label: str, **others: Any) -> dict[str, Any]:
    """As GuardDuty's own example (GuardDuty User Guide, "Typical finding from GuardDuty")."""
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d4b04036/finding/{name}",
        "ProductArn": product,
        "GeneratorId": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d4b04036",
        "AwsAccountId": ACCOUNT,
        "Types": ["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"],
        "CreatedAt": "2020-08-22T09:34:34.146Z",
        "UpdatedAt": "2020-09-30T12:14:00.206Z",
        "Severity": {"Label": label},
        "Title": "199.241.229.197 is performing SSH brute force attacks against i-0c10c2c7863d1a356.",
        "Description": "Brute force attacks are used to gain unauthorized access to your instance.",
        "Resources": [{"Type": "AwsEc2Instance", "Id": INSTANCE}],
        **others,
    }


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic that a rule publishes to, and a queue that gets what it is given."""

    aws: Clients
    name: str
    topic_policy: str
    key_policy: str | None
    """None is AWS's own key for SNS."""

    def told_by(self, pattern: str, transformer: dict[str, Any] | None = None) -> None:
        """Make the topic, the queue, and the rule."""
        sns, sqs, events = self.aws("sns"), self.aws("sqs"), self.aws("events")
        key = "alias/aws/sns"
        if self.key_policy is not None:
            key = self.aws("kms").create_key(Policy=self.key_policy)["KeyMetadata"]["Arn"]
        attributes = {"Policy": self.topic_policy, "KmsMasterKeyId": key}
        topic = sns.create_topic(Name=self.name, Attributes=attributes)["TopicArn"]
        sqs.create_queue(QueueName=self.name)
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        events.put_rule(Name=self.name, EventPattern=pattern)
        transformed = {"InputTransformer": transformer} if transformer else {}
        events.put_targets(Rule=self.name, Targets=[{"Id": "mail", "Arn": topic, **transformed}])

    def told(self) -> list[str]:
        """What arrived since the last time."""
        sqs = self.aws("sqs")
        url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in found]


def lets(action: str | list[str], resource: str = "*", **others: Any) -> dict[str, Any]:
    """The statement that lets EventBridge, without a condition unless one is given."""
    return {"Effect": "Allow", "Principal": SERVICE, "Action": action, "Resource": resource, **others}


def policy(*statements: dict[str, Any]) -> str:
    """A policy of these statements, and that the account decides."""
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    decides = {"Effect": "Allow", "Principal": account, "Action": ["kms:*", "sns:Publish"], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [decides, *statements]})
