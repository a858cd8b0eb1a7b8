"""The load balancer: access to it, and the target of each host name."""

from functools import cache
from typing import Any

import pulumi_aws as aws
import pytest
from broken_files import GOOD_SECRETS
from fake_cloud import Cloud, deploy
from parts import LONG_SITE, PROD, Region, region, web_settings

from components.network.security_groups import Service
from components.web.load_balancer import HOST_RULES, LoadBalancer
from settings import ColorSettings

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
RULE = "aws:lb/listenerRule:ListenerRule"
TARGETS = "aws:lb/targetGroup:TargetGroup"
TRUST = "aws:lb/trustStore:TrustStore"


@cache
def weighted(*weights: int) -> Cloud[LoadBalancer]:
    blue, green = (ColorSettings(weight=weight, min_size=3, max_size=4) for weight in weights)
    args = region().built.load_balancer_args(web_settings(blue=blue, green=green))
    return deploy(lambda: LoadBalancer("balancer", args))


def action(cloud: Cloud[Any], role: str) -> dict[str, Any]:
    [only] = cloud.one(RULE, f"balancer-{role}").inputs["actions"]
    return only


def test_it_stands_in_the_public_subnets_behind_its_security_group() -> None:
    cloud = region()
    balancer = cloud.one(BALANCER).inputs
    assert balancer["subnets"] == [cloud.value(subnet) for subnet in cloud.built.network.public_subnet_ids]
    assert balancer["securityGroups"] == [cloud.value(cloud.built.security_groups[Service.LOAD_BALANCER].id)]


def test_malformed_requests_go_no_further() -> None:
    balancer = region().one(BALANCER).inputs
    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["desyncMitigationMode"] == "defensive"


def test_it_cannot_be_deleted_while_the_stack_is_protected() -> None:
    balancer = region().one(BALANCER)
    assert (balancer.protect, balancer.inputs["enableDeletionProtection"]) == (True, True)


def test_every_request_is_recorded_once_the_bucket_takes_records() -> None:
    cloud = region()
    balancer = cloud.one(BALANCER)
    logs = balancer.inputs["accessLogs"]
    assert logs == {"bucket": cloud.value(cloud.built.context.storage.logs.name), "enabled": True, "prefix": "balancer"}
    # A handshake that the trust store refuses is not a request.
    assert balancer.inputs["connectionLogs"] == {**logs, "prefix": "balancer-connections"}
    assert cloud.one("aws:s3/bucketPolicy:BucketPolicy", "storage-logs-policy").urn in balancer.depends_on


def test_tls_is_as_new_as_the_settings_say_with_a_certificate_that_was_issued() -> None:
    cloud = region()
    listener = cloud.one(LISTENER, "balancer-https").inputs
    assert (listener["port"], listener["protocol"]) == (443, "HTTPS")
    assert listener["sslPolicy"] == PROD.web.tls_policy
    issued = cloud.one("aws:acm/certificateValidation:CertificateValidation")
    assert listener["certificateArn"] == issued.inputs["certificateArn"]
    assert issued.urn in cloud.one(LISTENER, "balancer-https").depends_on


def test_the_certificate_is_for_the_domain_and_every_name_below() -> None:
    certificate = region().one("aws:acm/certificate:Certificate").inputs
    assert certificate["domainName"] == PROD.domain
    assert certificate["subjectAlternativeNames"] == [f"*.{PROD.domain}"]
    assert certificate["validationMethod"] == "DNS"


def test_nobody_is_let_in_without_a_certificate_of_our_authority() -> None:
    cloud = region()
    assert cloud.one(LISTENER, "balancer-https").inputs["mutualAuthentication"] == {
        "mode": "verify",
        "trustStoreArn": cloud.value(cloud.built.trust_store.store.arn),
        "ignoreClientCertificateExpiry": False,
    }


def test_the_authority_is_read_from_a_version_of_an_object_in_a_bucket_of_the_region() -> None:
    cloud = region()
    bundle = cloud.one("aws:s3/bucketObjectv2:BucketObjectv2")
    assert bundle.inputs["content"] == GOOD_SECRETS["origin_pull_ca"]
    assert "content" in bundle.secrets
    assert bundle.inputs["bucket"] == cloud.value(cloud.built.context.storage.trust.name)
    assert cloud.one("aws:s3/bucketVersioning:BucketVersioning", "storage-trust-versioning").urn in bundle.depends_on
    store = cloud.one("aws:lb/trustStore:TrustStore").inputs
    assert store["caCertificatesBundleS3Bucket"] == bundle.inputs["bucket"]
    assert store["caCertificatesBundleS3Key"] == bundle.inputs["key"]
    assert store["caCertificatesBundleS3ObjectVersion"] == "origin-trust-bundle-versionId"


def test_plain_http_is_only_sent_to_https() -> None:
    listener = region().one(LISTENER, "balancer-http").inputs
    assert listener["port"] == 80
    assert listener["defaultActions"] == [
        {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
    ]


def test_a_name_that_is_not_ours_reaches_no_application() -> None:
    [default] = region().one(LISTENER, "balancer-https").inputs["defaultActions"]
    assert default["fixedResponse"]["statusCode"] == "404"


@pytest.mark.parametrize(
    ("role", "hosts"),
    [
        ("monitoring", [f"monitoring.{PROD.domain}"]),
        ("admin", [f"admin.{PROD.domain}"]),
        ("application", [PROD.domain, *(f"{name}.{PROD.domain}" for name in ("www", "api", "app"))]),
        ("origin", [f"origin-*.{PROD.domain}"]),
    ],
)
def test_each_rule_has_its_hosts(role: str, hosts: list[str]) -> None:
    condition = region().one(RULE, f"balancer-{role}").inputs["conditions"][0]
    assert condition["hostHeader"]["values"] == hosts


def test_a_regions_own_name_answers_for_its_health_alone() -> None:
    [_, paths] = region().one(RULE, "balancer-origin").inputs["conditions"]
    assert paths == {"pathPattern": {"values": ["/api/health", "/api/health/*"]}}
    others = [rule.inputs["conditions"] for rule in region().of(RULE) if rule.name != "balancer-origin"]
    assert {len(conditions) for conditions in others} == {1}


def test_no_two_rules_share_a_priority_or_a_host() -> None:
    priorities = [rule.priority for rule in HOST_RULES]
    hosts = [host for rule in HOST_RULES for host in rule.hosts(PROD.domain)]
    assert len(set(priorities)) == len(priorities)
    assert len(set(hosts)) == len(hosts)


@pytest.mark.parametrize("role", ["admin", "application"])
@pytest.mark.parametrize("weights", [(100, 0), (90, 10), (0, 100)])
def test_a_session_keeps_its_color_while_traffic_is_shared_by_weight(role: str, weights: tuple[int, int]) -> None:
    cloud = weighted(*weights)
    forward = action(cloud, role)["forward"]
    targets = {color: cloud.value(target.arn) for color, target in cloud.built.target_groups.items()}
    assert forward["targetGroups"] == [
        {"arn": targets["blue"], "weight": weights[0]},
        {"arn": targets["green"], "weight": weights[1]},
    ]
    assert forward["stickiness"]["enabled"] is (0 not in weights)


def _monitoring(cloud: Cloud[Region]) -> aws.lb.TargetGroup:
    found = cloud.built.load_balancer.monitoring
    assert found is not None
    return found


def test_monitoring_has_targets_of_its_own() -> None:
    cloud = region()
    made = cloud.one(TARGETS, "balancer-monitoring")
    assert (made.inputs["port"], made.inputs["healthCheck"]["path"]) == (9090, "/-/healthy")
    forward = action(cloud, "monitoring")
    assert (forward["type"], forward["targetGroupArn"]) == ("forward", cloud.value(_monitoring(cloud).arn))


def test_monitoring_never_falls_to_the_application() -> None:
    args = region().built.load_balancer_args(PROD.web, monitored=False)
    cloud = deploy(lambda: LoadBalancer("balancer", args))
    monitoring = action(cloud, "monitoring")
    assert monitoring["type"] == "fixed-response"
    assert monitoring["fixedResponse"]["statusCode"] == "503"
    assert {target.name for target in cloud.of(TARGETS)} == {"balancer-blue", "balancer-green"}


def test_an_instance_is_well_when_the_application_says_so() -> None:
    for target in (region().one(TARGETS, f"balancer-{color}") for color in ("blue", "green")):
        assert target.inputs["healthCheck"]["path"] == "/api/health"
        assert target.inputs["healthCheck"]["matcher"] == "200"
        assert target.inputs["deregistrationDelay"] == PROD.web.deregistration_delay_seconds


def test_names_fit_in_the_longest_environment() -> None:
    cloud = region(LONG_SITE)
    names = [made.inputs["name"] for kind in (BALANCER, TARGETS, TRUST) for made in cloud.of(kind)]
    assert len(set(names)) == 5
    assert all(len(name) <= 32 for name in names)
