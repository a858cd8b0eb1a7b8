"""The vpn block: who may connect to the VPC with AWS Client VPN, and for how long."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from settings.block import Block, rule
from settings.problems import Problem, shown
from settings.shapes import LogRetention, text

CertificateArn = Annotated[
    str,
    text(
        "is not the ARN of a certificate; want arn:aws:acm:REGION:ACCOUNT:certificate/ID, as ACM shows it",
        re.compile(r"arn:aws:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}"),
    ),
]
SamlProviderArn = Annotated[
    str,
    text(
        "is not the ARN of a SAML provider; want one such as arn:aws:iam::123456789012:saml-provider/people",
        re.compile(r"arn:aws:iam::\d{12}:saml-provider/[\w.-]{1,128}", re.A),
    ),
]


class VpnSettings(Block):
    """AWS Client VPN, through which people reach the database and the bastion."""

    server_certificate_arn: CertificateArn
    """ARN of the endpoint's certificate in ACM, in the region of the stack; its private key stays in ACM."""
    client_authority_arn: CertificateArn | None = None
    """ARN in ACM of a certificate of the authority that signs clients' certificates: a client needs one (mutual
    authentication)."""
    saml_provider_arn: SamlProviderArn | None = None
    """ARN of the IAM SAML provider that people sign in with. If client_authority_arn is set too, both are required."""
    session_hours: Literal[8, 10, 12, 24]
    """Hours after which a client has to authenticate again (EC2 API, CreateClientVpnEndpoint)."""
    log_retention_days: LogRetention
    """Days that the connection log is kept in CloudWatch Logs, 365 or more: one of its retentions."""

    @rule
    def _clients_are_known(self) -> Iterator[Problem]:
        if self.client_authority_arn is None and self.saml_provider_arn is None:
            yield Problem(
                path=("client_authority_arn",),
                text="is missing; want it or saml_provider_arn, or clients cannot authenticate",
            )


def elsewhere(vpn: VpnSettings, region: str, account_id: str) -> Iterator[Problem]:
    """A problem with certificates of another region or account, which an endpoint cannot use."""
    for name in ("server_certificate_arn", "client_authority_arn"):
        arn = getattr(vpn, name)
        if arn and arn.split(":")[3:5] != [region, account_id]:
            yield Problem(
                path=(name,),
                text=f"{shown(arn)} is in another account or region; want one in {region} of account {account_id}",
            )
    arn = vpn.saml_provider_arn
    if arn and arn.split(":")[4] != account_id:
        yield Problem(
            path=("saml_provider_arn",),
            text=f"{shown(arn)} is in another account or region; want one of account {account_id}",
        )
