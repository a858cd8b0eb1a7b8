"""Interface endpoints of AWS services: the hosts' calls to them never leave the VPC."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.network.security_groups import SecurityGroups, Service
from components.security.iam import EVERYONE, allow, document
from components.site import Site


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """The services are the network's setting `interface_endpoints`; `only_zone` is a letter, None for every zone."""

    site: Site
    network: Network
    security_groups: SecurityGroups
    only_zone: str | None = None


class Endpoints(Component):
    """An interface endpoint for each service, in every zone or one, under the service's usual name.

    In a zone without an interface, that name resolves to another zone's.
    """

    endpoints: dict[str, aws.ec2.VpcEndpoint]

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network:Endpoints", name, args.site, opts=opts)
        network, only = args.network, args.only_zone
        subnets = network.app_subnet_ids if only is None else [network.app_subnet_of[only]]
        self.endpoints = {
            service: aws.ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=args.network.vpc.id,
                service_name=f"com.amazonaws.{args.site.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=subnets,
                security_group_ids=[args.security_groups[Service.ENDPOINTS].id],
                policy=_policy(args.site.naming.account_id),
                opts=self.child(),
            )
            for service in args.network.settings.interface_endpoints
        }
        self.register_outputs({service: endpoint.id for service, endpoint in self.endpoints.items()})


def _policy(account_id: str) -> pulumi.Output[str]:
    """Prevents the use of another account's credentials to exfiltrate data; the account's own are limited by their
    roles.

    The resources' account is not limited: the public parameters of images belong to AWS.
    """
    condition = {"StringEquals": {"aws:PrincipalAccount": account_id}}
    return document([allow("*", "*", sid="OurPrincipals", principal=EVERYONE, condition=condition)])
