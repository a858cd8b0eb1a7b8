"""Notifications of findings: in each region an EventBridge rule, which mails those that cannot wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.json_document import json_document
from components.monitoring.topic import mail, mail_topic
from components.security.iam import document
from components.security.keys import account_decides, alias_of
from components.security.publishers import RULES, WITH_KEY
from components.site import Site
from settings import KeysSettings

NAME_LIMIT = 64
"""EventBridge API, PutRule, Name."""
KEY = "findings"
PATHS = {
    "account": "$.account",
    "region": "$.region",
    "id": "$.detail.findings[0].Id",
    "product": "$.detail.findings[0].ProductArn",
    "resource": "$.detail.findings[0].Resources[0].Id",
    "severity": "$.detail.findings[0].Severity.Label",
    "time": "$.detail.findings[0].UpdatedAt",
    "title": "$.detail.findings[0].Title",
}
"""What the mail contains. EventBridge does not escape a title: quotation marks, as in that of Security Hub's control
IAM.1, are sent as they are (EventBridge User Guide, "Amazon EventBridge input transformation").
"""
MAIL = (
    "<severity>: <title>",
    "Account <account>, region <region>, <time>",
    "Resource: <resource>",
    "What to do: docs/on-call/breach.md",
    "Read it: aws securityhub get-findings --region <region> --filters 'Id=[{Value=<id>,Comparison=EQUALS}]'",
    "End these mails: aws securityhub batch-update-findings --region <region> --workflow Status=NOTIFIED "
    "--finding-identifiers 'Id=<id>,ProductArn=<product>'",
)
"""Its lines, each in its own quotation marks, which EventBridge requires and also sends (GuardDuty User Guide,
"Processing GuardDuty findings with Amazon EventBridge").
"""


@dataclass(frozen=True, kw_only=True)
class FindingsArgs:
    """`emails` are notified of the region's findings. `keys` has the deletion window."""

    site: Site
    keys: KeysSettings
    emails: Sequence[str]


class Findings(Component):
    """The rule, and a topic with a key for it: both are in the region of the rule (EventBridge User Guide, "Targets"),
    and a region that is lost silences no other.

    Security Hub sends a finding again with each change of it, and that of a control with each check, until somebody
    sets it to NOTIFIED (AWS Prescriptive Guidance, "Manage findings in Security Hub").
    """

    def __init__(self, name: str, args: FindingsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:Findings", name, args.site, opts=opts)
        topic = mail_topic(self, name, args.site.naming, self._key(name, args), RULES)
        mail(self, name, topic, args.emails)
        rule = aws.cloudwatch.EventRule(
            f"{name}-rule",
            name=args.site.naming.physical(name, NAME_LIMIT),
            description="Findings that cannot wait: a possible breach, or what opens the way to one.",
            event_pattern=json_document(pattern(args.site.region)),
            opts=self.child(),
        )
        aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=rule.name,
            arn=topic.arn,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(
                input_paths=PATHS, input_template="\n".join(f'"{line}"' for line in MAIL)
            ),
            opts=self.child(),
        )
        self.register_outputs({"topic_arn": topic.arn})

    def _key(self, name: str, args: FindingsArgs) -> aws.kms.Key:
        """A key of its own: EventBridge cannot use AWS's for SNS, whose policy nobody can change, and is kept away from
        the keys of the record and of sessions."""
        account = args.site.naming.account_id
        key = aws.kms.Key(
            f"{name}-key",
            description="Mails about findings.",
            enable_key_rotation=True,
            deletion_window_in_days=args.keys.deletion_window_days,
            policy=document([account_decides(args.site), RULES.may(WITH_KEY, "*", account)]),
            opts=self.child(protect=args.site.protected),
        )
        aws.kms.Alias(
            f"{name}-key-alias", name=alias_of(args.site.naming, KEY), target_key_id=key.key_id, opts=self.child()
        )
        return key


def pattern(region: str) -> dict[str, Any]:
    """Which events are mailed: all findings of one region come through Security Hub, so each is mailed once.

    GuardDuty's from MEDIUM, a possible compromise of a resource (GuardDuty User Guide, "Severity levels of GuardDuty
    findings"); what IAM Access Analyzer finds open to the public, whatever its severity (IAM User Guide, "Integrate IAM
    Access Analyzer with AWS Security Hub"); of all others HIGH and CRITICAL.
    """
    urgent: list[dict[str, Any]] = [
        {"Severity": {"Label": ["HIGH", "CRITICAL"]}},
        {
            "ProductArn": [f"arn:aws:securityhub:{region}::product/aws/guardduty"],
            "Severity": {"Label": ["MEDIUM"]},
        },
        {"Types": ["Effects/Data Exposure/External Access Granted"]},
    ]
    unseen = {"RecordState": ["ACTIVE"], "Workflow": {"Status": ["NEW"]}}
    return {
        "source": ["aws.securityhub"],
        "detail-type": ["Security Hub Findings - Imported"],
        "detail": {"findings": {**unseen, "$or": urgent}},
    }
