"""The web application firewall on the load balancer: a rate limit, webhooks, AWS's managed rule groups, and a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.keys import Keys
from components.site import Site
from components.web.load_balancer import LoadBalancer
from naming import DataClass
from settings import WebhookSettings, WebSettings

CLIENT_ADDRESS_HEADER = "CF-Connecting-IP"
"""Cloudflare sets it to the client's address; the source address of a request is always Cloudflare's."""

SECRET_HEADERS = ("authorization", "cookie")


@dataclass(frozen=True, kw_only=True)
class RuleGroup:
    """One of AWS's managed rule groups; the rules in `counted` count instead of blocking, for the reason in `why`."""

    name: str
    why: str
    counted: tuple[str, ...] = ()


RULE_GROUPS = (
    RuleGroup(
        name="AmazonIpReputationList",
        why="Known attackers who bypass Cloudflare, if the security group is ever opened to them. It checks the "
        "source address, which is Cloudflare's: if that is ever listed, visitors must not be blocked.",
        counted=("AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList"),
    ),
    RuleGroup(
        name="CommonRuleSet",
        why="OWASP's common attacks. Its limit of 8 KB per body would block every upload, so that rule only counts.",
        counted=("SizeRestrictions_BODY",),
    ),
    RuleGroup(name="KnownBadInputsRuleSet", why="Requests that only exploits send, such as Log4j's."),
    RuleGroup(
        name="SQLiRuleSet",
        why="SQL in parameters, headers and bodies: a second defence behind bound parameters.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class WafArgs:
    """The load balancer to protect; `settings` limit the requests of one client, `webhooks` are the services that call
    us."""

    site: Site
    load_balancer: LoadBalancer
    keys: Keys
    webhooks: Mapping[str, WebhookSettings]
    settings: WebSettings


class Waf(Component):
    """A web ACL that allows what no rule blocks: first the rate limit, then webhooks, then the managed groups."""

    acl: aws.wafv2.WebAcl
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: WafArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("web:Waf", name, args.site, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._args = args
        self.acl = self._acl()
        aws.wafv2.WebAclAssociation(
            f"{name}-balancer",
            resource_arn=args.load_balancer.load_balancer.arn,
            web_acl_arn=self.acl.arn,
            opts=self.child(),
        )
        self.log_group = self._log()
        self.register_outputs({"acl_arn": self.acl.arn})

    def _acl(self) -> aws.wafv2.WebAcl:
        webhooks = [(f"webhooks-of-{name}", webhook) for name, webhook in sorted(self._args.webhooks.items())]
        let_through = [_signed(name, webhook, priority) for priority, (name, webhook) in enumerate(webhooks, start=1)]
        managed = [_managed(group, priority) for priority, group in enumerate(RULE_GROUPS, start=1 + len(webhooks))]
        return aws.wafv2.WebAcl(
            f"{self._name}-acl",
            name=self._args.site.naming.physical(self._name, 128),
            description="What no client may send to the application.",
            scope="REGIONAL",
            default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
            rules=[_rate_limit(self._args.settings.waf_requests_per_5_minutes), *let_through, *managed],
            visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(
                cloudwatch_metrics_enabled=True, sampled_requests_enabled=True, metric_name=self._name
            ),
            opts=self.child(),
        )

    def _log(self) -> aws.cloudwatch.LogGroup:
        """AWS WAF requires log group names that begin with aws-waf-logs-."""
        log_group = aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=f"aws-waf-logs-{self._args.site.naming.physical(self._name, 400)}",
            retention_in_days=self._args.settings.log_retention_days,
            kms_key_id=self._args.keys["logs"].arn,
            opts=self.child(),
        )
        aws.wafv2.WebAclLoggingConfiguration(
            f"{self._name}-logging",
            resource_arn=self.acl.arn,
            log_destination_configs=[log_group.arn],
            redacted_fields=[
                aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs(
                    single_header=aws.wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(name=header)
                )
                for header in SECRET_HEADERS
            ],
            opts=self.child(),
        )
        return log_group


def _rate_limit(requests: int) -> aws.wafv2.WebAclRuleArgs:
    """First, because it is the cheapest rule; status 429 tells a legitimate client to slow down."""
    return aws.wafv2.WebAclRuleArgs(
        name="rate-limit",
        priority=0,
        action=aws.wafv2.WebAclRuleActionArgs(
            block=aws.wafv2.WebAclRuleActionBlockArgs(
                custom_response=aws.wafv2.WebAclRuleActionBlockCustomResponseArgs(response_code=429)
            )
        ),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                limit=requests,
                evaluation_window_sec=300,
                aggregate_key_type="FORWARDED_IP",
                forwarded_ip_config=aws.wafv2.WebAclRuleStatementRateBasedStatementForwardedIpConfigArgs(
                    header_name=CLIENT_ADDRESS_HEADER, fallback_behavior="NO_MATCH"
                ),
            )
        ),
        visibility_config=_visible("rate-limit"),
    )


def _signed(name: str, webhook: WebhookSettings, priority: int) -> aws.wafv2.WebAclRuleArgs:
    """Before the managed groups, which mistake call transcripts for attacks.

    A signed POST goes to the application, which verifies it. Cloudflare has normalized the path, and lets nothing else
    through to these paths.
    """
    signed = aws.wafv2.WebAclRuleStatementArgs(
        size_constraint_statement=aws.wafv2.WebAclRuleStatementSizeConstraintStatementArgs(
            field_to_match=aws.wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchArgs(
                single_header=aws.wafv2.WebAclRuleStatementSizeConstraintStatementFieldToMatchSingleHeaderArgs(
                    name=webhook.signature_header
                )
            ),
            comparison_operator="GT",
            size=0,
            text_transformations=[
                aws.wafv2.WebAclRuleStatementSizeConstraintStatementTextTransformationArgs(priority=0, type="NONE")
            ],
        )
    )
    field = aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchArgs
    posted = _is(field(method=aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchMethodArgs()), "POST")
    path = field(uri_path=aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchUriPathArgs())
    # Laravel's router removes a trailing slash.
    forms = [_is(path, form) for known in webhook.paths for form in (known, f"{known}/")]
    here = aws.wafv2.WebAclRuleStatementArgs(
        or_statement=aws.wafv2.WebAclRuleStatementOrStatementArgs(statements=forms)
    )
    return aws.wafv2.WebAclRuleArgs(
        name=name,
        priority=priority,
        action=aws.wafv2.WebAclRuleActionArgs(allow=aws.wafv2.WebAclRuleActionAllowArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            and_statement=aws.wafv2.WebAclRuleStatementAndStatementArgs(statements=[posted, signed, here])
        ),
        visibility_config=_visible(name),
    )


def _is(
    field: aws.wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchArgs, text: str
) -> aws.wafv2.WebAclRuleStatementArgs:
    return aws.wafv2.WebAclRuleStatementArgs(
        byte_match_statement=aws.wafv2.WebAclRuleStatementByteMatchStatementArgs(
            field_to_match=field,
            positional_constraint="EXACTLY",
            search_string=text,
            text_transformations=[
                aws.wafv2.WebAclRuleStatementByteMatchStatementTextTransformationArgs(priority=0, type="NONE")
            ],
        )
    )


def _managed(group: RuleGroup, priority: int) -> aws.wafv2.WebAclRuleArgs:
    return aws.wafv2.WebAclRuleArgs(
        name=group.name,
        priority=priority,
        override_action=aws.wafv2.WebAclRuleOverrideActionArgs(none=aws.wafv2.WebAclRuleOverrideActionNoneArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            managed_rule_group_statement=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
                vendor_name="AWS",
                name=f"AWSManagedRules{group.name}",
                rule_action_overrides=[_count(rule) for rule in group.counted] or None,
            )
        ),
        visibility_config=_visible(group.name),
    )


def _count(rule: str) -> aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs:
    counting = aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
        count=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
    )
    return aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
        name=rule, action_to_use=counting
    )


def _visible(metric: str) -> aws.wafv2.WebAclRuleVisibilityConfigArgs:
    return aws.wafv2.WebAclRuleVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, sampled_requests_enabled=True, metric_name=metric
    )
