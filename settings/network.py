"""The network block: the address plan, zones, NAT gateways and endpoints."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.cidr import ClientVpnCidr, VpcCidr, slot
from settings.problems import Problem
from settings.shapes import LogRetention

Tier = Literal["public", "app", "data"]

TIERS: tuple[Tier, ...] = ("public", "app", "data")
ZONE_LETTERS = "abcd"
"""A zone's letter is its position in each tier, so that no subnet moves when the list of zones changes."""
SLOTS_OF_A_TIER = len(ZONE_LETTERS)

EndpointService = Literal[
    "autoscaling", "ec2", "ec2messages", "elasticloadbalancing", "kms", "logs", "monitoring",
    "secretsmanager", "sns", "sqs", "ssm", "ssmmessages", "sts",
]  # fmt: skip
"""The services that the hosts call, named as in com.amazonaws.<region>.<name> (AWS PrivateLink Guide, "AWS services
that integrate with AWS PrivateLink"); S3 has a gateway endpoint."""


def distinct(values: list[str]) -> list[str]:
    """Refuses a list with duplicates."""
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"lists {', '.join(twice)} twice; want each once")
    return values


def _zone_name(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d[a-f]", value):
        raise ValueError("is not an availability zone; want the region name followed by a letter")
    if value[-1] not in ZONE_LETTERS:
        raise ValueError(f"has no place in the address plan; want a zone of {', '.join(ZONE_LETTERS)}")
    return value


Zone = Annotated[str, AfterValidator(_zone_name)]


class NetworkSettings(Block):
    """The VPC of a region."""

    vpc_cidr: VpcCidr
    """IPv4 network of the VPC: RFC 1918, /16 to /24."""
    availability_zones: Annotated[list[Zone], Field(min_length=2, max_length=SLOTS_OF_A_TIER), AfterValidator(distinct)]
    """Zones in use: 2 to 4 of a, b, c and d, in any order; a subnet's address follows from its zone's letter."""
    subnet_prefix_length: Annotated[int, Field(ge=16, le=28)]
    """Prefix length of every subnet: 16 to 28 (VPC User Guide, "Subnet sizing")."""
    nat_gateways: Literal["per_zone", "single"]
    """One NAT gateway in each zone, or a single one in the zone with the first letter: if that zone is lost, every zone
    loses its way out.
    """
    vpn_client_cidr: ClientVpnCidr
    """IPv4 network of the VPN clients, outside every VPC: /12 to /22."""
    interface_endpoints: Annotated[list[EndpointService], AfterValidator(distinct)]
    """AWS services that are reached through an interface endpoint in the VPC, by their name after
    com.amazonaws.<region>.
    """
    pilot_light_endpoints: Literal["per_zone", "single"] = "single"
    """Zones of those endpoints while the region is a pilot light: all of them, or only that of the monitoring host, the
    only host that runs. An endpoint is charged for each zone and hour. An activation adds the others.
    """
    flow_log_retention_days: LogRetention
    """Days that flow logs stay in CloudWatch Logs, 365 or more: one of its retentions."""

    @property
    def zones(self) -> dict[str, str]:
        """The zones by their letters, in alphabetical order."""
        return {zone[-1]: zone for zone in sorted(self.availability_zones)}

    def subnet_cidrs(self, tier: Tier) -> dict[str, str]:
        """The subnets of `tier` by their zones' letters: each tier owns four slots of the VPC, one for each letter."""
        first = TIERS.index(tier) * SLOTS_OF_A_TIER
        return {
            letter: slot(self.vpc_cidr, self.subnet_prefix_length, first + ZONE_LETTERS.index(letter))
            for letter in self.zones
        }

    @rule
    def _subnets_fit(self) -> Iterator[Problem]:
        vpc = IPv4Network(self.vpc_cidr)
        needed = len(TIERS) * SLOTS_OF_A_TIER
        held = 2 ** max(self.subnet_prefix_length - vpc.prefixlen, 0)
        if held < needed:
            longer = vpc.prefixlen + (needed - 1).bit_length()
            yield Problem(
                path=("subnet_prefix_length",),
                text=f"{self.subnet_prefix_length} needs {needed} subnets of /{self.subnet_prefix_length}, "
                f"but vpc_cidr {vpc} holds {held}; want {longer} or more",
            )

    @rule
    def _vpn_is_elsewhere(self) -> Iterator[Problem]:
        if IPv4Network(self.vpc_cidr).overlaps(IPv4Network(self.vpn_client_cidr)):
            yield Problem(
                path=("vpn_client_cidr",),
                text=f"'{self.vpn_client_cidr}' overlaps vpc_cidr {self.vpc_cidr}; want a network outside it",
            )
