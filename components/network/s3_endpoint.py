"""The VPC's own way to S3: free of NAT charges, and closed to buckets of strangers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from naming import Naming

AWS_BUCKETS = (
    "amazon-ssm-{region}",
    "amazon-ssm-packages-{region}",
    "amazoncloudwatch-agent-{region}",
    "aws-ssm-{region}",
    "aws-ssm-distributor-file-{region}",
    "aws-ssm-document-attachments-{region}",
    "patch-baseline-snapshot-{region}",
    "{region}-birdwatcher-prod",
)
"""What Systems Manager's and CloudWatch's agents fetch, without credentials (Systems Manager User Guide, "SSM Agent
communications with AWS managed S3 buckets"). Ubuntu's package archives are no buckets: the way to them is NAT."""


@dataclass(frozen=True, kw_only=True)
class ObjectGatewayArgs:
    """Subnets of `route_tables` reach the region's S3 through the gateway alone."""

    naming: Naming
    region: str
    vpc: aws.ec2.Vpc
    route_tables: Sequence[aws.ec2.RouteTable]


class ObjectGateway(Component):
    """The gateway endpoint of S3."""

    endpoint: aws.ec2.VpcEndpoint

    def __init__(self, name: str, args: ObjectGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network", name, args.naming, opts=opts)
        self.endpoint = aws.ec2.VpcEndpoint(
            f"{name}-endpoint",
            vpc_id=args.vpc.id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in args.route_tables],
            policy=json.dumps(_policy(args.naming.account_id, args.region)),
            opts=self.child(),
        )
        self.register_outputs({"endpoint_id": self.endpoint.id})


def _policy(account_id: str, region: str) -> dict[str, Any]:
    """Stolen data cannot leave to a stranger's bucket, nor with a stranger's credentials to one of ours."""
    ours = {"StringEquals": {"aws:PrincipalAccount": account_id, "s3:ResourceAccount": account_id}}
    fetched = [f"arn:aws:s3:::{bucket.format(region=region)}/*" for bucket in AWS_BUCKETS]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OurBuckets",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "s3:*",
                "Resource": "*",
                "Condition": ours,
            },
            {
                "Sid": "AgentsOfAws",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "s3:GetObject",
                "Resource": fetched,
            },
        ],
    }
