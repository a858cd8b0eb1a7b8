"""A region that lacks capacity for instances."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.core.hosts import failed_launches
from tests.emulator.declared import IMAGE, Declared, declare
from tests.emulator.emulated import REGION, Clients, Control
from tests.emulator.operators import operating
from tests.emulator.test_ending import hosts, web


@pytest.fixture
def shop(aws: Clients, name: str) -> Declared:
    # Earlier tests' groups retry launches when they are described: they must not use this test's capacity.
    aws("autoscaling").describe_auto_scaling_groups()
    return declare(aws, name, instances=1)


def running(shop: Declared) -> int:
    """Instances of the region, those of other tests too."""
    states = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    pages = shop.client("ec2").get_paginator("describe_instances").paginate(Filters=states)
    return sum(len(reservation["Instances"]) for page in pages for reservation in page["Reservations"])


def activities(shop: Declared) -> list[dict[str, Any]]:
    found = shop.client("autoscaling").describe_scaling_activities(AutoScalingGroupName=web(shop))
    return list(found["Activities"])


@pytest.mark.fix("autoscaling_launches.py:launches_are_activities")
# Of the emulator without that fix, which gives Auto Scaling's clients EC2's error.
@pytest.mark.filterwarnings("ignore:Exception.NoCapacityError")
def test_a_group_stays_below_its_size_and_says_why(shop: Declared, control: Control) -> None:
    limit = running(shop) + 1
    assert control("PUT", f"capacity/{REGION}/{limit}") == {REGION: limit}
    shop.scale(3)
    assert hosts(shop) == ["InService", "InService"]
    failed, started, first = activities(shop)
    assert (failed["StatusCode"], started["StatusCode"], first["StatusCode"]) == ("Failed", "Successful", "Successful")
    assert failed["StatusMessage"] == (
        "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested "
        f"({REGION}a). Our system will be working on provisioning additional capacity. Launching EC2 instance failed."
    )
    assert failed["Description"].startswith("Launching a new EC2 instance.  Status Reason: We currently")


def test_operators_are_told_why_no_more_instances_start(
    shop: Declared, control: Control, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack: Any = SimpleNamespace(region=REGION)
    with operating(endpoint, monkeypatch):
        assert failed_launches(stack, [web(shop)]) == ""
        control("PUT", f"capacity/{REGION}/0")
        shop.scale(2)
        assert f"{web(shop)} at " in (why := failed_launches(stack, [web(shop)]))
        assert "UTC: We currently do not have sufficient t3.micro capacity" in why
        control("DELETE", f"capacity/{REGION}")
        assert hosts(shop) == ["InService", "InService"]
        assert failed_launches(stack, [web(shop)]) == ""


@pytest.mark.fix("autoscaling_launches.py:activities_can_be_described")
def test_launches_are_listed_the_newest_first(shop: Declared) -> None:
    shop.scale(2)
    newest, first = activities(shop)
    assert newest["StartTime"] >= first["StartTime"]


@pytest.mark.fix("autoscaling_launches.py:launches_are_tried_again")
def test_a_group_goes_on_once_there_is_room(shop: Declared, control: Control) -> None:
    control("PUT", f"capacity/{REGION}/{running(shop)}")
    shop.scale(2)
    assert (hosts(shop), len(activities(shop))) == (["InService"], 2)
    assert control("DELETE", f"capacity/{REGION}") == {}
    assert hosts(shop) == ["InService", "InService"]
    health = shop.client("elbv2").describe_target_health(TargetGroupArn=shop.target_group)
    assert len(health["TargetHealthDescriptions"]) == 2


@pytest.mark.fix("ec2_capacity.py:instances_need_capacity")
def test_an_instance_of_no_group_does_not_start_either(aws: Clients, control: Control) -> None:
    control("PUT", f"capacity/{REGION}/0")
    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        aws("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)


def test_an_instance_that_is_stopped_takes_no_room(shop: Declared, control: Control) -> None:
    ec2, one = shop.client("ec2"), {"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    (stopped,) = ec2.run_instances(**one)["Instances"]
    ec2.stop_instances(InstanceIds=[stopped["InstanceId"]])
    control("PUT", f"capacity/{REGION}/{running(shop) + 1}")
    assert ec2.run_instances(**one)["Instances"]
    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        ec2.run_instances(**one)
