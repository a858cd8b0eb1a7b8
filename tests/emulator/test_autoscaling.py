"""Auto Scaling on the emulated AWS."""

import base64
from collections import Counter
from typing import Any

import pytest

from tests.emulator.emulated import Clients
from tests.emulator.test_ssm import UBUNTU

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")


class Fleet:
    """A group over three zones, its launch template and its target group."""

    def __init__(self, aws: Clients, name: str) -> None:
        self.name = name
        self.ec2, self.asg, self.elb = aws("ec2"), aws("autoscaling"), aws("elbv2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=zone)
            for index, zone in enumerate(ZONES)
        ]
        group = self.ec2.create_security_group(GroupName=name, Description="test", VpcId=self.vpc)
        self.security_group = group["GroupId"]
        self.targets = self.elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=self.vpc)[
            "TargetGroups"
        ][0]["TargetGroupArn"]
        self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=self.template("one"))

    def template(self, user_data: str) -> dict[str, Any]:
        volume = {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
        return {
            "ImageId": f"resolve:ssm:{UBUNTU}",
            "InstanceType": "c6i.large",
            "UserData": base64.b64encode(user_data.encode()).decode(),
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "Monitoring": {"Enabled": True},
            "NetworkInterfaces": [
                {"DeviceIndex": 0, "AssociatePublicIpAddress": False, "Groups": [self.security_group]}
            ],
            "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": volume}],
            "TagSpecifications": [
                {"ResourceType": kind, "Tags": [{"Key": "Project", "Value": "askproai"}]}
                for kind in ("instance", "volume")
            ],
        }

    def create(self, **asked: Any) -> "Fleet":
        self.asg.create_auto_scaling_group(
            AutoScalingGroupName=self.name,
            MinSize=asked.pop("MinSize", 3),
            MaxSize=6,
            LaunchTemplate={"LaunchTemplateName": self.name, "Version": asked.pop("Version", "1")},
            VPCZoneIdentifier=",".join(subnet["Subnet"]["SubnetId"] for subnet in self.subnets),
            TargetGroupARNs=[self.targets],
            **asked,
        )
        return self

    def described(self) -> dict[str, Any]:
        groups = self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])["AutoScalingGroups"]
        group: dict[str, Any] = groups[0]
        return group

    def instances(self) -> list[dict[str, Any]]:
        ids = [instance["InstanceId"] for instance in self.described()["Instances"]]
        reservations = self.ec2.describe_instances(InstanceIds=ids)["Reservations"]
        return [instance for reservation in reservations for instance in reservation["Instances"]]

    def new_version(self) -> None:
        self.ec2.create_launch_template_version(LaunchTemplateName=self.name, LaunchTemplateData=self.template("two"))
        self.asg.update_auto_scaling_group(
            AutoScalingGroupName=self.name, LaunchTemplate={"LaunchTemplateName": self.name, "Version": "2"}
        )


@pytest.fixture
def fleet(aws: Clients, name: str) -> Fleet:
    return Fleet(aws, name)


@pytest.mark.fix("autoscaling.py:group_remembers_all_settings")
def test_a_group_remembers_all_it_is_made_with(fleet: Fleet) -> None:
    hook = {"LifecycleHookName": "drain", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}
    fleet.create(
        DefaultInstanceWarmup=120,
        MaxInstanceLifetime=604800,
        InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110},
        LifecycleHookSpecificationList=[hook],
    )
    group = fleet.described()
    assert group["DefaultInstanceWarmup"] == 120
    assert group["MaxInstanceLifetime"] == 604800
    assert group["InstanceMaintenancePolicy"] == {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110}
    hooks = fleet.asg.describe_lifecycle_hooks(AutoScalingGroupName=fleet.name)["LifecycleHooks"]
    assert [found["LifecycleHookName"] for found in hooks] == ["drain"]


@pytest.mark.fix("autoscaling.py:group_update_changes_all_settings")
def test_a_group_remembers_all_that_is_changed(fleet: Fleet) -> None:
    fleet.create()
    fleet.asg.update_auto_scaling_group(
        AutoScalingGroupName=fleet.name, DefaultInstanceWarmup=60, TerminationPolicies=["OldestInstance"]
    )
    assert fleet.described()["DefaultInstanceWarmup"] == 60
    assert fleet.described()["TerminationPolicies"] == ["OldestInstance"]


@pytest.mark.fix("autoscaling.py:hook_notifies_whom_it_was_told")
def test_a_hook_without_a_target_notifies_nobody(fleet: Fleet) -> None:
    fleet.create().asg.put_lifecycle_hook(
        AutoScalingGroupName=fleet.name,
        LifecycleHookName="drain",
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=60,
    )
    hook = fleet.asg.describe_lifecycle_hooks(AutoScalingGroupName=fleet.name)["LifecycleHooks"][0]
    assert "NotificationTargetARN" not in hook
    assert hook["HeartbeatTimeout"] == 60


def track_cpu(fleet: Fleet, target: int) -> None:
    metric = {"PredefinedMetricType": "ASGAverageCPUUtilization"}
    fleet.asg.put_scaling_policy(
        AutoScalingGroupName=fleet.name,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={"PredefinedMetricSpecification": metric, "TargetValue": target},
    )


def policies(fleet: Fleet) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fleet.asg.describe_policies(AutoScalingGroupName=fleet.name)["ScalingPolicies"]
    return found


@pytest.mark.fix("autoscaling.py:policy_is_enabled")
def test_a_policy_is_enabled_and_not_predictive(fleet: Fleet) -> None:
    track_cpu(fleet.create(), 80)
    assert policies(fleet)[0]["Enabled"]
    assert "PredictiveScalingConfiguration" not in policies(fleet)[0]


@pytest.mark.fix("autoscaling.py:policy_belongs_to_its_group")
def test_two_groups_may_have_policies_of_one_name(aws: Clients, name: str) -> None:
    blue, green = Fleet(aws, f"{name}-blue").create(), Fleet(aws, f"{name}-green").create()
    track_cpu(blue, 70)
    track_cpu(green, 80)
    targets = [policies(fleet)[0]["TargetTrackingConfiguration"]["TargetValue"] for fleet in (blue, green)]
    assert targets == [70, 80]


@pytest.mark.fix("autoscaling.py:policy_is_deleted_in_its_group")
def test_a_policy_is_deleted_from_its_own_group_alone(aws: Clients, name: str) -> None:
    blue, green = Fleet(aws, f"{name}-blue").create(), Fleet(aws, f"{name}-green").create()
    track_cpu(blue, 70)
    track_cpu(green, 80)
    blue.asg.delete_policy(AutoScalingGroupName=blue.name, PolicyName="cpu")
    assert policies(blue) == []
    assert len(policies(green)) == 1


@pytest.mark.fix("autoscaling_instances.py:instances_follow_the_template")
def test_instances_follow_their_template_over_all_zones(fleet: Fleet) -> None:
    instances = fleet.create(MinSize=4).instances()
    zones = Counter(instance["Placement"]["AvailabilityZone"] for instance in instances)
    assert sorted(zones.values()) == [1, 1, 2]
    for instance in instances:
        assert instance["ImageId"].startswith("ami-")
        assert instance["MetadataOptions"]["HttpTokens"] == "required"
        assert instance["Monitoring"]["State"] == "enabled"
        assert "PublicIpAddress" not in instance
        assert [group["GroupId"] for group in instance["SecurityGroups"]] == [fleet.security_group]
        volumes = [mapping["Ebs"]["VolumeId"] for mapping in instance["BlockDeviceMappings"]]
        found = fleet.ec2.describe_volumes(VolumeIds=volumes)["Volumes"]
        assert [(volume["Encrypted"], volume["Size"]) for volume in found] == [(True, 20)]
        assert {"Key": "Project", "Value": "askproai"} in found[0]["Tags"]


@pytest.mark.fix("autoscaling_instances.py:instance_shows_the_version_it_runs")
def test_an_instance_shows_the_version_it_was_launched_from(fleet: Fleet) -> None:
    fleet.create().new_version()
    fleet.ec2.modify_launch_template(LaunchTemplateName=fleet.name, DefaultVersion="2")
    assert {instance["LaunchTemplate"]["Version"] for instance in fleet.described()["Instances"]} == {"1"}


@pytest.mark.fix("autoscaling_ending.py:removed_instances_end_after_a_while")
def test_an_instance_that_is_scaled_in_leaves_its_target_group(fleet: Fleet) -> None:
    fleet.create(MinSize=1, DesiredCapacity=3).asg.set_desired_capacity(
        AutoScalingGroupName=fleet.name, DesiredCapacity=1
    )
    targets = fleet.elb.describe_target_health(TargetGroupArn=fleet.targets)["TargetHealthDescriptions"]
    assert len(targets) == 1


@pytest.mark.fix("autoscaling_instances.py:refresh_replaces_instances")
def test_a_refresh_puts_every_instance_on_the_new_version(fleet: Fleet) -> None:
    fleet.create().new_version()
    before = {instance["InstanceId"] for instance in fleet.described()["Instances"]}
    fleet.asg.start_instance_refresh(AutoScalingGroupName=fleet.name, Preferences={"SkipMatching": True})
    instances = fleet.described()["Instances"]
    assert {instance["LaunchTemplate"]["Version"] for instance in instances} == {"2"}
    assert before.isdisjoint(instance["InstanceId"] for instance in instances)
    targets = fleet.elb.describe_target_health(TargetGroupArn=fleet.targets)["TargetHealthDescriptions"]
    assert {target["Target"]["Id"] for target in targets} == {instance["InstanceId"] for instance in instances}


@pytest.mark.fix("autoscaling_instances.py:refreshes_can_be_described")
def test_a_refresh_says_how_it_ended(fleet: Fleet) -> None:
    started = fleet.create().asg.start_instance_refresh(AutoScalingGroupName=fleet.name)
    found = fleet.asg.describe_instance_refreshes(AutoScalingGroupName=fleet.name)["InstanceRefreshes"]
    assert [(refresh["InstanceRefreshId"], refresh["Status"]) for refresh in found] == [
        (started["InstanceRefreshId"], "Successful")
    ]


@pytest.mark.fix("autoscaling_instances.py:no_refresh_is_left_to_cancel")
def test_a_refresh_that_has_ended_cannot_be_cancelled(fleet: Fleet) -> None:
    fleet.create()
    with pytest.raises(fleet.asg.exceptions.ActiveInstanceRefreshNotFoundFault):
        fleet.asg.cancel_instance_refresh(AutoScalingGroupName=fleet.name)
