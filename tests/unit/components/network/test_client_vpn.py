"""The VPN: who has access and to what, what is logged, and that the program handles no private key."""

from functools import cache

from fake_cloud import Cloud, deploy
from parts import PROD, SITE, ground

from components.network.client_vpn import ClientVpn, ClientVpnArgs
from settings import VpnSettings

ENDPOINT = "aws:ec2clientvpn/endpoint:Endpoint"
ASSOCIATION = "aws:ec2clientvpn/networkAssociation:NetworkAssociation"
AUTHORIZATION = "aws:ec2clientvpn/authorizationRule:AuthorizationRule"
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-1111-2222-3333-444444444444"
PEOPLE = "arn:aws:iam::123456789012:saml-provider/people"
assert PROD.vpn is not None
MUTUAL: VpnSettings = PROD.vpn


@cache
def vpn(settings: VpnSettings = MUTUAL) -> Cloud[ClientVpn]:
    laid = ground().built
    args = ClientVpnArgs(
        site=SITE, network=laid.network, security_groups=laid.security_groups, keys=laid.keys, settings=settings
    )
    return deploy(lambda: ClientVpn("vpn", args))


def test_certificates_are_named_by_their_arns_in_acm() -> None:
    made = vpn().one(ENDPOINT).inputs
    assert made["serverCertificateArn"] == CERTIFICATE
    (option,) = made["authenticationOptions"]
    assert option == {
        "type": "certificate-authentication",
        "rootCertificateChainArn": MUTUAL.client_authority_arn,
    }


def test_people_sign_in_by_saml_alone_or_besides_their_certificate() -> None:
    def kinds(settings: VpnSettings) -> list[str]:
        return [option["type"] for option in vpn(settings).one(ENDPOINT).inputs["authenticationOptions"]]

    both = MUTUAL.model_copy(update={"saml_provider_arn": PEOPLE})
    assert kinds(both) == ["certificate-authentication", "federated-authentication"]
    assert kinds(both.model_copy(update={"client_authority_arn": None})) == ["federated-authentication"]


def test_clients_come_from_their_own_range_with_the_group_of_the_vpn_and_keep_their_internet() -> None:
    made = vpn().one(ENDPOINT).inputs
    assert made["clientCidrBlock"] == PROD.network.vpn_client_cidr
    assert made["securityGroupIds"] == ["securityGroup-firewall-vpn"]
    assert made["splitTunnel"] is True
    assert made["sessionTimeoutHours"] == MUTUAL.session_hours


def test_every_zone_has_its_way_in_through_an_app_subnet() -> None:
    subnets = {each.inputs["subnetId"] for each in vpn().of(ASSOCIATION)}
    assert subnets == {f"subnet-network-app-{letter}" for letter in PROD.network.zones}


def test_clients_are_let_into_the_app_and_data_subnets_and_nowhere_else() -> None:
    opened = [rule.inputs["targetNetworkCidr"] for rule in vpn().of(AUTHORIZATION)]
    assert sorted(opened) == sorted(
        cidr for tier in ("app", "data") for cidr in PROD.network.subnet_cidrs(tier).values()
    )


def test_each_connection_is_recorded_under_a_key_for_as_long_as_the_setting_says() -> None:
    log = vpn().one("aws:cloudwatch/logGroup:LogGroup").inputs
    assert log["retentionInDays"] == MUTUAL.log_retention_days
    assert log["kmsKeyId"]
    recorded = vpn().one(ENDPOINT).inputs["connectionLogOptions"]
    assert recorded == {"enabled": True, "cloudwatchLogGroup": log["name"]}
