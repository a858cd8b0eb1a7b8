"""Auto Scaling: an instance that is terminated waits for the group's hook."""

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError
from moto.autoscaling.models import AutoScalingBackend, InstanceState, LifecycleHook, TerminateInstanceActivity
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from sandbox.aws.fixes.fix import replaces
from sandbox.aws.later import after

TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
WAITING = "Terminating:Wait"


def _state(backend: AutoScalingBackend, instance: str) -> InstanceState:
    found = [
        state
        for group in backend.autoscaling_groups.values()
        for state in group.instance_states
        if state.instance.id == instance
    ]
    if not found:
        raise AutoscalingClientError(
            "ValidationError", f"Instance Id not found - No managed instance found: {instance}"
        )
    return found[0]


def _hook(backend: AutoScalingBackend, state: InstanceState) -> LifecycleHook | None:
    hooks = backend.describe_lifecycle_hooks(state.auto_scaling_group_name)
    return next((hook for hook in hooks if hook.lifecycle_transition == TERMINATING), None)


@replaces(AutoScalingBackend, "terminate_instance")
def terminated_instance_waits_for_its_hook(
    stock: Any, self: AutoScalingBackend, instance_id: str, should_decrement: bool
) -> TerminateInstanceActivity:
    """moto terminates at once whatever hooks the group has.

    In AWS it waits for the hook's timeout, or for the program on it (Auto Scaling User Guide, "How lifecycle hooks
    work"). Here only this operation does: instances removed by scaling in, a refresh or a deletion are records without
    a host.
    """
    state = _state(self, instance_id)
    hook = _hook(self, state)
    if hook is None or state.lifecycle_state == WAITING:
        answer: TerminateInstanceActivity = stock(self, instance_id, should_decrement)
        return answer
    group: Any = state.auto_scaling_group
    activity = TerminateInstanceActivity(state.instance, group.desired_capacity)
    state.lifecycle_state = WAITING
    group.set_desired_capacity(group.desired_capacity - should_decrement)
    _wait(self, state, hook)
    return activity


def _wait(backend: AutoScalingBackend, state: InstanceState, hook: LifecycleHook) -> None:
    """Until the hook's timeout, which starts again with each heartbeat."""
    _stop_waiting(state)
    state.__dict__["timer"] = after(hook.heartbeat_timeout, _proceed, backend, state)


def _stop_waiting(state: InstanceState) -> None:
    if "timer" in state.__dict__:
        state.__dict__.pop("timer").cancel()


def _proceed(backend: AutoScalingBackend, state: InstanceState) -> None:
    group: Any = state.auto_scaling_group
    group.instance_states = [other for other in group.instance_states if other is not state]
    backend.ec2_backend.terminate_instances([state.instance.id])


def _waiting(response: AutoScalingResponse) -> tuple[AutoScalingBackend, InstanceState, LifecycleHook]:
    """The instance of the request. Raises if no hook of this name holds it."""
    backend, instance = response.autoscaling_backend, response._get_param("InstanceId")
    state = _state(backend, instance)
    hook = _hook(backend, state)
    if hook is None or hook.name != response._get_param("LifecycleHookName") or state.lifecycle_state != WAITING:
        raise AutoscalingClientError("ValidationError", f"No active Lifecycle Action found with instance ID {instance}")
    return backend, state, hook


@replaces(AutoScalingResponse, "complete_lifecycle_action")
def completed_action_lets_the_instance_go(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """moto has no lifecycle actions."""
    backend, state, _ = _waiting(self)
    _stop_waiting(state)
    _proceed(backend, state)
    return ActionResult({})


@replaces(AutoScalingResponse, "record_lifecycle_action_heartbeat")
def heartbeat_extends_the_wait(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """moto has no lifecycle actions."""
    _wait(*_waiting(self))
    return ActionResult({})
