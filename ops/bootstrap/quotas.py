"""What the platform needs of AWS's quotas, and where an account has less."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ops.core import hosts
from ops.core.aws import errors
from ops.core.stack_files import StackFile


class Quota(NamedTuple):
    """A quota by its code in Service Quotas, and the most that a region needs of it."""

    service: str
    code: str
    name: str
    need: Callable[[StackFile], int]


def _addresses(file: StackFile) -> int:
    """One for each NAT gateway."""
    return len(file.get("network.availability_zones")) if file.get("network.nat_gateways") == "per_zone" else 1


def _vcpus(file: StackFile) -> int:
    """Both colours at their maximum size during a deployment."""
    return hosts.vcpus(file, "max_size")


def _one(_file: StackFile) -> int:
    return 1


QUOTAS = (
    Quota("ec2", "L-1216C47A", "vCPUs of standard On-Demand instances", _vcpus),
    Quota("ec2", "L-0263D0A3", "Elastic IP addresses", _addresses),
    Quota("vpc", "L-F678F1CE", "VPCs", _one),
    Quota("vpc", "L-FE5A380F", "NAT gateways in a zone", _one),
    Quota("rds", "L-7B6409FD", "database instances", _one),
    Quota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers", _one),
)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The findings: `problems` prevent the first `up`, `notes` are quotas that could not be read."""

    problems: list[str]
    notes: list[str]


def check(stacks: tuple[str, ...]) -> Answers:
    """Compare what each region needs with the account's quotas there."""
    answers = Answers(problems=[], notes=[])
    for stack in stacks:
        file = StackFile.of(stack)
        region = str(file.get("region"))
        for quota in QUOTAS:
            _compare(quota, file, region, answers)
    return answers


def _compare(quota: Quota, file: StackFile, region: str, answers: Answers) -> None:
    try:
        need = quota.need(file)
        allowed = hosts.allowed(region, quota.service, quota.code)
    except (*errors(), KeyError) as error:
        answers.notes.append(f"{region}: {quota.name} ({quota.code}) could not be asked: {type(error).__name__}")
        return
    if allowed < need:
        answers.problems.append(
            f"{region}: {quota.name}: {need} needed, {allowed:.0f} allowed; ask AWS for more "
            f"(Service Quotas, {quota.service} {quota.code})"
        )
