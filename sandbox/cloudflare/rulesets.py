"""Rulesets: one entry point per phase and zone, with versions, and rules that keep their ID by their reference."""

from typing import Any

from sandbox.cloudflare import actions, expressions, plans, request_schemas
from sandbox.cloudflare.answers import CursorPage, RefusedError
from sandbox.cloudflare.calls import Call, found
from sandbox.cloudflare.store import Resource, new_id, now

NAME = "rulesets"

PERMISSIONS = {
    "http_custom_errors": "Custom Errors",
    "http_ratelimit": "Zone WAF",
    "http_request_cache_settings": "Cache Settings",
    "http_request_dynamic_redirect": "Dynamic URL Redirects",
    "http_request_firewall_custom": "Zone WAF",
    "http_request_firewall_managed": "Zone WAF",
}
"""The permission for each phase that a zone of the platform uses (Cloudflare's ruleset documentation)."""

ACTIONS = {
    "http_custom_errors": ("serve_error",),
    "http_ratelimit": ("block", "challenge", "js_challenge", "log", "managed_challenge"),
    "http_request_cache_settings": ("set_cache_settings",),
    "http_request_dynamic_redirect": ("redirect",),
    "http_request_firewall_custom": ("block", "challenge", "js_challenge", "log", "managed_challenge", "skip"),
    "http_request_firewall_managed": ("execute", "skip", "log"),
}
FIELDS = frozenset(
    {
        "cf.waf.credential_check.password_leaked",
        "http.host",
        "http.referer",
        "http.request.full_uri",
        "http.request.headers",
        "http.request.headers.names",
        "http.request.method",
        "http.request.uri",
        "http.request.uri.path",
        "http.request.uri.path.extension",
        "http.request.uri.query",
        "http.user_agent",
        "ip.src",
        "ip.src.country",
        "ssl",
    }
)
ANSWER_FIELDS = frozenset({"http.response.code"})
"""Fields that every plan has, among those that the platform's rules may use (Cloudflare, Rules language, "Fields")."""
LONGEST_EXPRESSION = 4096
"""Characters (Cloudflare, Rules language, "Expressions", maximum rule expression length)."""
RATE_PERIODS = (10, 60, 120, 300, 600, 3600, 86_400)
"""Seconds over which requests are counted (Cloudflare's documentation of rate limiting parameters)."""


def listed(call: Call) -> CursorPage:
    """Rulesets without their rules: those that Cloudflare manages, then the zone's own."""
    call.require(*set(PERMISSIONS.values()))
    shown = [*actions.MANAGED.values(), *call.collection(NAME).values()]
    return CursorPage([{k: v for k, v in ruleset.items() if k != "rules"} for ruleset in shown])


def one(call: Call) -> Resource:
    """A ruleset by its ID."""
    ruleset = found(call.collection(NAME), call.path["ruleset_id"], 20004, "ruleset not found")
    call.require(PERMISSIONS[ruleset["phase"]])
    return ruleset


def entry_point(call: Call) -> Resource:
    """The entry point of a phase."""
    phase = call.path["phase"]
    call.require(*([PERMISSIONS[phase]] if phase in PERMISSIONS else PERMISSIONS.values()))
    for ruleset in call.collection(NAME).values():
        if ruleset["phase"] == phase:
            return ruleset
    raise RefusedError(404, 10003, f"could not find entrypoint ruleset in the {phase} phase")


def created(call: Call) -> Resource:
    """A new ruleset; each phase of a zone has one entry point."""
    body = request_schemas.check("ruleset", call.body)
    missing = [key for key in ("kind", "name", "phase") if not body.get(key)]
    if missing:
        raise actions.invalid(f"{missing[0]} is required", f"/{missing[0]}")
    phase, kind = body["phase"], body["kind"]
    if phase not in PERMISSIONS:
        raise actions.invalid(f"the emulated Cloudflare lacks the phase {phase}", "/phase")
    call.require(PERMISSIONS[phase])
    if kind != "zone":
        raise actions.invalid(f"'{kind}' is not a valid value for kind: a zone has rulesets of kind 'zone'", "/kind")
    if any(other["phase"] == phase for other in call.collection(NAME).values()):
        text = (
            f"'zone' is not a valid value for kind because exceeded maximum number of zone rulesets for phase {phase}"
        )
        raise actions.invalid(text, "/kind")
    return _stored(call, body, {"id": new_id(), "version": "0", "rules": []})


def replaced(call: Call) -> Resource:
    """A ruleset with new rules: a new version."""
    old, body = one(call), request_schemas.check("ruleset", call.body)
    for fixed in ("kind", "phase"):
        if body.get(fixed, old[fixed]) != old[fixed]:
            raise actions.invalid(f"{fixed} cannot be changed", f"/{fixed}")
    given = {"kind": old["kind"], "phase": old["phase"], "name": old["name"], **body}
    return _stored(call, given, old)


def deleted(call: Call) -> None:
    """Deletes a ruleset; Cloudflare answers 204 only to this call."""
    ruleset = one(call)
    del call.collection(NAME)[ruleset["id"]]


def _stored(call: Call, body: dict[str, Any], old: Resource) -> Resource:
    wrong, where = plans.problem(call.store.plan, body["phase"], body.get("rules", []))
    if wrong:
        raise actions.invalid(wrong, where)
    time, version = now(), str(int(old["version"]) + 1)
    ids = {rule["ref"]: rule["id"] for rule in old["rules"]}
    rules = []
    for position, rule in enumerate(body.get("rules", [])):
        _check_rule(rule, body["phase"], f"/rules/{position}", call.store.plan)
        key = ids.get(rule.get("ref", ""), rule.get("id") or new_id())
        rules.append({"enabled": True, "ref": key, **rule, "id": key, "version": version, "last_updated": time})
    if len({rule["ref"] for rule in rules}) < len(rules):
        raise actions.invalid("two rules have the same ref", "/rules")
    ruleset = {
        "id": old["id"],
        "name": body["name"],
        "description": body.get("description", ""),
        "kind": body["kind"],
        "version": version,
        "last_updated": time,
        "phase": body["phase"],
        "rules": rules,
    }
    call.collection(NAME)[ruleset["id"]] = ruleset
    return ruleset


def _check_rule(rule: dict[str, Any], phase: str, pointer: str, plan: str) -> None:
    action, expression = rule.get("action"), str(rule.get("expression") or "")
    if action not in ACTIONS[phase]:
        raise actions.invalid(f"{action!r} is not a valid action in phase {phase}", f"{pointer}/action")
    if not expression.strip():
        raise actions.invalid("expression is required", f"{pointer}/expression")
    if len(expression) > LONGEST_EXPRESSION:
        raise actions.invalid(f"expression is longer than {LONGEST_EXPRESSION} characters", f"{pointer}/expression")
    try:
        fields, operators = expressions.used(expression)
    except expressions.UnsupportedError as problem:
        raise actions.invalid(f"filter parsing error: {problem}", f"{pointer}/expression") from None
    if unknown := sorted(fields - FIELDS - (ANSWER_FIELDS if phase == "http_custom_errors" else frozenset())):
        raise actions.invalid(f"filter parsing error: unknown identifier {unknown[0]}", f"{pointer}/expression")
    if beyond := plans.unentitled(plan, phase, fields, operators):
        raise actions.invalid(beyond, f"{pointer}/expression")
    actions.check(str(action), rule.get("action_parameters") or {}, f"{pointer}/action_parameters")
    limit = rule.get("ratelimit")
    if (phase == "http_ratelimit") != bool(limit):
        raise actions.invalid("rules of phase http_ratelimit, and no others, have a ratelimit", f"{pointer}/ratelimit")
    if limit and limit["period"] not in RATE_PERIODS:
        allowed = ", ".join(map(str, RATE_PERIODS))
        raise actions.invalid(f"not a valid period; want one of {allowed}", f"{pointer}/ratelimit/period")
    if limit and "cf.colo.id" not in limit["characteristics"]:
        raise actions.invalid("characteristics must include cf.colo.id", f"{pointer}/ratelimit/characteristics")
