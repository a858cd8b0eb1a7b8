"""Threat detection in a region: GuardDuty, Security Hub and Access Analyzer."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.site import Site

FEATURES = {"objects": "S3_DATA_EVENTS", "databases": "RDS_LOGIN_EVENTS"}
"""What GuardDuty analyzes besides flow logs, DNS and the trail (GuardDuty API, DetectorFeatureConfiguration)."""
STANDARDS = {
    "best-practices": "aws-foundational-security-best-practices/v/1.0.0",
    "cis": "cis-aws-foundations-benchmark/v/3.0.0",
}
"""The Security Hub standards whose controls the policies name."""
NAME_LIMIT = 255


@dataclass(frozen=True, kw_only=True)
class ThreatsArgs:
    """`analyzer` is off if the cloud has no IAM Access Analyzer."""

    site: Site
    analyzer: bool


class Threats(Component):
    """Threat detection in a region; Security Hub collects the findings."""

    def __init__(self, name: str, args: ThreatsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:Threats", name, args.site, opts=opts)
        detector = aws.guardduty.Detector(f"{name}-detector", enable=True, opts=self.child())
        for role, feature in FEATURES.items():
            aws.guardduty.DetectorFeature(
                f"{name}-{role}", detector_id=detector.id, name=feature, status="ENABLED", opts=self.child()
            )
        hub = aws.securityhub.Account(f"{name}-findings", enable_default_standards=False, opts=self.child())
        for role, standard in STANDARDS.items():
            aws.securityhub.StandardsSubscription(
                f"{name}-{role}",
                standards_arn=f"arn:aws:securityhub:{args.site.region}::standards/{standard}",
                opts=self.child(depends_on=[hub]),
            )
        if args.analyzer:
            aws.accessanalyzer.Analyzer(
                f"{name}-analyzer",
                analyzer_name=args.site.naming.physical(name, NAME_LIMIT),
                type="ACCOUNT",
                opts=self.child(),
            )
        self.register_outputs({"detector_id": detector.id})
