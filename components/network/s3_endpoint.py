"""The VPC's gateway endpoint for S3: without NAT charges, and closed to buckets of other accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import EVERYONE, allow, document
from components.site import Site

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
"""What the agents of Systems Manager and CloudWatch download without credentials (Systems Manager User Guide, "SSM
Agent communications with AWS managed S3 buckets"). Ubuntu's package archives are not in S3: hosts reach them through
NAT."""


@dataclass(frozen=True, kw_only=True)
class S3EndpointArgs:
    """Subnets of `route_tables` reach the region's S3 only through the endpoint."""

    site: Site
    vpc: aws.ec2.Vpc
    route_tables: Sequence[aws.ec2.RouteTable]


class S3Endpoint(Component):
    """The gateway endpoint of S3."""

    endpoint: aws.ec2.VpcEndpoint

    def __init__(self, name: str, args: S3EndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network:ObjectGateway", name, args.site, opts=opts)
        self.endpoint = aws.ec2.VpcEndpoint(
            f"{name}-endpoint",
            vpc_id=args.vpc.id,
            service_name=f"com.amazonaws.{args.site.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in args.route_tables],
            policy=_policy(args.site.naming.account_id, args.site.region),
            opts=self.child(),
        )
        self.register_outputs({"endpoint_id": self.endpoint.id})


def _policy(account_id: str, region: str) -> pulumi.Output[str]:
    """Data cannot be copied to another account's bucket, nor with another account's credentials to one of the
    stack's."""
    ours = {"StringEquals": {"aws:PrincipalAccount": account_id, "s3:ResourceAccount": account_id}}
    downloads = [f"arn:aws:s3:::{bucket.format(region=region)}/*" for bucket in AWS_BUCKETS]
    return document(
        [
            allow("s3:*", "*", sid="OurBuckets", principal=EVERYONE, condition=ours),
            allow("s3:GetObject", downloads, sid="AgentsOfAws", principal=EVERYONE),
        ]
    )
