"""The web application firewall: what it refuses, what it only counts, and what its log leaves out."""

from functools import cache
from typing import Any

from fake_cloud import Cloud, deploy
from parts import PROD, SITE, region

from components.web.waf import Waf, WafArgs


@cache
def waf() -> Cloud[Waf]:
    laid = region().built
    args = WafArgs(
        site=SITE,
        load_balancer=laid.load_balancer,
        keys=laid.keys,
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
    managed = {name: rule for name, rule in rules(waf()).items() if name != "rate-limit"}
    assert {rule["statement"]["managedRuleGroupStatement"]["name"] for rule in managed.values()} == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    }
    assert all(rule["overrideAction"] == {"none": {}} for rule in managed.values())


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
