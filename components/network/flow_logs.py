"""The record of who talked to whom in the VPC, accepted or not: what an investigation starts from."""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.keys import Keys
from naming import DataClass, Naming

ROLE_NAME_LIMIT = 64
LOG_GROUP_NAME_LIMIT = 512
SHORTEST_INTERVAL_SECONDS = 60
"""The default of ten minutes is longer than an incident's first answer may take."""


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """Whose traffic is kept, encrypted with which of `keys`, and for how long."""

    naming: Naming
    region: str
    vpc: aws.ec2.Vpc
    keys: Keys
    retention_days: int


class FlowLogs(Component):
    """The flow log of a VPC, its log group, and the role that may write to that group alone."""

    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network", name, args.naming, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-group",
            name=args.naming.physical(name, LOG_GROUP_NAME_LIMIT),
            retention_in_days=args.retention_days,
            kms_key_id=args.keys.logs.arn,
            opts=self.child(),
        )
        role = aws.iam.Role(
            f"{name}-role",
            name=args.naming.physical(name, ROLE_NAME_LIMIT),
            description="Writes the VPC's flow logs.",
            assume_role_policy=json.dumps(_trust(args.naming.account_id, args.region)),
            opts=self.child(),
        )
        rights = aws.iam.RolePolicy(
            f"{name}-rights",
            name="write-flow-logs",
            role=role.name,
            policy=pulumi.Output.json_dumps(_rights(self.log_group)),
            opts=self.child(),
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


def _trust(account_id: str, region: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": account_id},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:ec2:{region}:{account_id}:vpc-flow-log/*"},
                },
            }
        ],
    }


def _rights(log_group: aws.cloudwatch.LogGroup) -> dict[str, Any]:
    """The group is ours to create, so logs:CreateLogGroup, which AWS's example has, is left out."""
    streams = log_group.arn.apply(lambda arn: f"{arn}:*")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                "Resource": streams,
            },
            # Flow logs look for their group before they write; this right cannot be narrowed to one group.
            {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": "*"},
        ],
    }
