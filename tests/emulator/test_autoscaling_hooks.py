"""Instances that are terminated on the emulated AWS, in a group with a hook."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import Clients
from tests.emulator.test_autoscaling import Fleet
from tests.emulator.timers import Timers

HOOK = "finish"


@pytest.fixture
def fleet(aws: Clients, name: str) -> Fleet:
    return Fleet(aws, name).create(MinSize=1)


def hook(fleet: Fleet, seconds: int) -> None:
    fleet.asg.put_lifecycle_hook(
        AutoScalingGroupName=fleet.name,
        LifecycleHookName=HOOK,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=seconds,
    )


def terminate(fleet: Fleet, *, decrement: bool = False) -> str:
    """The instance that is being terminated."""
    [instance] = states(fleet)
    fleet.asg.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=decrement)
    return instance


def states(fleet: Fleet) -> dict[str, str]:
    return {found["InstanceId"]: found["LifecycleState"] for found in fleet.described()["Instances"]}


def runs(fleet: Fleet, instance: str) -> bool:
    found: dict[str, Any] = fleet.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return found["State"]["Name"] == "running"


def action(fleet: Fleet, instance: str, name: str = HOOK) -> dict[str, str]:
    return {"AutoScalingGroupName": fleet.name, "LifecycleHookName": name, "InstanceId": instance}


def complete(fleet: Fleet, instance: str) -> None:
    fleet.asg.complete_lifecycle_action(**action(fleet, instance), LifecycleActionResult="CONTINUE")


@pytest.mark.fix("autoscaling_hooks.py:terminated_instance_waits_for_its_hook")
def test_a_terminated_instance_runs_on_while_its_successor_starts(fleet: Fleet) -> None:
    hook(fleet, 60)
    instance = terminate(fleet)
    assert sorted(states(fleet).values()) == ["InService", "Terminating:Wait"]
    assert states(fleet)[instance] == "Terminating:Wait"
    assert runs(fleet, instance)


def test_a_group_that_is_to_shrink_starts_no_successor(aws: Clients, name: str) -> None:
    fleet = Fleet(aws, name).create(MinSize=0, DesiredCapacity=1)
    hook(fleet, 60)
    instance = terminate(fleet, decrement=True)
    assert states(fleet) == {instance: "Terminating:Wait"}
    assert fleet.described()["DesiredCapacity"] == 0


@pytest.mark.fix("autoscaling_hooks.py:completed_action_lets_the_instance_go")
def test_an_instance_whose_action_is_complete_goes(fleet: Fleet) -> None:
    hook(fleet, 60)
    instance = terminate(fleet)
    complete(fleet, instance)
    assert instance not in states(fleet)
    assert not runs(fleet, instance)


def test_an_instance_goes_when_the_time_of_its_hook_is_over(fleet: Fleet, timers: Timers) -> None:
    hook(fleet, 60)
    instance = terminate(fleet)
    timers.pass_time(59)
    assert runs(fleet, instance)
    timers.pass_time(1)
    assert not runs(fleet, instance)
    assert instance not in states(fleet)


@pytest.mark.fix("autoscaling_hooks.py:heartbeat_extends_the_wait")
def test_each_heartbeat_gives_the_instance_the_whole_time_again(fleet: Fleet, timers: Timers) -> None:
    hook(fleet, 60)
    instance = terminate(fleet)
    timers.pass_time(59)
    fleet.asg.record_lifecycle_action_heartbeat(**action(fleet, instance))
    timers.pass_time(59)
    assert runs(fleet, instance)
    timers.pass_time(1)
    assert not runs(fleet, instance)


def test_an_action_that_is_not_there_cannot_be_completed(fleet: Fleet) -> None:
    hook(fleet, 60)
    [instance] = states(fleet)
    with pytest.raises(ClientError, match="No active Lifecycle Action"):
        complete(fleet, instance)
    terminate(fleet)
    with pytest.raises(ClientError, match="No active Lifecycle Action"):
        fleet.asg.record_lifecycle_action_heartbeat(**action(fleet, instance, "other"))


def test_without_a_hook_an_instance_goes_at_once(fleet: Fleet) -> None:
    assert not runs(fleet, terminate(fleet))
