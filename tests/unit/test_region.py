"""A whole region: what no single component can show, such as order, tags, names, and outputs."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from broken_files import GOOD_SECRETS
from fake_cloud import Cloud, Record
from regions import PROVIDER, STACKS, altered, composed, declared, region
from stack_files import ROOT, settings_of

from hosts.roles import ROLES, HostRole
from naming import DataClass, Naming
from outputs import EdgeOutputs, RegionOutputs
from sandbox.plugins.aws.generate import sdk_properties
from settings import HostSettings, LogsSettings

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
HOOK = "aws:autoscaling/lifecycleHook:LifecycleHook"
COUNTS = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
LOG = "aws:cloudwatch/logStream:LogStream"
SUBSCRIPTION = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
WITHIN = {
    ROLE_POLICY: "role",
    HOOK: "autoscalingGroupName",
    SUBSCRIPTION: "logGroup",
    LOG: "logGroupName",
    COUNTS: "logGroupName",
}
"""Types whose names are unique only within the resource that this input names."""

NAMES: Mapping[str, tuple[str, int]] = {
    "aws:autoscaling/group:Group": ("name", 255),
    HOOK: ("name", 255),
    "aws:autoscaling/policy:Policy": ("name", 255),
    "aws:backup/plan:Plan": ("name", 50),
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": ("name", 50),
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": ("name", 50),
    "aws:backup/selection:Selection": ("name", 50),
    "aws:backup/vault:Vault": ("name", 50),
    "aws:cloudwatch/dashboard:Dashboard": ("dashboardName", 255),
    "aws:cloudwatch/logGroup:LogGroup": ("name", 512),
    COUNTS: ("name", 512),
    LOG: ("name", 512),
    SUBSCRIPTION: ("name", 512),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("name", 255),
    "aws:cloudwatch/queryDefinition:QueryDefinition": ("name", 255),
    TEMPLATE: ("name", 128),
    "aws:ec2/securityGroup:SecurityGroup": ("name", 255),
    "aws:elasticache/parameterGroup:ParameterGroup": ("name", 255),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("replicationGroupId", 40),
    "aws:elasticache/subnetGroup:SubnetGroup": ("name", 255),
    "aws:iam/instanceProfile:InstanceProfile": ("name", 128),
    "aws:iam/role:Role": ("name", 64),
    ROLE_POLICY: ("name", 128),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": ("name", 64),
    "aws:kms/alias:Alias": ("name", 256),
    "aws:lb/loadBalancer:LoadBalancer": ("name", 32),
    "aws:lb/targetGroup:TargetGroup": ("name", 32),
    "aws:lb/trustStore:TrustStore": ("name", 32),
    "aws:rds/instance:Instance": ("identifier", 63),
    "aws:rds/optionGroup:OptionGroup": ("name", 255),
    "aws:rds/parameterGroup:ParameterGroup": ("name", 255),
    "aws:rds/subnetGroup:SubnetGroup": ("name", 255),
    "aws:s3/bucket:Bucket": ("bucket", 63),
    "aws:secretsmanager/secret:Secret": ("name", 512),
    "aws:sns/topic:Topic": ("name", 256),
    "aws:sqs/queue:Queue": ("name", 80),
    "aws:wafv2/webAcl:WebAcl": ("name", 128),
}
"""The input with a resource's physical name, and its limit in the service's API reference."""


TOKENS = {
    "backup": {"Backups", "RestoreTests", "Vault"},
    "compute": {"Bastion", "Fleet", "InstanceRole", "Monitoring", "Web", "Workers"},
    "data": {"Cache", "Database"},
    "messaging": {"Queues"},
    "monitoring": {"Alarms", "LogArchive", "LogMetrics", "LogQueries", "MetricsVolume"},
    "network": {"ClientVpn", "DataTierAcl", "Endpoints", "Firewall", "FlowLogs", "Network", "ObjectGateway"},
    "platform": {"Protection"},
    "security": {"Keys", "OffsiteKeys", "Secrets"},
    "storage": {"BucketParts", "Offsite", "OffsiteStorage", "Replication", "Storage"},
    "web": {"Balancer", "OriginTrust", "Waf"},
}
"""The type tokens of the components, by area: existing stacks have them in the URNs of all resources."""


@pytest.fixture(scope="module", params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def cloud(stack: str) -> Cloud[RegionOutputs]:
    return region(stack)


def names(cloud: Cloud[RegionOutputs]) -> Counter[tuple[str, str]]:
    """Each type with each physical name, after the name of what it is apart in."""
    return Counter(
        (
            resource.type,
            resource.inputs.get(WITHIN.get(resource.type, ""), "") + resource.inputs[NAMES[resource.type][0]],
        )
        for resource in declared(cloud)
        if resource.type in NAMES
    )


def test_nothing_is_an_orphan(cloud: Cloud[RegionOutputs]) -> None:
    components = {resource.urn for resource in cloud.resources if not resource.custom}
    orphans = [resource.name for resource in declared(cloud) if resource.parent not in components]
    assert orphans == []


def test_only_components_and_providers_stand_at_the_root(cloud: Cloud[RegionOutputs]) -> None:
    urns = {resource.urn for resource in cloud.resources}
    roots = [resource for resource in cloud.resources if resource.parent not in urns]
    assert {resource.type for resource in roots if resource.custom} == {PROVIDER}


def test_a_renamed_class_keeps_its_type_token() -> None:
    components = {resource.type for resource in region("prod").resources if not resource.custom}
    assert components == {f"askproai:{area}:{token}" for area, tokens in TOKENS.items() for token in tokens}


def test_everything_goes_through_a_provider_that_refuses_other_accounts(
    cloud: Cloud[RegionOutputs], stack: str
) -> None:
    providers = cloud.of(PROVIDER)
    assert {provider.inputs["allowedAccountIds"] for provider in providers} == {
        json.dumps([settings_of(stack).account_id])
    }
    used = {resource.provider.rpartition("::")[0] for resource in declared(cloud)}
    assert used == {provider.urn for provider in providers}


@cache
def takes_tags(type_token: str) -> bool:
    return "tags" in sdk_properties(type_token)


def tag_values(tags: Any) -> dict[str, str]:
    """Tags by key; an Auto Scaling group has them as a list."""
    return {tag["key"]: tag["value"] for tag in tags} if isinstance(tags, list) else dict(tags or {})


def is_tagged(stack: str, resource: Record, tags: dict[str, str]) -> bool:
    settings = settings_of(stack)
    naming = Naming(environment=stack, account_id=settings.account_id, cost_center=settings.cost_center)
    component, name = resource.parent.split("::")[-1], tags.get("Name", "")
    wanted = [{**naming.tags(component, data_class), "Name": name} for data_class in DataClass]
    return tags in wanted and name.startswith(f"askproai-{stack}-")


def test_everything_taggable_is_tagged(cloud: Cloud[RegionOutputs], stack: str) -> None:
    taggable = [resource for resource in declared(cloud) if takes_tags(resource.type)]
    assert {TEMPLATE, "aws:autoscaling/group:Group"} < {resource.type for resource in taggable}
    untagged = [r.name for r in taggable if not is_tagged(stack, r, tag_values(r.inputs.get("tags")))]
    assert untagged == []


def test_what_a_template_starts_is_tagged(cloud: Cloud[RegionOutputs], stack: str) -> None:
    for template in cloud.of(TEMPLATE):
        specifications = {s["resourceType"]: s["tags"] for s in template.inputs["tagSpecifications"]}
        assert set(specifications) == {"instance", "volume"}
        assert all(is_tagged(stack, template, tags) for tags in specifications.values())


def test_everything_that_has_a_name_is_given_one(cloud: Cloud[RegionOutputs]) -> None:
    without = [r.name for r in declared(cloud) if r.type in NAMES and not r.inputs.get(NAMES[r.type][0])]
    assert without == []
    named = {resource.type for resource in declared(cloud) if {"name", "namePrefix"} & resource.inputs.keys()}
    assert named - NAMES.keys() == set()


def test_physical_names_are_unique(cloud: Cloud[RegionOutputs]) -> None:
    assert [name for name, count in names(cloud).items() if count > 1] == []


def test_the_regions_can_share_an_account() -> None:
    prod, dr = (set(names(region(stack))) for stack in STACKS)
    assert prod & dr == set()


def test_physical_names_keep_their_limits_in_the_longest_environment() -> None:
    longest = altered()
    too_long = [
        resource.name
        for resource in declared(longest)
        if resource.type in NAMES and len(resource.inputs[NAMES[resource.type][0]]) > NAMES[resource.type][1]
    ]
    assert too_long == []
    assert [name for name, count in names(longest).items() if count > 1] == []


def test_secrets_are_nowhere_in_plain_text(cloud: Cloud[RegionOutputs]) -> None:
    values = re.compile("|".join(re.escape(value) for value in GOOD_SECRETS.values()))
    plain = [
        f"{resource.name}.{wire_name}"
        for resource in cloud.resources
        for wire_name, value in resource.inputs.items()
        if wire_name not in resource.secrets and values.search(json.dumps(value))
    ]
    assert plain == []
    assert not values.search(json.dumps([cloud.exports, cloud.registered_outputs]))


def test_the_outputs_are_exported_as_they_are(cloud: Cloud[RegionOutputs]) -> None:
    assert list(cloud.exports) == [field.name for field in fields(RegionOutputs)]


def test_every_output_of_a_region_that_writes_has_a_value() -> None:
    empty = {name for name, value in region("prod").exports.items() if value in ("", None, {}, [])}
    # prod keeps no former database.
    assert empty == {"retained_database_generations"}


@pytest.mark.parametrize("outputs", [RegionOutputs, EdgeOutputs])
def test_every_output_has_a_reader(outputs: type) -> None:
    readers = [ROOT / "edge.py", ROOT / "region.py", ROOT / "recorded.py", *(ROOT / "ops").rglob("*.py")]
    text = "".join(path.read_text() for path in readers)
    assert [field.name for field in fields(outputs) if f'"{field.name}"' not in text] == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_of_hosts_has_its_groups_settings_and_folder(cloud: Cloud[RegionOutputs], role: HostRole) -> None:
    groups = {group.name for group in cloud.of("aws:autoscaling/group:Group")}
    assert {f"{role.name}-{group}-group" for group in role.groups} == {
        name for name in groups if name.startswith(f"{role.name}-")
    }
    assert issubclass(type(getattr(settings_of("prod"), role.name)), HostSettings)
    assert any((ROOT / "hosts" / role.name).rglob("*.*"))


def test_every_group_of_hosts_belongs_to_a_role(cloud: Cloud[RegionOutputs]) -> None:
    wanted = {f"{role.name}-{group}-group" for role in ROLES for group in role.groups}
    assert {group.name for group in cloud.of("aws:autoscaling/group:Group")} == wanted


def test_a_region_of_its_own_has_neither_vault_nor_copies_nor_a_checklist_nor_what_logs_have_by_settings() -> None:
    pairless = {"follows": None, "posture": None, "recovery": None, "offsite": None, "survives_zone_loss": False}
    alone = settings_of("prod").model_copy(update={**pairless, "logs": LogsSettings(queries=False)})
    cloud = composed(alone)

    assert [
        made.type for made in cloud.resources if made.type.startswith(("aws:backup/", "aws:s3/bucketReplication"))
    ] == []
    assert len(cloud.of(PROVIDER)) == 1
    assert cloud.exports["backup_vault_name"] == ""
    assert [made.name for made in cloud.resources if "checklist" in made.name] == []
    assert cloud.of("aws:cloudwatch/queryDefinition:QueryDefinition") == []
    assert [made.name for made in cloud.resources if "archive" in made.name] == []
