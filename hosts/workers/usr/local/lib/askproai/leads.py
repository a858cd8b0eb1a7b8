"""Exits with 0 if this instance leads its group: the one with the first ID of those in service."""

import sys
from collections.abc import Iterable, Mapping

import boto3
from instance import group_of, metadata


def leader(instances: Iterable[Mapping[str, str]]) -> str | None:
    """The ID of the leading instance, if any instance of the group is in service."""
    return min((item["InstanceId"] for item in instances if item["LifecycleState"] == "InService"), default=None)


def leads(instance: str) -> bool:
    """Whether the instance leads. An instance that has left its group does not."""
    name = group_of(instance)
    if name is None:
        return False
    [group] = boto3.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    return leader(group["Instances"]) == instance


if __name__ == "__main__":
    sys.exit(0 if leads(metadata("instance-id") or "") else 1)
