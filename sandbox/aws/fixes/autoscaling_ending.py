"""Auto Scaling: instances that scaling in ends leave the balancer, and end after a while."""

from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from sandbox.aws.ending import ENDING
from sandbox.aws.fixes.fix import replaces
from sandbox.aws.later import after

TERMINATING = "Terminating"
SHUTTING_DOWN, TERMINATED = ("shutting-down", 32), ("terminated", 48)
"""Names and codes of EC2 (API reference, `InstanceState`)."""


@replaces(FakeAutoScalingGroup, "set_desired_capacity")
def removed_instances_end_after_a_while(stock: Any, self: FakeAutoScalingGroup, new_capacity: int | None) -> None:
    """Instances that scaling in terminates stay registered in their target groups in moto, and are gone at once.

    In AWS they are `Terminating` in their group, which lists them until EC2 has shut them down (Auto Scaling User
    Guide, "Instance lifecycle"). For how long is a switch of the sandbox.
    """
    ending = [state for state in self.instance_states if state.lifecycle_state == TERMINATING]
    before = self.instance_states = [state for state in self.instance_states if state not in ending]
    stock(self, new_capacity)
    gone = [state for state in before if state not in self.instance_states]
    self.autoscaling_backend.elbv2_backend.notify_terminate_instances([state.instance.id for state in gone])
    if ENDING.seconds:
        ending += [_shut_down(self, state) for state in gone]
    self.instance_states = [*self.instance_states, *ending]


def _shut_down(group: FakeAutoScalingGroup, state: InstanceState) -> InstanceState:
    state.lifecycle_state = TERMINATING
    _show(state, SHUTTING_DOWN)
    after(ENDING.seconds, _end, group, state)
    return state


def _end(group: FakeAutoScalingGroup, state: InstanceState) -> None:
    group.instance_states = [other for other in group.instance_states if other is not state]
    _show(state, TERMINATED)


def _show(state: InstanceState, shown: tuple[str, int]) -> None:
    instance: Any = state.instance
    instance._state.name, instance._state.code = shown
