"""Auto Scaling: what a group, its hooks and its policies remember."""

from typing import Any

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, FakeScalingPolicy
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.fixes.fix import replaces

# Parameters of a group that moto does not keep, or keeps only when the group is made.
FORGOTTEN = {
    "AvailabilityZoneDistribution": "availability_zone_distribution",
    "CapacityRebalance": "capacity_rebalance",
    "DefaultCooldown": "default_cooldown",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
    "MaxInstanceLifetime": "max_instance_lifetime",
    "TerminationPolicies": "termination_policies",
}


def own_group(response: AutoScalingResponse) -> FakeAutoScalingGroup:
    """The group that the request is about."""
    groups = response.autoscaling_backend.autoscaling_groups
    group: FakeAutoScalingGroup = groups[response._get_param("AutoScalingGroupName")]
    return group


def _remember(response: AutoScalingResponse) -> None:
    group, asked = own_group(response), response._get_params()
    for name in FORGOTTEN.keys() & asked.keys():
        setattr(group, FORGOTTEN[name], asked[name])


@replaces(AutoScalingResponse, "create_auto_scaling_group")
def group_remembers_all_settings(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """moto drops the warm-up, the life time, the maintenance policy and the lifecycle hooks a group is made with."""
    answer: ActionResult = stock(self)
    _remember(self)
    for hook in self._get_param("LifecycleHookSpecificationList", []):
        _keep_hook(self.autoscaling_backend, self._get_param("AutoScalingGroupName"), hook)
    return answer


@replaces(AutoScalingResponse, "update_auto_scaling_group")
def group_update_changes_all_settings(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """The same as `group_remembers_all_settings`, for a group that is changed."""
    answer: ActionResult = stock(self)
    _remember(self)
    return answer


@replaces(AutoScalingResponse, "put_lifecycle_hook")
def hook_notifies_whom_it_was_told(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """moto says that every hook notifies one queue with one role, both of another account."""
    _keep_hook(self.autoscaling_backend, self._get_param("AutoScalingGroupName"), self._get_params())
    return EmptyResult()


def _keep_hook(backend: Any, group: str, asked: dict[str, Any]) -> None:
    hook = backend.create_lifecycle_hook(
        name=asked["LifecycleHookName"],
        as_name=group,
        transition=asked.get("LifecycleTransition"),
        timeout=asked.get("HeartbeatTimeout"),
        result=asked.get("DefaultResult"),
    )
    hook.notification_target_arn = asked.get("NotificationTargetARN")
    hook.role_arn = asked.get("RoleARN")
    hook.notification_metadata = asked.get("NotificationMetadata")


@replaces(FakeScalingPolicy, "__init__")
def policy_is_enabled(stock: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    """moto does not say that a policy is enabled, and gives every one an empty predictive configuration."""
    stock(self, *args, **kwargs)
    self.enabled = True
    self.predictive_scaling_configuration = self.predictive_scaling_configuration or None


@replaces(AutoScalingBackend, "put_scaling_policy")
def policy_belongs_to_its_group(stock: Any, self: AutoScalingBackend, **asked: Any) -> FakeScalingPolicy:
    """Policy names are one namespace over all groups in moto: "cpu" of the green group replaces that of the blue."""
    policy: FakeScalingPolicy = stock(self, **asked)
    self.policies[f"{policy.auto_scaling_group_name}/{policy.name}"] = self.policies.pop(policy.name)
    return policy


@replaces(AutoScalingResponse, "delete_policy")
def policy_is_deleted_in_its_group(stock: Any, self: AutoScalingResponse) -> EmptyResult:
    """The other half of `policy_belongs_to_its_group`."""
    name, policies = self._get_param("PolicyName"), self.autoscaling_backend.policies
    policies.pop(f"{self._get_param('AutoScalingGroupName')}/{name}", None)
    return EmptyResult()
