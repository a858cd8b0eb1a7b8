"""Auto Scaling: launches as scaling activities, and what a group does that lacks instances."""

from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

# Imported first, so that what starts the instances is what is replaced here.
from sandbox.aws.fixes import autoscaling_instances as autoscaling_instances
from sandbox.aws.fixes.ec2_capacity import NoCapacityError, room
from sandbox.aws.fixes.fix import replaces

KEPT = 100
"""Auto Scaling API, DescribeScalingActivities: the records of one answer at most."""


@replaces(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def launches_are_activities(stock: Any, self: FakeAutoScalingGroup, count: int, tags: dict[str, str]) -> None:
    """moto ends the request with which a group is changed where an instance cannot be started, and keeps no activity.

    In AWS the group is changed, stays below its desired capacity, and says why (Auto Scaling User Guide,
    "Troubleshoot: insufficient instance capacity").
    """
    for _ in range(count):
        try:
            stock(self, 1, tags)
        except NoCapacityError as lacking:
            _note(self, "Failed", f"{lacking.message} Launching EC2 instance failed.")
            return
        _note(self, "Successful", "")


def _note(group: Any, status: str, message: str) -> None:
    reason = f".  Status Reason: {message}" if message else f": {group.instance_states[-1].instance.id}"
    activity = {
        "ActivityId": str(mock_random.uuid4()),
        "AutoScalingGroupName": group.name,
        "Description": f"Launching a new EC2 instance{reason}",
        "Cause": "an instance was started in response to a difference between desired and actual capacity",
        "StartTime": utcnow(),
        "EndTime": utcnow(),
        "StatusCode": status,
        "StatusMessage": message,
        "Progress": 100,
    }
    kept = group.__dict__.setdefault("scaling_activities", [])
    kept.insert(0, activity)
    del kept[KEPT:]


@replaces(AutoScalingResponse, "describe_scaling_activities")
def activities_can_be_described(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """moto knows of no scaling activity."""
    name, limit = self._get_param("AutoScalingGroupName"), self._get_int_param("MaxRecords", KEPT)
    groups: list[Any] = self.autoscaling_backend.describe_auto_scaling_groups([name] if name else [])
    found = [activity for group in groups for activity in group.__dict__.get("scaling_activities", [])]
    found.sort(key=lambda activity: activity["StartTime"], reverse=True)
    return ActionResult({"Activities": found[:limit]})


@replaces(AutoScalingResponse, "describe_auto_scaling_groups")
def launches_are_tried_again(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """Auto Scaling tries again by itself to start what a group lacks; here with each look at the groups."""
    backend = self.autoscaling_backend
    for group in backend.describe_auto_scaling_groups(self._get_param("AutoScalingGroupNames", [])):
        newest = group.__dict__.get("scaling_activities", [])[:1]
        if any(activity["StatusCode"] == "Failed" for activity in newest) and room(group.ec2_backend) != 0:
            backend.set_desired_capacity(group.name, group.desired_capacity)
    answer: ActionResult = stock(self)
    return answer
