"""Private ways to AWS's services: the hosts' calls to them never leave the VPC."""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.network.security_groups import Firewall
from naming import Naming


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """Which services: the network's setting `interface_endpoints`."""

    naming: Naming
    region: str
    network: Network
    firewall: Firewall


class Endpoints(Component):
    """An interface endpoint for each service, in every zone, under the service's usual name."""

    endpoints: dict[str, aws.ec2.VpcEndpoint]

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network", name, args.naming, opts=opts)
        self.endpoints = {
            service: aws.ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=args.network.vpc.id,
                service_name=f"com.amazonaws.{args.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=args.network.app_subnet_ids,
                security_group_ids=[args.firewall.endpoints.id],
                policy=json.dumps(_policy(args.naming.account_id)),
                opts=self.child(),
            )
            for service in args.network.settings.interface_endpoints
        }
        self.register_outputs({service: endpoint.id for service, endpoint in self.endpoints.items()})


def _policy(account_id: str) -> dict[str, Any]:
    """Credentials of another account carry nothing out; what ours may do is for their roles to say.

    The resources' account is left open: public parameters, which name the images, are AWS's own.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OurPrincipals",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalAccount": account_id}},
            }
        ],
    }
