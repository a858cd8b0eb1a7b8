"""The hosts of a region, role by role: their groups, which of them serve, and what they need of a quota."""

from collections.abc import Iterable, Mapping
from typing import Any

from hosts.roles import ROLES, HostRole
from ops.core.aws import client, if_present, rows
from ops.core.pair import Pair, RegionStack
from ops.core.stack_files import StackFile
from ops.errors import one_line

FAILED = "Failed"
ENDED = ("Successful", FAILED, "Cancelled")
"""Auto Scaling API, Activity, StatusCode: an activity that has ended."""
OUTPUT = "host_group_names"
"""The stack's output with the names of all groups: by role, then by group."""


def groups(stack: RegionStack, role: HostRole) -> dict[str, str]:
    """The names of a role's Auto Scaling groups, by group."""
    return dict(stack.output(OUTPUT)[role.name])


def failed_launches(stack: RegionStack, names: Iterable[str]) -> str:
    """Why Auto Scaling starts no more instances of some groups, in AWS's words; empty while it starts them.

    It retries by itself, so a failure counts until the next activity has ended.
    """
    autoscaling, found = client("autoscaling", stack.region), dict[str, str]()
    for name in names:
        activities = rows(autoscaling, "describe_scaling_activities", AutoScalingGroupName=name)
        ended = next((activity for activity in activities if activity["StatusCode"] in ENDED), None)
        if ended and ended["StatusCode"] == FAILED:
            found[name] = f"{name} at {ended['StartTime']:%H:%M:%S} UTC: {one_line(ended.get('StatusMessage'))}"
    return "; ".join(found.values())


def all_groups(stack: RegionStack, *roles: HostRole) -> list[str]:
    """The names of the groups of these roles."""
    return [name for role in roles for name in groups(stack, role).values()]


def instances(stack: RegionStack, *roles: HostRole) -> list[str]:
    """The instances of these roles that are in service."""
    there = stack.output(OUTPUT)
    names = all_groups(stack, *(role for role in roles if role.name in there))
    return sorted(
        row["InstanceId"]
        for group in scaling_groups(stack, names).values()
        for row in group["Instances"]
        if row["LifecycleState"] == "InService"
    )


def setting(role: HostRole, group: str, name: str) -> str:
    """The key of a group's setting: in its own block, if the role has several groups."""
    return f"{role.name}.{group}.{name}" if len(role.groups) > 1 else f"{role.name}.{name}"


def scaling_groups(stack: RegionStack, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The existing Auto Scaling groups, by name."""
    wanted = list(names)
    if not wanted:
        # Without names, AWS would return every group of the region.
        return {}
    answer = client("autoscaling", stack.region).describe_auto_scaling_groups(AutoScalingGroupNames=wanted)
    return {group["AutoScalingGroupName"]: group for group in answer["AutoScalingGroups"]}


def in_service(stack: RegionStack, groups: Iterable[str]) -> dict[str, int]:
    """Instances that serve, by Auto Scaling group; 0 for a group that does not exist.

    Behind a load balancer, its health check must have passed: for Auto Scaling, an instance is healthy from its launch
    on.
    """
    names = list(groups)
    found = scaling_groups(stack, names)
    return {name: len(serving(stack, found[name])) if name in found else 0 for name in names}


def serving(stack: RegionStack, group: Mapping[str, Any]) -> set[str]:
    """The instances of a group that serve."""
    found = {
        str(instance["InstanceId"])
        for instance in group["Instances"]
        if instance["LifecycleState"] == "InService" and instance["HealthStatus"].lower() == "healthy"
    }
    for target_group in group.get("TargetGroupARNs") or () if found else ():
        found &= healthy_targets(stack, target_group)
    return found


def healthy_targets(stack: RegionStack, target_group: str) -> set[str]:
    """The instances of a target group that the load balancer has found healthy."""
    answer = client("elbv2", stack.region).describe_target_health(TargetGroupArn=target_group)
    return {
        row["Target"]["Id"] for row in answer["TargetHealthDescriptions"] if row["TargetHealth"]["State"] == "healthy"
    }


def running(stack: RegionStack, groups: Iterable[str]) -> int:
    """Instances of Auto Scaling groups, including those that are starting or terminating."""
    return sum(len(group["Instances"]) for group in scaling_groups(stack, groups).values())


def vcpus(file: StackFile, size: str) -> int:
    """The vCPUs of all hosts at a size: `min_size` or `max_size`. A role that runs no application has one host."""
    counts = [
        (
            str(file.get(f"{role.name}.instance_type")),
            int(file.get(setting(role, group, size), 0)) if role.runs_application else 1,
        )
        for role in ROLES
        if isinstance(file.get(role.name), Mapping)
        for group in role.groups
    ]
    types = sorted({instance_type for instance_type, _ in counts})
    found = client("ec2", str(file.get("region"))).describe_instance_types(InstanceTypes=types)["InstanceTypes"]
    each = {row["InstanceType"]: int(row["VCpuInfo"]["DefaultVCpus"]) for row in found}
    return sum(each[instance_type] * count for instance_type, count in counts)


def allowed(region: str, service: str, code: str) -> float:
    """What a quota of the account allows: as it was raised, or AWS's default where that was never done.

    Service Quotas API, GetServiceQuota: a quota without an applied value is not retrieved.
    """
    quotas = client("service-quotas", region)
    which = {"ServiceCode": service, "QuotaCode": code}
    answer = if_present(lambda: quotas.get_service_quota(**which)) or quotas.get_aws_default_service_quota(**which)
    return float(answer["Quota"]["Value"])


def releases(stack: RegionStack) -> dict[str, str]:
    """The releases that a region starts, from its stack file: of the web hosts with traffic, and of the workers."""
    web = stack.settings.web
    serving = max((web.blue, web.green), key=lambda color: color.weight)
    return {"web": serving.release, "workers": stack.settings.workers.release}


def releases_that_differ(pair: Pair) -> list[str]:
    """A message if a failover would start another release than the one that serves."""
    live, other = pair[pair.live], pair[pair.other]
    if not other.following:
        return []
    serves, waits = releases(live), releases(other)
    return [
        f"{other.stack} starts {waits[role] or 'no release'} on {role}, {live.stack} serves {serves[role]}: "
        "`ops deploy promote`"
        for role in serves
        if serves[role] and serves[role] != waits[role]
    ]
