"""What AWS runs of a region: each fleet's release, size and healthy instances, and each colour's traffic."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hosts.roles import WEB, WORKERS
from ops.core import hosts
from ops.core.aws import client
from ops.core.pair import RegionStack
from ops.errors import OpsError

RELEASE_LINE = re.compile(r"^ASKPROAI_RELEASE=(.*)$", re.MULTILINE)
"""The line of the user data that names the release (`components/compute/host_environment.py`)."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """A group as AWS has it; `healthy` are the instances of its newest template that serve, by their IDs.

    `weight` is the share of the traffic in percent, None where there is none to share or the rules disagree.
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
    """The fleet of each colour: its targets are healthy when the load balancer says so."""
    names = hosts.groups(stack, WEB)
    groups = _groups(stack, list(names.values()))
    weights = _weights(stack)
    found: dict[str, Fleet] = {}
    for color, name in names.items():
        (target_group,) = groups[name]["TargetGroupARNs"]
        healthy = hosts.healthy_targets(stack, target_group)
        found[color] = _fleet(stack, groups[name], healthy, weights.get(target_group))
    return found


def workers(stack: RegionStack) -> Fleet:
    """The fleet of the workers: its instances are healthy when their group says so."""
    (name,) = hosts.groups(stack, WORKERS).values()
    group = _groups(stack, [name])[name]
    healthy = {row["InstanceId"] for row in group["Instances"] if row["HealthStatus"].lower() == "healthy"}
    return _fleet(stack, group, healthy, None)


def _groups(stack: RegionStack, names: list[str]) -> dict[str, Any]:
    found = hosts.scaling_groups(stack, names)
    if missing := [name for name in names if name not in found]:
        raise OpsError(f"{stack.region} has no group {', '.join(missing)}: run `pulumi up --stack {stack.stack}`")
    return found


def _fleet(stack: RegionStack, group: Mapping[str, Any], healthy: set[str], weight: int | None) -> Fleet:
    mixed = group.get("MixedInstancesPolicy")
    template = mixed["LaunchTemplate"]["LaunchTemplateSpecification"] if mixed else group["LaunchTemplate"]
    (version,) = client("ec2", stack.region).describe_launch_template_versions(
        LaunchTemplateId=template["LaunchTemplateId"], Versions=[template["Version"]]
    )["LaunchTemplateVersions"]
    text = base64.b64decode(version["LaunchTemplateData"].get("UserData", "")).decode()
    line = RELEASE_LINE.search(text)
    current = str(version["VersionNumber"])
    serving = [
        row["InstanceId"]
        for row in group["Instances"]
        if row["LifecycleState"] == "InService"
        and row["InstanceId"] in healthy
        and row.get("LaunchTemplate", {}).get("Version") == current
    ]
    return Fleet(
        name=group["AutoScalingGroupName"],
        release=line[1].strip() if line else "",
        least=int(group["MinSize"]),
        most=int(group["MaxSize"]),
        desired=int(group["DesiredCapacity"]),
        healthy=tuple(sorted(serving)),
        weight=weight,
    )


def _weights(stack: RegionStack) -> dict[str, int]:
    """The weight of each target group; one is left out while the rules do not agree on it."""
    found: dict[str, set[int]] = {}
    for target_group, weight in _shares(stack):
        found.setdefault(target_group, set()).add(weight)
    return {target_group: weight for target_group, weights in found.items() if len(weights) == 1 for weight in weights}


def _shares(stack: RegionStack) -> Iterator[tuple[str, int]]:
    elb = client("elbv2", stack.region)
    name = str(stack.output("load_balancer_dns_name"))
    pages = elb.get_paginator("describe_load_balancers").paginate()
    balancers = [row["LoadBalancerArn"] for page in pages for row in page["LoadBalancers"] if row["DNSName"] == name]
    listeners = [row for arn in balancers for row in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]]
    for listener in listeners:
        for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
            for action in rule["Actions"]:
                for row in action.get("ForwardConfig", {}).get("TargetGroups", []):
                    yield row["TargetGroupArn"], int(row["Weight"])
