"""What the metadata service and Auto Scaling report about this instance."""

import urllib.error
import urllib.request
from typing import Any

import boto3

LATEST = "http://169.254.169.254/latest"
TIMEOUT_SECONDS = 5


def metadata(path: str) -> str | None:
    """A value of the instance's metadata, None if it does not exist. Raises OSError without an answer."""
    headers = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    with _answer(urllib.request.Request(f"{LATEST}/api/token", method="PUT", headers=headers)) as answer:
        token = answer.read().decode()
    try:
        request = urllib.request.Request(f"{LATEST}/meta-data/{path}", headers={"X-aws-ec2-metadata-token": token})
        with _answer(request) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def group_of(instance: str) -> str | None:
    """The Auto Scaling group of an instance; None if it has left the group."""
    found = boto3.client("autoscaling").describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
    return found[0]["AutoScalingGroupName"] if found else None


def _answer(request: urllib.request.Request) -> Any:
    return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
