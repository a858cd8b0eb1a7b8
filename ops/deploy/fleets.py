"""What runs in a region's AWS: each fleet's release, size and healthy instances, and each colour's traffic."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hosts.roles import WEB, WORKERS, HostRole
from ops.core import hosts
from ops.core.aws import client, rows
from ops.core.pair import RegionStack
from ops.errors import OpsError

RELEASE_LINE = re.compile(r"^ASKPROAI_RELEASE=(.*)$", re.MULTILINE)
"""The line of the user data with the release (`components/compute/host_environment.py`)."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """A group in AWS; `healthy` are the IDs of the serving instances with its newest template.

    `weight` is the percentage of the traffic, None if there is no weight or the rules disagree.
    """

    name: str
    release: str
    least: int
    most: int
    desired: int
    healthy: tuple[str, ...]
    weight: int | None = None

    def __str__(self) -> str:
        share = "" if self.weight is None else f"{self.weight} %, "
        release = self.release or "no release"
        return f"{release}: {share}{len(self.healthy)} of {self.desired} healthy, {self.least} to {self.most}"


def web(stack: RegionStack) -> dict[str, Fleet]:
    """The fleet of each colour: its instances are healthy if the load balancer agrees."""
    weights = _weights(stack)
    return {
        color: _fleet(stack, group, weights.get(group["TargetGroupARNs"][0]))
        for color, group in _groups(stack, WEB).items()
    }


def workers(stack: RegionStack) -> Fleet:
    """The fleet of the workers: its instances are healthy according to their group."""
    (group,) = _groups(stack, WORKERS).values()
    return _fleet(stack, group, None)


def _groups(stack: RegionStack, role: HostRole) -> dict[str, Any]:
    names = hosts.groups(stack, role)
    found = hosts.scaling_groups(stack, names.values())
    if missing := [name for name in names.values() if name not in found]:
        raise OpsError(f"{stack.region} has no group {', '.join(missing)}: run `pulumi up --stack {stack.stack}`")
    return {group: found[name] for group, name in names.items()}


def _fleet(stack: RegionStack, group: Mapping[str, Any], weight: int | None) -> Fleet:
    mixed = group.get("MixedInstancesPolicy")
    template = mixed["LaunchTemplate"]["LaunchTemplateSpecification"] if mixed else group["LaunchTemplate"]
    (version,) = client("ec2", stack.region).describe_launch_template_versions(
        LaunchTemplateId=template["LaunchTemplateId"], Versions=[template["Version"]]
    )["LaunchTemplateVersions"]
    line = RELEASE_LINE.search(base64.b64decode(version["LaunchTemplateData"].get("UserData", "")).decode())
    current = str(version["VersionNumber"])
    new = {row["InstanceId"] for row in group["Instances"] if row.get("LaunchTemplate", {}).get("Version") == current}
    return Fleet(
        name=group["AutoScalingGroupName"],
        release=line[1].strip() if line else "",
        least=int(group["MinSize"]),
        most=int(group["MaxSize"]),
        desired=int(group["DesiredCapacity"]),
        healthy=tuple(sorted(new & hosts.serving(stack, group))),
        weight=weight,
    )


def _weights(stack: RegionStack) -> dict[str, int]:
    """The weight of each target group, except those on which the rules disagree."""
    elb = client("elbv2", stack.region)
    name = str(stack.output("load_balancer_dns_name"))
    balancers = [row["LoadBalancerArn"] for row in rows(elb, "describe_load_balancers") if row["DNSName"] == name]
    listeners = [row for arn in balancers for row in rows(elb, "describe_listeners", LoadBalancerArn=arn)]
    rules = [row for one in listeners for row in rows(elb, "describe_rules", ListenerArn=one["ListenerArn"])]
    found: dict[str, set[int]] = {}
    for action in (action for rule in rules for action in rule["Actions"]):
        for row in action.get("ForwardConfig", {}).get("TargetGroups", []):
            found.setdefault(row["TargetGroupArn"], set()).add(int(row["Weight"]))
    return {target_group: min(weights) for target_group, weights in found.items() if len(weights) == 1}
