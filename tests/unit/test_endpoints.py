"""The private ways to AWS's services."""

from dataclasses import dataclass

import pytest
from fake_cloud import Cloud, deploy

from components.endpoints import Endpoints, EndpointsArgs
from components.firewall import Firewall, FirewallArgs
from components.keys import Keys, KeysArgs
from components.network import Network, NetworkArgs
from naming import Naming
from settings import Settings

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


@dataclass(frozen=True)
class Ground:
    network: Network
    firewall: Firewall
    endpoints: Endpoints


@pytest.fixture(scope="module")
def cloud(prod: Settings, naming: Naming) -> Cloud[Ground]:
    def build() -> Ground:
        keys = Keys("keys", KeysArgs(naming=naming, region=prod.region, settings=prod.keys, protected=True))
        args = NetworkArgs(naming=naming, region=prod.region, settings=prod.network, keys=keys)
        network = Network("network", args)
        firewall = Firewall("firewall", FirewallArgs(naming=naming, network=network))
        endpoints_args = EndpointsArgs(naming=naming, region=prod.region, network=network, firewall=firewall)
        return Ground(network, firewall, Endpoints("endpoints", endpoints_args))

    return deploy(build)


def test_each_service_of_the_setting_has_an_endpoint(cloud: Cloud[Ground], prod: Settings) -> None:
    assert set(cloud.built.endpoints.endpoints) == set(prod.network.interface_endpoints)
    for service in prod.network.interface_endpoints:
        endpoint = cloud.one(ENDPOINT, f"endpoints-{service}")
        assert endpoint.inputs["serviceName"] == f"com.amazonaws.{prod.region}.{service}"
        assert endpoint.inputs["vpcEndpointType"] == "Interface"


def test_hosts_use_them_under_the_usual_names_in_every_zone(cloud: Cloud[Ground], prod: Settings) -> None:
    subnets = [cloud.value(subnet_id) for subnet_id in cloud.built.network.app_subnet_ids]
    for service in prod.network.interface_endpoints:
        endpoint = cloud.one(ENDPOINT, f"endpoints-{service}")
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert endpoint.inputs["subnetIds"] == subnets
        assert endpoint.inputs["securityGroupIds"] == [cloud.value(cloud.built.firewall.endpoints.id)]


def test_they_carry_calls_of_our_own_principals_alone(cloud: Cloud[Ground], prod: Settings, naming: Naming) -> None:
    for service in prod.network.interface_endpoints:
        (statement,) = cloud.one(ENDPOINT, f"endpoints-{service}").document()["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": naming.account_id}}
