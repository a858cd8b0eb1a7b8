"""EC2 networks: what a deleted resource takes along."""

from typing import Any

from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend

from sandbox.aws.fixes.fix import replaces


@replaces(NatGatewayBackend, "delete_nat_gateway")
def nat_gateway_takes_its_interface_along(stock: Any, self: Any, nat_gateway_id: str) -> NatGateway:
    """moto leaves the network interface of a deleted NAT gateway in its subnet."""
    gateway: NatGateway = stock(self, nat_gateway_id)
    self.enis.pop(gateway._eni.id, None)
    return gateway
