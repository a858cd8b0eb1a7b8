"""Exit with 0 when this instance leads its group: of those in service, the one whose id comes first."""

import sys
import urllib.request
from collections.abc import Iterable, Mapping

import boto3

METADATA = "http://169.254.169.254/latest"


def leader(instances: Iterable[Mapping[str, str]]) -> str | None:
    """The id of the leading instance; a group of which none is in service has none."""
    return min((item["InstanceId"] for item in instances if item["LifecycleState"] == "InService"), default=None)


def own_id() -> str:
    """This instance's id, from the metadata service."""
    ask = urllib.request.Request(
        f"{METADATA}/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    )
    with urllib.request.urlopen(ask, timeout=5) as answer:
        token = answer.read().decode()
    ask = urllib.request.Request(f"{METADATA}/meta-data/instance-id", headers={"X-aws-ec2-metadata-token": token})
    with urllib.request.urlopen(ask, timeout=5) as answer:
        return answer.read().decode()


def leads(instance: str) -> bool:
    """Whether the instance leads. One that left its group does not."""
    scaling = boto3.client("autoscaling")
    memberships = scaling.describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
    if not memberships:
        return False
    name = memberships[0]["AutoScalingGroupName"]
    [group] = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return leader(group["Instances"]) == instance


if __name__ == "__main__":
    sys.exit(0 if leads(own_id()) else 1)
