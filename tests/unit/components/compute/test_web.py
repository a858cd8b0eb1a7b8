"""The web tier: two colours that differ only in size, their permissions, and their scaling."""

import base64
import gzip
import hashlib
from functools import cache
from typing import Any

import pytest
from fake_cloud import FAKE_REGION, Cloud, deploy
from parts import PROD, region, web_settings

from components.compute.web import Web, WebArgs
from settings import Capacity, ColorSettings, WebSettings

COLORS = ("blue", "green")
GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
POLICY = "aws:autoscaling/policy:Policy"


def deployed(settings: WebSettings) -> Cloud[Web]:
    laid = region().built
    args = WebArgs(context=laid.context, load_balancer=laid.load_balancer, settings=settings, capacity=Capacity.FULL)
    return deploy(lambda: Web("web", args))


@cache
def web() -> Cloud[Web]:
    return deployed(PROD.web)


def templates(settings: WebSettings) -> dict[str, dict[str, Any]]:
    return {made.name: made.inputs for made in deployed(settings).of(TEMPLATE)}


def tracking(cloud: Cloud[Web], policy: str) -> dict[str, Any]:
    return cloud.one(POLICY, f"web-{policy}").inputs["targetTrackingConfiguration"]


def rights(cloud: Cloud[Web]) -> list[dict[str, Any]]:
    return cloud.one("aws:iam/rolePolicy:RolePolicy", "web-instances-rights").document()["Statement"]


def rights_but_sessions(cloud: Cloud[Web]) -> list[dict[str, Any]]:
    """Without those for the account stack's sessions, which tests/unit/test_access.py checks."""
    return [each for each in rights(cloud) if not each.get("Sid", "").startswith("Sessions")]


def test_each_color_serves_its_own_target_group() -> None:
    cloud = web()
    laid = region().built
    for color, target in laid.load_balancer.target_groups.items():
        assert cloud.one(GROUP, f"web-{color}-group").inputs["targetGroupArns"] == [cloud.value(target.arn)]


@pytest.mark.parametrize(("color", "settings"), [("blue", PROD.web.blue), ("green", PROD.web.green)])
def test_each_color_has_its_own_size(color: str, settings: ColorSettings) -> None:
    group = web().one(GROUP, f"web-{color}-group").inputs
    assert (group["minSize"], group["maxSize"]) == (settings.min_size, settings.max_size)


def test_the_colors_are_built_alike() -> None:
    blue, green = (made.inputs for made in web().of(TEMPLATE))
    differ = {key for key in blue if blue[key] != green[key]}
    assert differ == {"name", "tags", "tagSpecifications", "userData"}
    scripts = [base64.b64decode(inputs["userData"]).decode() for inputs in (blue, green)]
    assert scripts[0].replace("ASKPROAI_GROUP=blue\n", "ASKPROAI_GROUP=green\n") == scripts[1]


def test_a_release_changes_the_template_of_its_color_alone() -> None:
    released = PROD.web.green.model_copy(update={"release": "2025.01.10-1"})
    before, after = templates(PROD.web), templates(web_settings(green=released))
    assert {name for name, inputs in after.items() if inputs != before[name]} == {"web-green-template"}
    assert "\nASKPROAI_RELEASE=2025.01.10-1\n" in base64.b64decode(after["web-green-template"]["userData"]).decode()


def test_a_host_starts_from_the_bundle_that_its_own_stack_stored_in_its_region() -> None:
    cloud = web()
    stored = cloud.one("aws:s3/bucketObjectv2:BucketObjectv2").inputs
    script = base64.b64decode(cloud.one(TEMPLATE, "web-blue-template").inputs["userData"]).decode()
    digest = hashlib.sha256(gzip.decompress(base64.b64decode(stored["contentBase64"]))).hexdigest()
    assert stored["key"] == f"bundles/web/{digest}.tar.gz"
    assert f"\nbucket={stored['bucket']}\nkey={stored['key']}\nsha256={digest}\n" in script


@pytest.mark.parametrize("color", ["blue", "green"])
def test_a_color_grows_by_cpu(color: str) -> None:
    cpu = tracking(web(), f"{color}-cpu")
    assert cpu["targetValue"] == PROD.web.target_cpu_percent
    assert cpu["predefinedMetricSpecification"] == {"predefinedMetricType": "ASGAverageCPUUtilization"}


@pytest.mark.parametrize("color", ["blue", "green"])
def test_a_color_grows_by_its_own_memory(color: str) -> None:
    memory = tracking(web(), f"{color}-memory")
    metric = memory["customizedMetricSpecification"]
    assert memory["targetValue"] == PROD.web.target_memory_percent
    assert (metric["namespace"], metric["metricName"]) == ("CWAgent", "mem_used_percent")
    assert metric["metricDimensions"] == [{"name": "AutoScalingGroupName", "value": f"askproai-prod-web-{color}"}]


def test_policies_have_names_that_no_other_group_uses() -> None:
    names = [policy.inputs["name"] for policy in web().of(POLICY)]
    assert len(names) == len(set(names)) == 4


def test_web_hosts_send_jobs_and_take_none() -> None:
    actions = {action for statement in rights(web()) for action in statement["Action"]}
    assert "sqs:SendMessage" in actions
    assert not actions & {"sqs:ReceiveMessage", "sqs:DeleteMessage"}


def test_they_read_releases_and_write_uploads_alone() -> None:
    cloud = web()
    laid = region().built
    writable = {s["Resource"] for s in rights(cloud) if "s3:PutObject" in s["Action"]}
    readable = {s["Resource"] for s in rights(cloud) if "s3:GetObject" in s["Action"]}
    storage = laid.context.storage
    uploads, releases = (f"{cloud.value(b.arn)}/*" for b in (storage["uploads"], storage["releases"]))
    assert writable == {uploads}
    assert readable == {uploads, releases}


def test_a_key_serves_only_through_the_service_whose_data_it_encrypts() -> None:
    cloud = web()
    laid = region().built
    of_keys = [s for s in rights_but_sessions(cloud) if any(action.startswith("kms:") for action in s["Action"])]
    assert {(s["Resource"], s["Condition"]["StringEquals"]["kms:ViaService"]) for s in of_keys} == {
        (cloud.value(laid.keys["secrets"].arn), f"secretsmanager.{FAKE_REGION}.amazonaws.com"),
        (cloud.value(laid.keys["storage"].arn), f"s3.{FAKE_REGION}.amazonaws.com"),
        (cloud.value(laid.keys["messages"].arn), f"sqs.{FAKE_REGION}.amazonaws.com"),
    }


def test_they_read_the_applications_account_on_the_database_and_no_other() -> None:
    cloud = web()
    (read,) = [s["Resource"] for s in rights(cloud) if "secretsmanager:GetSecretValue" in s["Action"]]
    secrets = region().built.context.secrets
    assert set(read) == {cloud.value(secrets[name].arn) for name in ("app", "database-application", "cache")}


def test_no_right_is_a_wildcard_and_data_is_named() -> None:
    for statement in rights_but_sessions(web()):
        assert not any("*" in action for action in statement["Action"])
        services = {action.split(":")[0] for action in statement["Action"]}
        if statement["Resource"] == "*":
            assert services <= {"cloudwatch", "ec2", "ec2messages", "ssm", "ssmmessages"}


def test_the_role_reads_no_parameters_of_the_account() -> None:
    actions = {action for statement in rights(web()) for action in statement["Action"]}
    assert not any(action.startswith("ssm:GetParameter") for action in actions)


def test_the_hosts_log_goes_to_an_encrypted_group_that_they_may_write() -> None:
    cloud = web()
    laid = region().built
    group = cloud.one("aws:cloudwatch/logGroup:LogGroup", "web-log")
    assert (group.inputs["name"], group.inputs["retentionInDays"]) == ("askproai-prod-web", PROD.web.log_retention_days)
    assert group.inputs["kmsKeyId"] == cloud.value(laid.keys["logs"].arn)
    [writable] = [s["Resource"] for s in rights_but_sessions(cloud) if "logs:PutLogEvents" in s["Action"]]
    assert writable.endswith(":log-group:askproai-prod-web:*")


def test_the_rights_fit_in_one_inline_policy() -> None:
    text = web().one("aws:iam/rolePolicy:RolePolicy", "web-instances-rights").inputs["policy"]
    assert len(text) < 10_240
