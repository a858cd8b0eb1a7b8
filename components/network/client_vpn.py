"""People's access to the VPC: AWS Client VPN, through which they reach only the database and the bastion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws.ec2clientvpn import EndpointAuthenticationOptionArgs as Authentication

from components.component import Component
from components.network.network import Network
from components.network.security_groups import SecurityGroups, Service
from components.security.keys import Keys
from components.site import Site
from naming import DataClass
from settings import VpnSettings

LOG_GROUP_NAME_LIMIT = 512


@dataclass(frozen=True, kw_only=True)
class ClientVpnArgs:
    """`keys` encrypt the connection log. The certificates already exist in ACM: no private key is in the state."""

    site: Site
    network: Network
    security_groups: SecurityGroups
    keys: Keys
    settings: VpnSettings


class ClientVpn(Component):
    """An endpoint that is associated with an app subnet in each zone, and its connection log.

    Clients' traffic leaves the endpoint with an address of the associated subnet: security groups distinguish it from
    the hosts' by the endpoint's own group (Client VPN Administrator Guide, "How Client VPN works").
    """

    endpoint: aws.ec2clientvpn.Endpoint
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: ClientVpnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network:ClientVpn", name, args.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self._name = name
        self._args = args
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-log",
            name=args.site.naming.physical(name, LOG_GROUP_NAME_LIMIT),
            retention_in_days=args.settings.log_retention_days,
            kms_key_id=args.keys["logs"].arn,
            opts=self.child(),
        )
        self.endpoint = self._endpoint()
        self._open()
        self.register_outputs({"endpoint_id": self.endpoint.id})

    def _endpoint(self) -> aws.ec2clientvpn.Endpoint:
        args = self._args
        return aws.ec2clientvpn.Endpoint(
            f"{self._name}-endpoint",
            description="People, to the database and the bastion.",
            vpc_id=args.network.vpc.id,
            client_cidr_block=args.network.settings.vpn_client_cidr,
            server_certificate_arn=args.settings.server_certificate_arn,
            authentication_options=list(self._authentications()),
            security_group_ids=[args.security_groups[Service.VPN].id],
            # Traffic that is not for the VPC stays on the client's own network.
            split_tunnel=True,
            transport_protocol="udp",
            vpn_port=443,
            session_timeout_hours=args.settings.session_hours,
            self_service_portal="disabled",
            connection_log_options=aws.ec2clientvpn.EndpointConnectionLogOptionsArgs(
                enabled=True, cloudwatch_log_group=self.log_group.name
            ),
            opts=self.child(),
        )

    def _authentications(self) -> Iterator[Authentication]:
        settings = self._args.settings
        if settings.client_authority_arn:
            yield Authentication(
                type="certificate-authentication", root_certificate_chain_arn=settings.client_authority_arn
            )
        if settings.saml_provider_arn:
            yield Authentication(type="federated-authentication", saml_provider_arn=settings.saml_provider_arn)

    def _open(self) -> None:
        """Into the app and data subnets. The route to the VPC comes with an association (EC2 API,
        AssociateClientVpnTargetNetwork)."""
        network = self._args.network
        for letter, subnet_id in network.app_subnet_of.items():
            aws.ec2clientvpn.NetworkAssociation(
                f"{self._name}-{letter}",
                client_vpn_endpoint_id=self.endpoint.id,
                subnet_id=subnet_id,
                opts=self.child(),
            )
        for tier in ("app", "data"):
            for letter, cidr in network.settings.subnet_cidrs(tier).items():
                aws.ec2clientvpn.AuthorizationRule(
                    f"{self._name}-{tier}-{letter}",
                    client_vpn_endpoint_id=self.endpoint.id,
                    target_network_cidr=cidr,
                    authorize_all_groups=True,
                    description=f"The {tier} subnet in zone {letter}; the security groups are narrower.",
                    opts=self.child(),
                )
