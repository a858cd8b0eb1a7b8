"""IPv4 networks as written in the stack file, and the division of a VPC into subnets that never move."""

import re
from ipaddress import IPv4Network, ip_network
from typing import Annotated

from pydantic import AfterValidator

CIDR = re.compile(r"\d{1,3}(\.\d{1,3}){3}/\d{1,2}")

RFC_1918 = tuple(IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
RFC_6598 = IPv4Network("100.64.0.0/10")

VPC_PREFIXES = range(16, 25)
"""/16 is AWS's largest VPC (VPC User Guide, "VPC CIDR blocks"); below /24 three tiers of four subnets do not fit,
since /28 is AWS's smallest subnet."""

CLIENT_VPN_PREFIXES = range(12, 23)
"""EC2 API, CreateClientVpnEndpoint: at least /22 and not greater than /12."""


def _network(value: str) -> IPv4Network:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        raise ValueError("is not a CIDR; want an IPv4 network such as 10.0.0.0/16") from None
    if network.prefixlen == 0:
        raise ValueError("is open to the internet; want the range that VPN clients get, such as 10.250.0.0/22")
    if not isinstance(network, IPv4Network):
        raise ValueError("is IPv6; want an IPv4 network such as 10.0.0.0/16")
    if "/" not in value:
        raise ValueError(f"has no prefix length; want an IPv4 network such as {value}/16")
    if not CIDR.fullmatch(value):
        raise ValueError(f"is not in CIDR form; want {network}")
    if str(network) != value:
        raise ValueError(f"has host bits set; did you mean {network}?")
    return network


def _private(network: IPv4Network, ranges: tuple[IPv4Network, ...], name: str) -> None:
    if not any(network.subnet_of(private) for private in ranges):
        raise ValueError(f"is a public range; want one inside {', '.join(map(str, ranges))} ({name})")


def _prefix(network: IPv4Network, allowed: range, why: str) -> None:
    if network.prefixlen not in allowed:
        raise ValueError(f"has prefix /{network.prefixlen}; want /{allowed[0]} to /{allowed[-1]} ({why})")


def _vpc(value: str) -> str:
    network = _network(value)
    _prefix(network, VPC_PREFIXES, "a VPC of AWS that holds three tiers of four subnets")
    _private(network, RFC_1918, "RFC 1918")
    return value


def _client_vpn(value: str) -> str:
    network = _network(value)
    _prefix(network, CLIENT_VPN_PREFIXES, "AWS Client VPN")
    _private(network, (*RFC_1918, RFC_6598), "RFC 1918 and 6598")
    return value


VpcCidr = Annotated[str, AfterValidator(_vpc)]
ClientVpnCidr = Annotated[str, AfterValidator(_client_vpn)]


def slot(vpc_cidr: str, prefix_length: int, position: int) -> str:
    """The network of `prefix_length` at `position` in the VPC, counting from its first address."""
    vpc = IPv4Network(vpc_cidr)
    first = int(vpc.network_address) + position * 2 ** (32 - prefix_length)
    return str(IPv4Network((first, prefix_length)))
