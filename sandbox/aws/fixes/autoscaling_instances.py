"""Auto Scaling: the instances of a group, as its launch template says, over all its zones, and their replacement."""

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError
from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.utils import convert_tag_spec
from moto.moto_api._internal import mock_random
from moto.ssm.models import ssm_backends

from sandbox.aws.fixes.autoscaling import own_group
from sandbox.aws.fixes.fix import replaces

PARAMETER_PREFIX = "resolve:ssm:"


@replaces(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def instances_follow_the_template(
    stock: Any, self: FakeAutoScalingGroup, count_needed: int, propagated_tags: dict[str, str]
) -> None:
    """moto puts all instances of a group into its first subnet, with the default version of the launch template.

    It also leaves out the template's metadata options, profile and security groups, adds an unencrypted volume, takes
    the name of a parameter for that of an image, and keeps the network interface of a terminated instance.
    """
    if self.ec2_launch_template is None or not self.vpc_zone_identifier:
        stock(self, count_needed, propagated_tags)
        return
    version = self.ec2_launch_template.get_version(self.launch_template_version)
    tags = {**version.instance_tags, **propagated_tags, "aws:autoscaling:groupName": self.name}
    for _ in range(count_needed):
        instance = _launch(self, version, _emptiest_subnet(self), tags)
        instance.autoscaling_group = self
        instance.launch_template_version = str(version.number)
        protected = self.new_instances_protected_from_scale_in
        self.instance_states.append(InstanceState(instance, protected_from_scale_in=protected))


def _emptiest_subnet(group: FakeAutoScalingGroup) -> str:
    used = [state.instance.subnet_id for state in group.instance_states]
    return min((group.vpc_zone_identifier or "").split(","), key=used.count)


def _launch(group: FakeAutoScalingGroup, version: LaunchTemplateVersion, subnet: str, tags: dict[str, str]) -> Any:
    data, ec2 = version.data, group.ec2_backend
    interface = (data.get("NetworkInterfaces") or [{}])[0]
    instance = ec2.run_instances(
        _image(group, version.image_id),
        1,
        version.user_data,
        [],
        region_name=group.region,
        instance_type=version.instance_type,
        is_instance_type_default=False,
        subnet_id=subnet,
        associate_public_ip=interface.get("AssociatePublicIpAddress", False),
        security_group_ids=[*(interface.get("Groups") or []), *(data.get("SecurityGroupIds") or [])],
        launch_template={"LaunchTemplateId": version.template.id, "Version": str(version.number)},
        block_device_mappings=data.get("BlockDeviceMappings") or [],
        metadata_options=data.get("MetadataOptions") or {},
        monitoring_state="enabled" if (data.get("Monitoring") or {}).get("Enabled") else "disabled",
        ebs_optimized=data.get("EbsOptimized") or False,
        tags={"instance": tags, "volume": convert_tag_spec(data.get("TagSpecifications", [])).get("volume", {})},
    ).instances[0]
    for nic in instance.nics.values():
        nic.delete_on_termination = interface.get("DeleteOnTermination", True)
    profile = data.get("IamInstanceProfile") or {}
    if profile:
        ec2.associate_iam_instance_profile(instance.id, profile.get("Name"), profile.get("Arn"))
    return instance


def _image(group: FakeAutoScalingGroup, image: str) -> str:
    if not image.startswith(PARAMETER_PREFIX):
        return image
    name = image.removeprefix(PARAMETER_PREFIX)
    parameter = ssm_backends[group.account_id][group.region].get_parameter(name)
    if parameter is None:
        raise AutoscalingClientError("ValidationError", f"You must use a valid parameter: {name} is not found")
    return parameter.value


@replaces(InstanceState, "launch_template")
def instance_shows_the_version_it_runs(stock: Any, self: InstanceState) -> dict[str, Any] | None:
    """moto shows the template's default version for every instance, so that none ever looks out of date."""
    template: dict[str, Any] | None = stock(self)
    version = getattr(self.instance, "launch_template_version", None)
    return {**template, "Version": version} if template and version else template


def _terminate(group: FakeAutoScalingGroup, instances: set[str]) -> None:
    group.instance_states = [state for state in group.instance_states if state.instance.id not in instances]
    if instances:
        group.ec2_backend.terminate_instances(list(instances))
        group.autoscaling_backend.elbv2_backend.notify_terminate_instances(list(instances))


@replaces(AutoScalingResponse, "start_instance_refresh")
def refresh_replaces_instances(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """moto has no instance refresh; here it replaces at once what does not run the group's template version."""
    group: Any = own_group(self)
    preferences = self._get_params().get("Preferences", {})
    wanted = self._get_params().get("DesiredConfiguration", {})
    if wanted.get("LaunchTemplate"):
        group._set_launch_configuration("", wanted["LaunchTemplate"], None)
    current = str(group.ec2_launch_template.get_version(group.launch_template_version).number)
    instances = {
        state.instance.id
        for state in group.instance_states
        if not preferences.get("SkipMatching") or getattr(state.instance, "launch_template_version", None) != current
    }
    _terminate(group, instances)
    group.replace_autoscaling_group_instances(len(instances), group.get_propagated_tags())
    self.autoscaling_backend.update_attached_target_groups(group.name)
    refresh = {
        "InstanceRefreshId": str(mock_random.uuid4()),
        "AutoScalingGroupName": group.name,
        "Status": "Successful",
        "StartTime": utcnow(),
        "EndTime": utcnow(),
        "PercentageComplete": 100,
        "InstancesToUpdate": 0,
        "Preferences": preferences,
        "DesiredConfiguration": wanted,
    }
    group.__dict__.setdefault("instance_refreshes", []).insert(0, refresh)
    return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})


@replaces(AutoScalingResponse, "describe_instance_refreshes")
def refreshes_can_be_described(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """moto has no instance refresh."""
    wanted = self._get_param("InstanceRefreshIds", [])
    refreshes = own_group(self).__dict__.get("instance_refreshes", [])
    shown = [refresh for refresh in refreshes if not wanted or refresh["InstanceRefreshId"] in wanted]
    return ActionResult({"InstanceRefreshes": shown})


@replaces(AutoScalingResponse, "cancel_instance_refresh")
def no_refresh_is_left_to_cancel(stock: Any, self: AutoScalingResponse) -> ActionResult:
    """moto has no instance refresh; those here have ended when they were started."""
    raise AutoscalingClientError("ActiveInstanceRefreshNotFound", f"{own_group(self).name} has no active refresh")
