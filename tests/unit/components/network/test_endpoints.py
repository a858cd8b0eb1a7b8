"""The interface endpoints of AWS services."""

import pytest
from fake_cloud import FAKE_REGION, Cloud, deploy
from parts import NAMING, PROD, SITE, ground

from components.network.endpoints import Endpoints, EndpointsArgs
from components.network.security_groups import Service

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


@pytest.fixture(scope="module")
def cloud() -> Cloud[Endpoints]:
    laid = ground().built
    args = EndpointsArgs(site=SITE, network=laid.network, security_groups=laid.security_groups)
    return deploy(lambda: Endpoints("endpoints", args))


def test_each_service_of_the_setting_has_an_endpoint(cloud: Cloud[Endpoints]) -> None:
    assert set(cloud.built.endpoints) == set(PROD.network.interface_endpoints)
    for service in PROD.network.interface_endpoints:
        endpoint = cloud.one(ENDPOINT, f"endpoints-{service}")
        assert endpoint.inputs["serviceName"] == f"com.amazonaws.{FAKE_REGION}.{service}"
        assert endpoint.inputs["vpcEndpointType"] == "Interface"


def test_hosts_use_them_under_the_usual_names_in_every_zone(cloud: Cloud[Endpoints]) -> None:
    laid = ground().built
    subnets = [cloud.value(subnet_id) for subnet_id in laid.network.app_subnet_ids]
    for service in PROD.network.interface_endpoints:
        endpoint = cloud.one(ENDPOINT, f"endpoints-{service}")
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert endpoint.inputs["subnetIds"] == subnets
        assert endpoint.inputs["securityGroupIds"] == [cloud.value(laid.security_groups[Service.ENDPOINTS].id)]


def test_a_region_with_one_host_has_them_in_its_zone_alone() -> None:
    laid = ground().built
    args = EndpointsArgs(site=SITE, network=laid.network, security_groups=laid.security_groups, only_zone="b")
    cloud = deploy(lambda: Endpoints("endpoints", args))
    given = [endpoint.inputs["subnetIds"] for endpoint in cloud.of(ENDPOINT)]
    assert given == [[cloud.value(laid.network.app_subnet_of["b"])]] * len(PROD.network.interface_endpoints)


def test_they_carry_calls_of_our_own_principals_alone(cloud: Cloud[Endpoints]) -> None:
    for service in PROD.network.interface_endpoints:
        (statement,) = cloud.one(ENDPOINT, f"endpoints-{service}").document()["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": NAMING.account_id}}
