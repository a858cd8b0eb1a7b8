"""Cloudflare's rules, applied to requests: what is blocked, counted, cached and redirected."""

import json
import re
from typing import Any

import pytest
from edges import RULESET, edge, edge_settings, rules

from sandbox.cloudflare.expressions import evaluate

DOMAIN = edge_settings().domain
OWN, LIMITS, MANAGED = "http_request_firewall_custom", "http_ratelimit", "http_request_firewall_managed"
CACHE, REDIRECT = "http_request_cache_settings", "http_request_dynamic_redirect"
ERRORS = "http_custom_errors"
WEBHOOKS = [
    (form, service.signature_header)
    for service in edge_settings().webhooks.values()
    for path in service.paths
    for form in (path, f"{path}/")
]
MOST_RULES = {OWN: 20, LIMITS: 2, CACHE: 25, REDIRECT: 25}
"""For plan pro (Cloudflare, "Plans")."""


def value(expression: str, host: str, path: str, method: str = "GET", header: str = "", **more: Any) -> Any:
    """The value of an expression for a request to this host and path, with a header of this name."""
    name = path.rpartition("/")[2]
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    request = {
        "http.host": host,
        "http.request.uri.path": path,
        "http.request.uri.path.extension": extension,
        "http.request.method": method,
        "http.request.headers": {header: ["v=1"]} if header else {},
        "cf.waf.credential_check.password_leaked": False,
        **more,
    }
    return evaluate(expression, request)


def matching(phase: str, host: str, path: str, *request: str) -> list[dict[str, Any]]:
    """The rules of a phase that match a request, in order. `host` is without the domain."""
    full = f"{host}.{DOMAIN}" if host else DOMAIN
    return [rule for rule in rules(edge(), phase).values() if value(rule["expression"], full, path, *request)]


def refs(phase: str, host: str, path: str, *request: str) -> list[str]:
    return [rule["ref"] for rule in matching(phase, host, path, *request)]


@pytest.mark.parametrize(
    ("host", "path", "rule"),
    [
        ("origin-prod", "/", "origins-for-health-alone"),
        ("origin-dr", "/login", "origins-for-health-alone"),
        ("origin-dr", "/api/healthy", "origins-for-health-alone"),
        ("api", "/api/metrics", "metrics-from-inside-alone"),
        ("", "/api/metrics/", "metrics-from-inside-alone"),
        ("", "/.env", "no-hidden-files"),
        ("app", "/storage/.git/config", "no-hidden-files"),
        ("", "/wp-login.php", "no-other-scripts"),
        ("", "/vendor/phpunit/eval-stdin.PHP", "no-other-scripts"),
        ("app", "/index.php/login", "no-other-scripts"),
        ("api", "/Index.PHP/api/metrics", "no-other-scripts"),
        ("app", "/login%2F", "no-encoded-separators"),
        ("admin", "/admin%5clogin", "no-encoded-separators"),
        ("app", "/login%00", "no-encoded-separators"),
        ("app", "/admin", "admin-by-its-own-name-alone"),
        ("", "/admin/login/", "admin-by-its-own-name-alone"),
        ("api", "/ADMIN/users", "admin-by-its-own-name-alone"),
    ],
)
def test_what_no_visitor_may_ask_for_is_blocked(host: str, path: str, rule: str) -> None:
    assert refs(OWN, host, path) == [rule]
    assert {found["action"] for found in matching(OWN, host, path)} == {"block"}


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("", "/"),
        ("www", "/pricing"),
        ("app", "/index.php"),
        ("app", "/build/assets/app-4f2a.js"),
        ("api", "/api/canary"),
        ("admin", "/login"),
        ("admin", "/admin/users"),
        ("monitoring", "/d/overview"),
        ("", "/.well-known/security.txt"),
    ],
)
def test_what_the_platform_promises_passes_our_own_rules(host: str, path: str) -> None:
    assert refs(OWN, host, path) == []


@pytest.mark.parametrize("check", ["database", "redis", "queue/"])
def test_what_asks_the_database_is_not_for_visitors(check: str) -> None:
    for host in ("", "www", "app", "api", "admin", "monitoring"):
        first = matching(OWN, host, f"/api/health/{check}")[0]
        assert (first["ref"], first["action"]) == ("deep-checks-by-origins-alone", "block")


def test_health_and_webhooks_meet_no_challenge_though_the_site_is_under_attack() -> None:
    health = [("api", "/api/health"), ("app", "/api/health/"), ("origin-prod", "/api/health")]
    asked = [matching(OWN, host, path) for host, path in [*health, ("origin-dr", "/api/health/queue")]]
    called = [matching(OWN, "api", path, "POST", header) for path, header in WEBHOOKS]
    for (rule,) in [*asked, *called]:
        assert (rule["action"], rule["logging"]) == ("skip", {"enabled": True})
        # Cloudflare WAF, "Available skip options": skipping phases skips no products.
        assert rule["actionParameters"] == {
            "phases": ["http_request_sbfm"], "products": ["bic", "securityLevel", "uaBlock"],
        }  # fmt: skip


@pytest.mark.parametrize(("path", "header"), WEBHOOKS)
def test_a_webhook_is_posted_and_signed_or_blocked(path: str, header: str) -> None:
    others = {other for _, other in WEBHOOKS} - {header}
    for request in [("GET", header), ("PUT", header), ("POST", ""), *(("POST", other) for other in others)]:
        (block, _skip) = matching(OWN, "api", path, *request)
        assert (block["ref"].rpartition("-")[0], block["action"]) == ("webhooks-of", "block")


@pytest.mark.parametrize(("path", "header"), WEBHOOKS)
def test_webhooks_are_neither_counted_nor_judged_by_managed_rules(path: str, header: str) -> None:
    assert refs(LIMITS, "api", path) == []
    skipped, *_executed = matching(MANAGED, "api", path, "POST", header)
    # Cloudflare WAF, "Managed rules", exceptions: all rules of the phase that follow.
    assert (skipped["action"], skipped["actionParameters"]) == ("skip", {"ruleset": "current"})
    assert next(iter(rules(edge(), MANAGED))) == skipped["ref"]


@pytest.mark.parametrize(
    ("host", "path", "limits"),
    [
        ("app", "/login", ["login"]),
        ("admin", "/admin/login", ["login"]),
        ("app", "/login/", ["login"]),
        ("api", "/api/appointments", ["api"]),
        ("app", "/api/appointments", ["api"]),
        ("api", "/login", ["login", "api"]),
        ("api", "/api/health", []),
        ("app", "/api/health/", []),
        ("origin-dr", "/api/health/redis", ["api"]),
        ("origin-dr", "/api/health", []),
        ("app", "/dashboard", []),
    ],
)
def test_logins_and_the_api_are_limited_and_health_is_not(host: str, path: str, limits: list[str]) -> None:
    assert refs(LIMITS, host, path) == limits


def test_a_limit_counts_one_client_and_refuses_it_for_a_while() -> None:
    for name, rule in rules(edge(), LIMITS).items():
        limit = getattr(edge_settings().firewall, name)
        assert rule["action"] == "block"
        assert rule["ratelimit"] == {
            "characteristics": ["cf.colo.id", "ip.src"],
            "requestsPerPeriod": limit.requests,
            "period": limit.period_seconds,
            "mitigationTimeout": limit.block_seconds,
        }


def test_a_client_of_the_api_that_asks_too_often_is_refused_in_json() -> None:
    limits = rules(edge(), LIMITS)
    answer = limits["api"]["actionParameters"]["response"]
    assert (answer["statusCode"], answer["contentType"]) == (429, "application/json")
    assert json.loads(answer["content"]).keys() == {"message"}
    assert "actionParameters" not in limits["login"]


def test_the_managed_rules_judge_every_request() -> None:
    assert refs(MANAGED, "app", "/") == ["managed", "owasp"]
    managed, owasp = (rule["actionParameters"] for rule in matching(MANAGED, "app", "/"))
    assert managed == {"id": "efb7b8c949ac4650a09736fc376e9aee"}
    assert owasp["id"] == "4814384a9e5d4991b9815dcfc25d2f1f"


def test_the_paranoia_level_turns_the_higher_levels_off() -> None:
    overrides = rules(edge(), MANAGED)["owasp"]["actionParameters"]["overrides"]
    assert edge_settings().firewall.owasp_paranoia_level == 1
    assert overrides["categories"] == [{"category": f"paranoia-level-{level}", "enabled": False} for level in (2, 3, 4)]
    assert [(rule["action"], rule["scoreThreshold"]) for rule in overrides["rules"]] == [("block", 40)]


@pytest.mark.parametrize(
    ("host", "path", "cached"),
    [
        ("app", "/build/assets/app-4f2a.js", True),
        ("", "/images/logo.PNG", True),
        ("app", "/dashboard", None),
        ("app", "/v1.2/report", None),
        ("app", "/api/export.css", False),
        ("api", "/favicon.ico", False),
        ("admin", "/build/assets/admin-1.css", False),
        ("monitoring", "/public/build/app.js", False),
    ],
)
def test_assets_are_cached_and_what_is_for_one_client_never(host: str, path: str, cached: bool | None) -> None:
    found = matching(CACHE, host, path)
    assert (found[-1]["actionParameters"]["cache"] if found else None) is cached


def test_assets_are_kept_as_long_as_the_region_says_and_its_errors_never() -> None:
    parameters = rules(edge(), CACHE)["assets"]["actionParameters"]
    errors = {"statusCodeRange": {"from": 400}, "value": -1}
    assert parameters["edgeTtl"] == {"mode": "respect_origin", "statusCodeTtls": [errors]}
    assert parameters["browserTtl"] == {"mode": "respect_origin"}


def test_a_page_whose_address_only_ends_like_an_asset_is_not_cached() -> None:
    assert rules(edge(), CACHE)["assets"]["actionParameters"]["cacheKey"] == {"cacheDeceptionArmor": True}


@pytest.mark.parametrize("path", ["/login", "/admin/login/"])
def test_a_password_that_was_leaked_has_to_come_from_a_browser(path: str) -> None:
    expression = rules(edge(), OWN)["leaked-passwords"]["expression"]
    leaked = {"cf.waf.credential_check.password_leaked": True}
    assert value(expression, f"admin.{DOMAIN}", path, "POST", **leaked)
    assert not value(expression, f"admin.{DOMAIN}", path, "POST")
    assert not value(expression, f"admin.{DOMAIN}", path, "GET", **leaked)
    assert not value(expression, f"api.{DOMAIN}", "/api/appointments", "POST", **leaked)
    assert rules(edge(), OWN)["leaked-passwords"]["action"] == "managed_challenge"
    assert edge().one("cloudflare:index/leakedCredentialCheck:LeakedCredentialCheck").inputs["enabled"] is True


def answered(host: str, path: str, status: int) -> str:
    """The custom error that replaces a response with this status; empty if there is none."""
    found = rules(edge(), ERRORS).items()
    full, code = f"{host}.{DOMAIN}" if host else DOMAIN, {"http.response.code": status}
    return next((ref for ref, rule in found if value(rule["expression"], full, path, **code)), "")


@pytest.mark.parametrize("status", [502, 503, 504, 521, 522, 525, 530])
def test_who_meets_a_region_that_cannot_serve_gets_an_answer_of_ours(status: int) -> None:
    assert [answered(host, "/dashboard", status) for host in ("", "app", "admin")] == ["page"] * 3
    assert answered("api", "/appointments", status) == answered("app", "/api/appointments", status) == "api"


@pytest.mark.parametrize("status", [404, 422, 429, 500])
def test_the_applications_own_errors_stay(status: int) -> None:
    assert (answered("app", "/dashboard", status), answered("api", "/api/appointments", status)) == ("", "")


def test_a_health_check_always_says_why_it_fails() -> None:
    hosts = ("", "api", "origin-prod")
    assert {answered(host, path, 503) for host in hosts for path in ("/api/health", "/api/health/redis")} == {""}


def test_the_answers_are_what_they_say_and_small_enough() -> None:
    given = {ref: rule["actionParameters"] for ref, rule in rules(edge(), ERRORS).items()}
    assert json.loads(given["api"]["content"]).keys() == {"message"}
    assert {ref: each["contentType"] for ref, each in given.items()} == {"api": "application/json", "page": "text/html"}
    # Cloudflare, "Custom errors parameters": 10 KB, and no referrer, which would disrupt its challenges.
    assert all(len(each["content"].encode()) <= 10_000 and "referrer" not in each["content"] for each in given.values())
    assert not any("statusCode" in each for each in given.values())


def test_www_leads_to_the_same_page_of_the_domain() -> None:
    (rule,) = matching(REDIRECT, "www", "/pricing")
    redirect = rule["actionParameters"]["fromValue"]
    target = value(redirect["targetUrl"]["expression"], f"www.{DOMAIN}", "/pricing")
    assert (redirect["statusCode"], redirect["preserveQueryString"], target) == (301, True, f"https://{DOMAIN}/pricing")
    assert [host for host in ("", "app", "api", "admin", "monitoring") if refs(REDIRECT, host, "/")] == []


@pytest.mark.parametrize(("phase", "most"), MOST_RULES.items())
def test_the_plan_has_room_for_the_rules(phase: str, most: int) -> None:
    assert len(rules(edge(), phase)) <= most


def test_limits_ask_for_what_the_plan_lets_them_ask() -> None:
    # Cloudflare WAF, "Rate limiting rules", availability: plan pro has host, URI and path, but no method.
    expressions = " ".join(rule["expression"] for rule in rules(edge(), LIMITS).values())
    assert set(re.findall(r"\b(?:http|ip|cf)\.[a-z_.]+", expressions)) == {"http.host", "http.request.uri.path"}


def test_a_ruleset_is_gone_before_another_takes_its_phase() -> None:
    assert [ruleset.name for ruleset in edge().of(RULESET) if not ruleset.delete_before_replace] == []


def test_every_phase_has_one_ruleset_and_every_rule_its_reason() -> None:
    phases = [ruleset.inputs["phase"] for ruleset in edge().of(RULESET)]
    assert sorted(phases) == sorted({OWN, LIMITS, MANAGED, CACHE, REDIRECT, ERRORS})
    every = [rule for phase in phases for rule in rules(edge(), phase).values()]
    assert all(rule["description"] and rule["enabled"] for rule in every)
