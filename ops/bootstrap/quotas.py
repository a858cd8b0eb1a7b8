"""What the platform takes of AWS's quotas, and where an account allows less."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ops.core.aws import client, errors
from ops.core.hosts import vcpus
from ops.core.stack_files import StackFile


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A quota by its code in Service Quotas, and what a region needs of it at its largest."""

    service: str
    code: str
    name: str
    need: Callable[[StackFile], int]


def _addresses(file: StackFile) -> int:
    """One for each NAT gateway."""
    return len(file.get("network.availability_zones")) if file.get("network.nat_gateways") == "per_zone" else 1


QUOTAS = (
    # Both colours at their largest while one takes over from the other.
    Quota(
        service="ec2",
        code="L-1216C47A",
        name="vCPUs of standard On-Demand instances",
        need=lambda file: vcpus(file, "max_size"),
    ),
    Quota(service="ec2", code="L-0263D0A3", name="Elastic IP addresses", need=_addresses),
    Quota(service="vpc", code="L-F678F1CE", name="VPCs", need=lambda _: 1),
    Quota(service="vpc", code="L-FE5A380F", name="NAT gateways in a zone", need=lambda _: 1),
    Quota(service="rds", code="L-7B6409FD", name="database instances", need=lambda _: 1),
    Quota(service="elasticloadbalancing", code="L-53DA6B97", name="Application Load Balancers", need=lambda _: 1),
)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What was found: `problems` stand in the way of the first `up`, `notes` are what could not be asked."""

    problems: list[str]
    notes: list[str]


def check(stacks: tuple[str, ...]) -> Answers:
    """Compare what each region needs with what the account allows there."""
    found = [answer for stack in stacks for answer in _of(stack)]
    return Answers(
        problems=[text for short, text in found if short], notes=[text for short, text in found if not short]
    )


def _of(stack: str) -> Iterator[tuple[bool, str]]:
    file = StackFile.of(stack)
    region = str(file.get("region"))
    for quota in QUOTAS:
        try:
            need = quota.need(file)
            answer = client("service-quotas", region).get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
        except (*errors(), KeyError) as error:
            yield False, f"{region}: {quota.name} ({quota.code}) could not be asked: {type(error).__name__}"
            continue
        allowed = float(answer["Quota"]["Value"])
        if allowed < need:
            yield (
                True,
                f"{region}: {quota.name}: {need} needed, {allowed:.0f} allowed; ask AWS for more "
                f"(Service Quotas, {quota.service} {quota.code})",
            )
