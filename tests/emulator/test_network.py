"""EC2 networks on the emulated AWS."""

import pytest

from ops.core.aws import rows
from tests.emulator.emulated import Clients


@pytest.mark.fix("ec2_network.py:nat_gateway_takes_its_interface_along")
def test_a_deleted_nat_gateway_leaves_no_interface(aws: Clients) -> None:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    inside = [{"Name": "subnet-id", "Values": [subnet]}]
    assert list(rows(ec2, "describe_network_interfaces", Filters=inside)) == []
