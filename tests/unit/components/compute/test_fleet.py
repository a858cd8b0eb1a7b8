"""The fleets: the instances, their zones, and their replacement."""

import json
from functools import cache

import pulumi_aws as aws
import pytest
from fake_cloud import Cloud, deploy
from parts import LONG_SITE, PROD, SITE, ground

from components.compute.fleet import Fleet, FleetArgs
from components.compute.instance_role import InstanceRole, InstanceRoleArgs
from components.site import Site
from hosts.roles import WORKERS

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"


@cache
def fleet(
    *, balanced: bool = False, site: Site = SITE, others: tuple[str, ...] = (), kind: str = "c6i.large"
) -> Cloud[Fleet]:
    laid = ground(site).built

    def build() -> Fleet:
        targets = [aws.lb.TargetGroup("targets", name="targets")] if balanced else []
        args = FleetArgs(
            site=site,
            subnet_ids=laid.network.app_subnet_ids,
            security_group=laid.security_groups[WORKERS],
            keys=laid.keys,
            instance_role=InstanceRole("hosts", InstanceRoleArgs(site=site, permissions=[])),
            instance_type=kind,
            other_instance_types=others,
            image_parameter=PROD.web.image_parameter,
            volume_gib=50,
            user_data="IyEvYmluL3No",
            min_size=3,
            max_size=9,
            warmup_seconds=180,
            target_groups=targets,
        )
        return Fleet("fleet", args)

    return deploy(build)


def test_the_metadata_service_answers_sessions_of_the_instance_alone() -> None:
    options = fleet().one(TEMPLATE).inputs["metadataOptions"]
    assert options == {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}


def test_no_instance_has_a_public_address_or_a_key_pair() -> None:
    cloud = fleet()
    laid = ground().built
    template = cloud.one(TEMPLATE).inputs
    [interface] = template["networkInterfaces"]
    assert interface["associatePublicIpAddress"] == "false"
    assert interface["securityGroups"] == [cloud.value(laid.security_groups[WORKERS].id)]
    assert "keyName" not in template


def test_the_root_volume_is_the_images_own_and_encrypted_with_the_data_key() -> None:
    cloud = fleet()
    laid = ground().built
    [volume] = cloud.one(TEMPLATE).inputs["blockDeviceMappings"]
    assert volume["deviceName"] == "/dev/sda1"
    assert (volume["ebs"]["encrypted"], volume["ebs"]["volumeType"]) == ("true", "gp3")
    assert volume["ebs"]["kmsKeyId"] == cloud.value(laid.keys["data"].arn)


def test_a_new_image_is_no_change_of_the_program() -> None:
    cloud = fleet()
    assert cloud.one(TEMPLATE).inputs["imageId"] == f"resolve:ssm:{PROD.web.image_parameter}"
    assert cloud.one(GROUP).inputs["maxInstanceLifetime"] == 7 * 86400


def test_instances_and_volumes_are_tagged_by_the_template_alone() -> None:
    cloud = fleet()
    specifications = {row["resourceType"]: row["tags"] for row in cloud.one(TEMPLATE).inputs["tagSpecifications"]}
    assert set(specifications) == {"instance", "volume"}
    assert specifications["instance"] == specifications["volume"]
    group_tags = cloud.one(GROUP).inputs["tags"]
    assert {row["key"]: row["value"] for row in group_tags} == specifications["instance"]
    assert not any(row["propagateAtLaunch"] for row in group_tags)


def test_it_spreads_over_the_app_subnets_of_all_zones() -> None:
    cloud = fleet()
    laid = ground().built
    subnets = [cloud.value(subnet) for subnet in laid.network.app_subnet_ids]
    assert cloud.one(GROUP).inputs["vpcZoneIdentifiers"] == subnets
    assert len(set(subnets)) == 3


def test_how_many_run_between_the_bounds_is_left_to_scaling() -> None:
    group = fleet().one(GROUP).inputs
    assert (group["minSize"], group["maxSize"]) == (3, 9)
    assert "desiredCapacity" not in group


def test_every_replacement_starts_the_new_instance_first() -> None:
    group = fleet().one(GROUP).inputs
    bounds = {"minHealthyPercentage": 100, "maxHealthyPercentage": 110}
    assert group["instanceMaintenancePolicy"] == bounds
    assert group["instanceRefresh"] == {"strategy": "Rolling", "preferences": {**bounds, "skipMatching": True}}


@pytest.mark.parametrize(("balanced", "kind"), [(True, "ELB"), (False, "EC2")])
def test_health_is_the_balancers_word_where_there_is_one(balanced: bool, kind: str) -> None:
    assert fleet(balanced=balanced).one(GROUP).inputs["healthCheckType"] == kind


def test_the_group_reports_how_many_are_in_service() -> None:
    assert "GroupInServiceInstances" in fleet().one(GROUP).inputs["enabledMetrics"]


def test_the_group_follows_each_new_version_of_the_template() -> None:
    cloud = fleet()
    built = cloud.built
    template = cloud.one(GROUP).inputs["launchTemplate"]
    assert template == {
        "id": cloud.value(built.template.id),
        "version": str(cloud.value(built.template.latest_version)),
    }


def test_an_instance_takes_its_role_from_ec2_alone() -> None:
    cloud = fleet()
    trust = json.loads(cloud.one("aws:iam/role:Role", "hosts-role").inputs["assumeRolePolicy"])
    assert [statement["Principal"] for statement in trust["Statement"]] == [{"Service": "ec2.amazonaws.com"}]
    assert cloud.one("aws:iam/instanceProfile:InstanceProfile").inputs["role"] == "askproai-prod-hosts"


def test_names_fit_in_the_longest_environment() -> None:
    cloud = fleet(site=LONG_SITE)
    assert len(cloud.one("aws:iam/role:Role", "hosts-role").inputs["name"]) <= 64
    assert len(cloud.one(TEMPLATE).inputs["name"]) <= 128


def test_other_types_are_started_on_demand_and_in_their_order_from_the_same_template() -> None:
    cloud = fleet(others=("c6a.large", "c5.large"))
    group = cloud.one(GROUP).inputs
    assert "launchTemplate" not in group
    policy = group["mixedInstancesPolicy"]
    assert policy["instancesDistribution"] == {
        "onDemandAllocationStrategy": "prioritized",
        "onDemandPercentageAboveBaseCapacity": 100,
    }
    started = policy["launchTemplate"]
    assert [each["instanceType"] for each in started["overrides"]] == ["c6i.large", "c6a.large", "c5.large"]
    assert started["launchTemplateSpecification"] == {
        "launchTemplateId": cloud.value(cloud.built.template.id),
        "version": str(cloud.value(cloud.built.template.latest_version)),
    }
    assert "mixedInstancesPolicy" not in fleet().one(GROUP).inputs


def test_what_happens_without_credits_is_stated_where_each_type_has_some() -> None:
    stated = fleet(kind="t3.large", others=("t3a.large",)).one(TEMPLATE).inputs["creditSpecification"]
    assert stated == {"cpuCredits": "unlimited"}
    for others in ((), ("t3.large",)):
        assert "creditSpecification" not in fleet(others=others).one(TEMPLATE).inputs
    assert "creditSpecification" not in fleet(kind="t3.large", others=("m6i.large",)).one(TEMPLATE).inputs
