"""Cloudflare's WAF: custom rules, rate limiting rules and managed rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.expressions import LEAKED, METHOD, PATH, any_host, any_path, below, has_header
from components.edge.part import EdgePart, Zone
from contract import HEALTH_PATH, METRICS_PATH, origin
from settings import FirewallSettings, RateLimit, WebhookSettings
from settings.webhooks import paths

MANAGED_RULESET = "efb7b8c949ac4650a09736fc376e9aee"
OWASP_RULESET = "4814384a9e5d4991b9815dcfc25d2f1f"
"""The ids are the same in every zone (Cloudflare WAF, "Managed Rules", available managed rulesets)."""
OWASP_SCORE_RULE = "6179ae15870a4bb7b2d480d4843b323c"
"""The OWASP rule that blocks by the total score (Cloudflare, "OWASP Core Ruleset", configure via API)."""
HIGHEST_PARANOIA_LEVEL = 4

COUNTED_BY = ["cf.colo.id", "ip.src"]
"""One client at one of Cloudflare's data centers: characteristics that every plan has."""


@dataclass(frozen=True, kw_only=True)
class CustomRule:
    """A custom rule for requests that match `expression`. `why` is its description at Cloudflare.

    It blocks them, skips the checks for browsers (`skip`), or challenges them.
    """

    role: str
    expression: str
    why: str
    action: Literal["block", "skip", "managed_challenge"] = "block"


ENCODED_SEPARATORS = ("%2f", "%5c", "%00")
"""A slash, a backslash and the null byte, which Cloudflare's normalization leaves encoded, but Laravel decodes."""


def custom_rules(
    zone: Zone, stacks: Iterable[str], webhooks: Mapping[str, WebhookSettings], settings: FirewallSettings
) -> list[CustomRule]:
    """The custom rules, for the regions of `stacks`."""
    origins = [origin(stack, zone.domain) for stack in stacks]
    return [
        CustomRule(
            role="origins-for-health-alone",
            expression=f"{any_host(origins)} and not {below(HEALTH_PATH)}",
            why="A region's own name is only for its health checks; it serves no visitors.",
        ),
        CustomRule(
            role="deep-checks-by-origins-alone",
            expression=f"{below(HEALTH_PATH)} and not {any_path([HEALTH_PATH])} and not {any_host(origins)}",
            why="Each queries database, cache or queue. Operators use a region's own name, and visitors need none.",
        ),
        CustomRule(
            role="metrics-from-inside-alone",
            expression=f'starts_with({PATH}, "{METRICS_PATH}")',
            why="Prometheus reads the metrics inside the region; outside they would show attackers our load.",
        ),
        CustomRule(
            role="no-hidden-files",
            expression=f'{PATH} contains "/." and not {below("/.well-known")}',
            why="No file whose name starts with a dot is served: scanners look for .env and .git first.",
        ),
        CustomRule(
            role="no-other-scripts",
            expression=f'lower({PATH}) contains ".php" and {PATH} ne "/index.php"',
            why="Laravel has one public script, and would accept /index.php/login as a login, while every other rule "
            "matches /login.",
        ),
        CustomRule(
            role="no-encoded-separators",
            expression=" or ".join(f'lower({PATH}) contains "{encoded}"' for encoded in ENCODED_SEPARATORS),
            why="Laravel treats /admin%2Flogin as /admin/login, and no rule would.",
        ),
        *(
            CustomRule(
                role=f"webhooks-of-{name}",
                expression=f'{any_path(webhook.paths)} and not ({METHOD} eq "POST" and '
                f"{has_header(webhook.signature_header)})",
                why="A webhook is a signed POST. Other rules skip its path, so this one blocks everything else there.",
            )
            for name, webhook in sorted(webhooks.items())
        ),
        CustomRule(
            role="admin-by-its-own-name-alone",
            expression=f'starts_with(lower({PATH}), "/admin") and http.host ne "{zone.host("admin")}"',
            why="Access requires a login on admin's own host name; on any other name the panel would be open.",
        ),
        CustomRule(
            role="machines-are-no-browsers",
            expression=f"{below(HEALTH_PATH)} or {any_path(paths(webhooks))}",
            why="Health checks, the gates of a failover and webhooks cannot solve a challenge.",
            action="skip",
        ),
        CustomRule(
            role="leaked-passwords",
            expression=f'{any_path(settings.login_paths)} and {METHOD} eq "POST" and {LEAKED}',
            why="A client that tries leaked passwords is rarely the owner of the account.",
            action="managed_challenge",
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class EdgeWafArgs:
    """`stacks` are the regions' stacks, whose own host names serve only health checks."""

    zone: Zone
    stacks: Iterable[str]
    webhooks: Mapping[str, WebhookSettings]
    settings: FirewallSettings


class EdgeWaf(EdgePart):
    """Three rulesets of the zone, in the order in which Cloudflare evaluates them: custom, rate limiting, managed.

    Before them it normalizes each path: `%61dmin`, `//admin` and `x/../admin` are `admin` to every rule.
    """

    def __init__(self, name: str, args: EdgeWafArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Firewall", name, opts)
        self._zone = args.zone
        self._settings = args.settings
        self._webhooks = any_path(paths(args.webhooks))
        self._name = name
        custom = [_custom(rule) for rule in custom_rules(args.zone, args.stacks, args.webhooks, args.settings)]
        self._ruleset("own-rules", "http_request_firewall_custom", custom)
        self._ruleset("rate-limits", "http_ratelimit", self._rate_limits())
        self._ruleset("managed-rules", "http_request_firewall_managed", self._managed_rules())
        cloudflare.UrlNormalizationSettings(
            f"{name}-url-normalization",
            zone_id=args.zone.id,
            type="cloudflare",
            # The region gets the path that the rules have checked, not another spelling of it.
            scope="both",
            opts=self.child(),
        )
        cloudflare.LeakedCredentialCheck(
            f"{name}-leaked-credentials", zone_id=args.zone.id, enabled=True, opts=self.child()
        )
        self.register_outputs({})

    def _ruleset(self, role: str, phase: str, rules: list[cloudflare.RulesetRuleArgs]) -> None:
        cloudflare.Ruleset(
            f"{self._name}-{role}",
            zone_id=self._zone.id,
            name=self._zone.named(role),
            kind="zone",
            phase=phase,
            rules=rules,
            opts=self.ruleset_options(),
        )

    def _rate_limits(self) -> list[cloudflare.RulesetRuleArgs]:
        settings = self._settings
        return [
            _limited(
                "login", settings.login, any_path(settings.login_paths), "Guessing a password takes many attempts."
            ),
            _limited(
                "api",
                settings.api,
                f'({any_host([self._zone.host("api")])} or starts_with({PATH}, "/api/")) '
                f"and not {any_path([HEALTH_PATH])} and not {self._webhooks}",
                "One client must not exhaust the API. Health checks, and webhooks from few hosts, are exempt.",
                refusal=REFUSED,
            ),
        ]

    def _managed_rules(self) -> list[cloudflare.RulesetRuleArgs]:
        return [
            cloudflare.RulesetRuleArgs(
                ref="webhooks",
                description="Managed rules mistake call transcripts for attacks; webhooks are signed instead.",
                expression=self._webhooks,
                action="skip",
                # All following rules of the phase (Cloudflare WAF, "Managed rules", exceptions).
                action_parameters=cloudflare.RulesetRuleActionParametersArgs(ruleset="current"),
                enabled=True,
            ),
            cloudflare.RulesetRuleArgs(
                ref="managed",
                description="Cloudflare's own rules, which cover attacks elsewhere hours after they appear.",
                expression="true",
                action="execute",
                action_parameters=cloudflare.RulesetRuleActionParametersArgs(id=MANAGED_RULESET),
                enabled=True,
            ),
            cloudflare.RulesetRuleArgs(
                ref="owasp",
                description="OWASP's common attacks, by a total score.",
                expression="true",
                action="execute",
                action_parameters=cloudflare.RulesetRuleActionParametersArgs(
                    id=OWASP_RULESET, overrides=self._owasp_overrides()
                ),
                enabled=True,
            ),
        ]

    def _owasp_overrides(self) -> cloudflare.RulesetRuleActionParametersOverridesArgs:
        """Every paranoia level is on by default: those above the configured one are turned off."""
        settings = self._settings
        above = range(settings.owasp_paranoia_level + 1, HIGHEST_PARANOIA_LEVEL + 1)
        return cloudflare.RulesetRuleActionParametersOverridesArgs(
            categories=[
                cloudflare.RulesetRuleActionParametersOverridesCategoryArgs(
                    category=f"paranoia-level-{level}", enabled=False
                )
                for level in above
            ]
            or None,
            rules=[
                cloudflare.RulesetRuleActionParametersOverridesRuleArgs(
                    id=OWASP_SCORE_RULE, action="block", score_threshold=settings.owasp_score_threshold
                )
            ],
        )


def _custom(rule: CustomRule) -> cloudflare.RulesetRuleArgs:
    # Super Bot Fight Mode, and the products that challenge (Cloudflare WAF, "Available skip options").
    browser_checks = cloudflare.RulesetRuleActionParametersArgs(
        phases=["http_request_sbfm"], products=["bic", "securityLevel", "uaBlock"]
    )
    return cloudflare.RulesetRuleArgs(
        ref=rule.role,
        description=rule.why,
        expression=rule.expression,
        action=rule.action,
        action_parameters=browser_checks if rule.action == "skip" else None,
        logging=cloudflare.RulesetRuleLoggingArgs(enabled=True) if rule.action == "skip" else None,
        enabled=True,
    )


REFUSED = cloudflare.RulesetRuleActionParametersArgs(
    response=cloudflare.RulesetRuleActionParametersResponseArgs(
        # The same response as Laravel's own rate limit gives to a client that accepts JSON.
        status_code=429,
        content_type="application/json",
        content='{"message": "Too Many Attempts."}',
    )
)
"""A response that API clients can read; people see Cloudflare's page."""


def _limited(
    role: str,
    limit: RateLimit,
    expression: str,
    why: str,
    refusal: cloudflare.RulesetRuleActionParametersArgs | None = None,
) -> cloudflare.RulesetRuleArgs:
    return cloudflare.RulesetRuleArgs(
        ref=role,
        description=why,
        expression=expression,
        action="block",
        action_parameters=refusal,
        ratelimit=cloudflare.RulesetRuleRatelimitArgs(
            characteristics=COUNTED_BY,
            requests_per_period=limit.requests,
            period=limit.period_seconds,
            mitigation_timeout=limit.block_seconds,
        ),
        enabled=True,
    )
