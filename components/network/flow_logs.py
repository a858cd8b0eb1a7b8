"""The flow logs of the VPC: all connections, accepted or not, for investigations."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import Statement, allow, trust
from components.security.keys import Keys
from components.security.service_role import service_role
from components.site import Site
from naming import DataClass

LOG_GROUP_NAME_LIMIT = 512
SHORTEST_INTERVAL_SECONDS = 60
"""The default, ten minutes, is too slow for the first minutes of an incident."""


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """The VPC whose traffic is logged, the keys that encrypt the log, and its retention."""

    site: Site
    vpc: aws.ec2.Vpc
    keys: Keys
    retention_days: int


class FlowLogs(Component):
    """The flow log of a VPC, its log group, and the role that may write only to that group."""

    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network:FlowLogs", name, args.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-group",
            name=args.site.naming.physical(name, LOG_GROUP_NAME_LIMIT),
            retention_in_days=args.retention_days,
            kms_key_id=args.keys["logs"].arn,
            opts=self.child(),
        )
        role, rights = service_role(
            self,
            name,
            args.site,
            description="Writes the VPC's flow logs.",
            trusts=_trust(args.site),
            may=_permissions(self.log_group),
            policy_name="write-flow-logs",
        )
        aws.ec2.FlowLog(
            f"{name}-log",
            vpc_id=args.vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=self.log_group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=SHORTEST_INTERVAL_SECONDS,
            opts=self.child(depends_on=[rights]),
        )
        self.register_outputs({"log_group": self.log_group.name})


def _trust(site: Site) -> pulumi.Output[str]:
    account = site.naming.account_id
    return trust(
        "vpc-flow-logs.amazonaws.com",
        {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": f"arn:aws:ec2:{site.region}:{account}:vpc-flow-log/*"},
        },
    )


def _permissions(log_group: aws.cloudwatch.LogGroup) -> list[Statement]:
    """The stack creates the log group, so logs:CreateLogGroup, which AWS's example allows, is left out."""
    streams = log_group.arn.apply(lambda arn: f"{arn}:*")
    return [
        allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], streams),
        # Flow logs look up their group before they write; this action cannot be limited to one group.
        allow(["logs:DescribeLogGroups"], "*"),
    ]
