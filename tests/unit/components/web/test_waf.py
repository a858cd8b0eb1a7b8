"""The web application firewall: what it blocks, what it only counts, and what its log omits."""

from functools import cache
from typing import Any

import pytest
from fake_cloud import Cloud, deploy
from parts import PROD, SITE, region

from components.web.waf import RULE_GROUPS, Waf, WafArgs
from settings import WebhookSettings

WEBHOOKS = {
    "calls": WebhookSettings(signature_header="x-calls-signature", paths=["/hooks/calls", "/hooks/functions"]),
    "bookings": WebhookSettings(signature_header="x-bookings-signature", paths=["/hooks/bookings"]),
}
NOT_MANAGED = {"rate-limit", "webhooks-of-calls", "webhooks-of-bookings"}


@cache
def waf() -> Cloud[Waf]:
    laid = region().built
    args = WafArgs(
        site=SITE,
        load_balancer=laid.load_balancer,
        keys=laid.keys,
        webhooks=WEBHOOKS,
        settings=PROD.web,
    )
    return deploy(lambda: Waf("waf", args))


def rules(cloud: Cloud[Waf]) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in cloud.one("aws:wafv2/webAcl:WebAcl").inputs["rules"]}


def test_it_stands_before_the_balancer() -> None:
    cloud = waf()
    laid, built = region().built, cloud.built
    association = cloud.one("aws:wafv2/webAclAssociation:WebAclAssociation").inputs
    assert association["resourceArn"] == cloud.value(laid.load_balancer.load_balancer.arn)
    assert association["webAclArn"] == cloud.value(built.acl.arn)


def test_the_managed_groups_refuse_what_they_find() -> None:
    managed = {name: rule for name, rule in rules(waf()).items() if name not in NOT_MANAGED}
    groups = {rule["statement"]["managedRuleGroupStatement"]["name"] for rule in managed.values()}
    assert groups == {f"AWSManagedRules{group.name}" for group in RULE_GROUPS}
    assert all(rule["overrideAction"] == {"none": {}} for rule in managed.values())


def matches(statement: dict[str, Any], method: str, path: str, header: str) -> bool:
    """Whether a statement matches a request with a non-empty `header` (AWS WAF, "Using rule statements")."""
    ((kind, said),) = statement.items()
    if kind in ("andStatement", "orStatement"):
        # Each requires two or more.
        assert len(said["statements"]) > 1
        found = [matches(inner, method, path, header) for inner in said["statements"]]
        return all(found) if kind == "andStatement" else any(found)
    assert [each["type"] for each in said["textTransformations"]] == ["NONE"]
    ((field, named),) = said["fieldToMatch"].items()
    if kind == "sizeConstraintStatement":
        assert (field, said["comparisonOperator"], said["size"]) == ("singleHeader", "GT", 0)
        return bool(named["name"] == header)
    assert (kind, said["positionalConstraint"]) == ("byteMatchStatement", "EXACTLY")
    return bool({"method": method, "uriPath": path}[field] == said["searchString"])


def judges(method: str, path: str, header: str = "") -> str:
    """The first matching rule without a limit, among which the managed groups always match."""
    for name, rule in sorted(rules(waf()).items(), key=lambda item: item[1]["priority"]):
        if name == "rate-limit":
            continue
        if name not in NOT_MANAGED:
            return "managed groups"
        if matches(rule["statement"], method, path, header):
            assert rule["action"] == {"allow": {}}
            return name
    raise AssertionError("no rule judges it")


def test_the_managed_groups_do_not_judge_what_webhooks_post() -> None:
    for name, webhook in WEBHOOKS.items():
        for path in webhook.paths:
            for form in (path, f"{path}/"):
                assert judges("POST", form, webhook.signature_header) == f"webhooks-of-{name}"


@pytest.mark.parametrize(
    "request_",
    [
        ("GET", "/hooks/calls", "x-calls-signature"),
        ("POST", "/hooks/calls", ""),
        ("POST", "/hooks/calls", "x-bookings-signature"),
        ("POST", "/hooks/calls/more", "x-calls-signature"),
        ("POST", "/login", "x-calls-signature"),
    ],
)
def test_the_managed_groups_judge_everything_else(request_: tuple[str, str, str]) -> None:
    assert judges(*request_) == "managed groups"


def test_uploads_larger_than_8_kilobytes_pass() -> None:
    statement = rules(waf())["CommonRuleSet"]["statement"]["managedRuleGroupStatement"]
    assert statement["ruleActionOverrides"] == [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}]


def test_a_list_that_judges_cloudflares_addresses_blocks_nobody() -> None:
    statement = rules(waf())["AmazonIpReputationList"]["statement"]["managedRuleGroupStatement"]
    assert {rule["name"] for rule in statement["ruleActionOverrides"]} == {
        "AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList",
    }  # fmt: skip
    assert all(rule["actionToUse"] == {"count": {}} for rule in statement["ruleActionOverrides"])


def test_the_rate_limit_counts_the_client_and_not_cloudflare() -> None:
    rule = rules(waf())["rate-limit"]
    statement = rule["statement"]["rateBasedStatement"]
    assert (statement["limit"], statement["evaluationWindowSec"]) == (PROD.web.waf_requests_per_5_minutes, 300)
    assert statement["aggregateKeyType"] == "FORWARDED_IP"
    assert statement["forwardedIpConfig"]["headerName"] == "CF-Connecting-IP"
    assert rule["action"]["block"]["customResponse"]["responseCode"] == 429


def test_every_rule_has_a_priority_of_its_own_and_a_metric() -> None:
    found = list(rules(waf()).values())
    assert sorted(rule["priority"] for rule in found) == list(range(len(found)))
    assert rules(waf())["rate-limit"]["priority"] == 0
    assert all(rule["visibilityConfig"]["cloudwatchMetricsEnabled"] for rule in found)


def test_its_log_is_encrypted_kept_and_without_credentials() -> None:
    cloud = waf()
    laid, built = region().built, cloud.built
    group = cloud.one("aws:cloudwatch/logGroup:LogGroup", "waf-log").inputs
    assert group["name"] == "aws-waf-logs-askproai-prod-waf"
    assert group["retentionInDays"] == PROD.web.log_retention_days
    assert group["kmsKeyId"] == cloud.value(laid.keys["logs"].arn)
    logging = cloud.one("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    assert logging["resourceArn"] == cloud.value(built.acl.arn)
    redacted = {field["singleHeader"]["name"] for field in logging["redactedFields"]}
    assert redacted == {"authorization", "cookie"}
