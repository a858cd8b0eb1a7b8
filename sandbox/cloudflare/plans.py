"""What a zone's plan allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudflare.answers import RefusedError
from sandbox.cloudflare.calls import Call
from sandbox.cloudflare.store import Resource

HOST_AND_PATH = frozenset(
    {"http.host", "http.request.uri", "http.request.uri.path", "http.request.full_uri", "http.request.uri.query"}
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The maximum rules per phase, none for other phases; seconds of limits; health checks.

    `counted_fields` are allowed in rate limits; `has_regex` applies to all expressions (Cloudflare WAF, "Custom
    rules", "Rate limiting rules" and "Managed rules", availability; "Custom Errors", availability; "Health Checks").
    """

    rules: Mapping[str, int] = field(default_factory=dict)
    longest_period: int
    longest_timeout: int
    counted_fields: frozenset[str] = frozenset()
    has_regex: bool = False
    shortest_interval: int | None = None


MANY = 1000
"""If no number is known, or none that the platform comes near."""
EVERY = {"http_request_cache_settings": MANY, "http_request_dynamic_redirect": MANY}
PAID = {**EVERY, "http_request_firewall_managed": MANY, "http_custom_errors": MANY}
MORE_FIELDS = HOST_AND_PATH | {"http.request.method", "ip.src", "http.user_agent"}

PLANS = {
    "free": Plan(
        rules={**EVERY, "http_request_firewall_custom": 5, "http_ratelimit": 1},
        longest_period=10,
        longest_timeout=10,
        counted_fields=frozenset({"http.request.uri.path"}),
    ),
    "pro": Plan(
        rules={**PAID, "http_request_firewall_custom": 20, "http_ratelimit": 2},
        longest_period=60,
        longest_timeout=3600,
        counted_fields=HOST_AND_PATH,
        shortest_interval=60,
    ),
    "business": Plan(
        rules={**PAID, "http_request_firewall_custom": 100, "http_ratelimit": 5},
        longest_period=600,
        longest_timeout=86_400,
        counted_fields=MORE_FIELDS,
        has_regex=True,
        shortest_interval=15,
    ),
    "enterprise": Plan(
        rules={**PAID, "http_request_firewall_custom": 1000, "http_ratelimit": 100},
        longest_period=65_535,
        longest_timeout=86_400,
        counted_fields=MORE_FIELDS | {"http.request.headers", "http.request.headers.names", "ssl"},
        has_regex=True,
        shortest_interval=10,
    ),
}


def problem(plan_name: str, phase: str, rules: list[dict[str, Any]]) -> tuple[str, str]:
    """What a ruleset uses that the plan does not have, and where; empty for nothing."""
    plan = PLANS[plan_name]
    most = plan.rules.get(phase, 0)
    if len(rules) > most:
        return f"exceeded the maximum number of rules in the phase {phase}: {len(rules)} out of {most}", "/rules"
    for position, rule in enumerate(rules):
        limit = rule.get("ratelimit") or {}
        for key, longest in (("period", plan.longest_period), ("mitigation_timeout", plan.longest_timeout)):
            if limit.get(key, 0) > longest:
                return f"not entitled to a {key} of more than {longest}", f"/rules/{position}/ratelimit/{key}"
    return "", ""


def unentitled(plan_name: str, phase: str, fields: frozenset[str], operators: frozenset[str]) -> str:
    """The field or operator of an expression that the plan does not have; empty if it has all."""
    plan = PLANS[plan_name]
    if "matches" in operators and not plan.has_regex:
        return "not entitled: the use of operator Matches is not allowed"
    beyond = sorted(fields - plan.counted_fields) if phase == "http_ratelimit" else []
    return f"not entitled: the use of field {beyond[0]} is not allowed" if beyond else ""


def check_health_check(call: Call, thing: Resource) -> None:
    """Refuse what the plan does not have. Raises RefusedError."""
    shortest = PLANS[call.store.plan].shortest_interval
    if shortest is None:
        raise RefusedError(403, 1002, "health checks are not available for this plan")
    if thing["interval"] < shortest:
        raise RefusedError(400, 1002, f"interval is less than the plan's {shortest} seconds", pointer="/interval")
