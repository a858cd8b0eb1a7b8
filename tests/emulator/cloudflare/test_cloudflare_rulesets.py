"""The emulated API on rulesets: versions, allowed rules, and the plan's limits."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cloudflare import Cloudflare

from ops.core.cloudflare import EdgeApi
from ops.core.recovery.finders.edge import EDGE
from ops.core.recovery.finders.wanted import Wanted
from tests.emulator.cloudflare.emulated import DOMAIN, OTHER_ID, TOKEN, ZONE, Emulated

RULESETS = f"/zones/{ZONE}/rulesets"
ANSWER = {"content": "{}", "content_type": "application/json"}
RULE = {"ref": "a", "expression": "true", "action": "block"}


def test_a_phase_takes_one_entry_point(emulated: Emulated) -> None:
    body = {"name": "own", "kind": "zone", "phase": "http_request_firewall_custom", "rules": [RULE]}
    emulated.made(RULESETS, body)
    answer = emulated.call("POST", RULESETS, body)
    assert answer.status == 400
    assert answer.error == {
        "code": 20217,
        "message": "'zone' is not a valid value for kind because exceeded maximum number of zone rulesets "
        "for phase http_request_firewall_custom",
        "source": {"pointer": "/kind"},
    }


def test_a_ruleset_has_versions_and_its_rules_keep_their_ids_by_reference(sdk: Cloudflare, emulated: Emulated) -> None:
    body = {"name": "own", "kind": "zone", "phase": "http_request_firewall_custom", "rules": [RULE]}
    made = emulated.made(RULESETS, body)
    other = {**RULE, "ref": "b"}
    changed = emulated.made(f"{RULESETS}/{made['id']}", {"rules": [other, {**RULE, "enabled": False}]}, "PUT")
    assert (made["version"], changed["version"]) == ("1", "2")
    assert changed["rules"][1]["id"] == made["rules"][0]["id"] != changed["rules"][0]["id"]
    # In parts, which the SDK requests by the previous one's cursor.
    listed = list(sdk.rulesets.list(zone_id=ZONE, per_page=2))
    assert [each.kind for each in listed] == ["managed", "managed", "managed", "zone"]
    assert listed[-1].id == made["id"]
    read = sdk.rulesets.phases.get("http_request_firewall_custom", zone_id=ZONE)
    assert [rule.enabled for rule in read.rules] == [True, False]
    assert emulated.call("DELETE", f"{RULESETS}/{made['id']}").status == 204
    assert emulated.call("GET", f"{RULESETS}/{made['id']}").status == 404


def test_recovery_finds_a_ruleset_by_its_phase_whatever_else_is_listed(
    emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", f"{emulated.url}/client/v4")
    kind, phase = "cloudflare:index/ruleset:Ruleset", "http_request_firewall_managed"
    inputs = {"zoneId": ZONE, "kind": "zone", "phase": phase}
    wanted = Wanted(type=kind, name="managed", inputs=inputs, edge=EdgeApi(lambda _key: TOKEN))
    assert EDGE[kind].find(wanted) == []
    made = emulated.made(RULESETS, {"name": "own", "kind": "zone", "phase": phase, "rules": []})
    assert EDGE[kind].find(wanted) == [f"zones/{ZONE}/{made['id']}"]


@pytest.mark.parametrize(
    ("phase", "rule", "said"),
    [
        ("http_request_firewall_custom", {"action": "execute"}, "'execute' is not a valid action in phase"),
        ("http_request_firewall_custom", {"expression": "("}, "filter parsing error"),
        ("http_request_firewall_custom", {"expression": ""}, "expression is required"),
        ("http_request_firewall_custom", {"expression": 'http.hots eq "a"'}, "unknown identifier http.hots"),
        ("http_request_firewall_custom", {"expression": "http.response.code eq 500"}, "unknown identifier"),
        ("http_request_firewall_custom", {"expression": 'http.host matches "a.*"'}, "operator Matches is not allowed"),
        ("http_custom_errors", {"action": "serve_error"}, "an answer needs content"),
        ("http_request_firewall_custom", {"actions": "block"}, 'unknown field "actions"'),
        ("http_ratelimit", {}, "have a ratelimit"),
        ("http_ratelimit", {"ratelimit": {"characteristics": ["ip.src"], "period": 60}}, "must include cf.colo.id"),
        ("http_ratelimit", {"ratelimit": {"characteristics": ["cf.colo.id"], "period": 59}}, "not a valid period"),
        ("http_ratelimit", {"ratelimit": {"period": 60}}, '"characteristics" is required'),
        ("http_config_settings", {"action": "set_config"}, "lacks the phase"),
    ],
)
def test_a_bad_rule_is_refused(emulated: Emulated, phase: str, rule: dict[str, Any], said: str) -> None:
    body = {"name": "own", "kind": "zone", "phase": phase, "rules": [{**RULE, **rule}]}
    answer = emulated.call("POST", RULESETS, body)
    assert answer.status == 400
    assert said in answer.error["message"]
    assert {ruleset["kind"] for ruleset in emulated.call("GET", RULESETS).json["result"]} == {"managed"}


MANAGED, OWASP = "efb7b8c949ac4650a09736fc376e9aee", "4814384a9e5d4991b9815dcfc25d2f1f"
REFUSED_PARAMETERS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("firewall_custom", "block", {"id": MANAGED}, "unknown field 'id' for the action block"),
    ("firewall_custom", "log", {"response": {"status_code": 429, **ANSWER}}, "unknown field"),
    ("firewall_custom", "block", {"response": {"status_code": 500, **ANSWER}}, "from 400 to 499"),
    ("firewall_custom", "block", {"response": {"status_code": 429, **ANSWER, "content": "x" * 2001}}, "larger than"),
    ("firewall_custom", "skip", {}, "what it skips"),
    ("firewall_custom", "skip", {"ruleset": "current", "rulesets": [MANAGED]}, "incompatible"),
    ("firewall_custom", "skip", {"phases": ["http_request_sbfm"], "rulesets": [MANAGED]}, "incompatible"),
    ("firewall_managed", "skip", {"rulesets": [OTHER_ID]}, "does not exist"),
    ("firewall_managed", "execute", {}, "ruleset None does not exist"),
    ("firewall_managed", "execute", {"id": OTHER_ID}, "does not exist"),
    (
        *("firewall_managed", "execute"),
        {"id": OWASP, "overrides": {"rules": [{"id": OTHER_ID, "score_threshold": 40}]}},
        "has no score",
    ),
    ("dynamic_redirect", "redirect", {}, "a redirect has"),
    ("dynamic_redirect", "redirect", {"from_value": {"target_url": {"value": "a", "expression": "b"}}}, "by value or"),
    ("cache_settings", "set_cache_settings", {"cache": True, "edge_ttl": {"mode": "override_origin"}}, "needs it"),
    (
        *("cache_settings", "set_cache_settings"),
        {"cache": True, "browser_ttl": {"mode": "respect_origin", "default": 60}},
        "override_origin",
    ),
    (
        *("cache_settings", "set_cache_settings"),
        {"cache": True, "edge_ttl": {"mode": "respect_origin", "status_code_ttl": [{"value": -1}]}},
        "status_code_range",
    ),
)


def test_parameters_that_are_not_of_the_action_or_not_complete_are_refused(emulated: Emulated) -> None:
    for phase, action, parameters, said in REFUSED_PARAMETERS:
        rule = {**RULE, "action": action, "action_parameters": parameters}
        body = {"name": "own", "kind": "zone", "phase": f"http_request_{phase}", "rules": [rule]}
        answer = emulated.call("POST", RULESETS, body)
        assert answer.status == 400, (action, parameters)
        assert said in answer.error["message"], (action, parameters)
        assert answer.error["source"]["pointer"].startswith("/rules/0/action_parameters"), (action, parameters)


LIMIT = {"characteristics": ["cf.colo.id", "ip.src"], "period": 60, "requests_per_period": 9, "mitigation_timeout": 60}
LIMITED = {**RULE, "ratelimit": LIMIT}


@pytest.fixture
def on_plan(emulated: Emulated) -> Iterator[Callable[[str], None]]:
    """Gives the zone another plan."""
    yield lambda plan: emulated.control("PUT", "zone", {"plan": plan})
    emulated.control("PUT", "zone", {"plan": "pro", "status": "active"})


@pytest.mark.parametrize(
    ("phase", "rules", "plan", "said"),
    [
        ("http_request_firewall_custom", [RULE] * 6, "free", "maximum number of rules in the phase"),
        ("http_request_firewall_custom", [RULE] * 21, "pro", "21 out of 20"),
        ("http_ratelimit", [LIMITED] * 3, "pro", "3 out of 2"),
        ("http_ratelimit", [{**LIMITED, "ratelimit": {**LIMIT, "period": 120}}], "pro", "a period of more than 60"),
        ("http_ratelimit", [LIMITED], "free", "a period of more than 10"),
        ("http_ratelimit", [{**LIMITED, "ratelimit": {**LIMIT, "mitigation_timeout": 86_400}}], "pro", "than 3600"),
        ("http_ratelimit", [{**LIMITED, "expression": 'http.request.method eq "POST"'}], "pro", "use of field"),
        ("http_request_firewall_managed", [{**RULE, "action": "execute"}], "free", "1 out of 0"),
        ("http_custom_errors", [{**RULE, "action": "serve_error"}], "free", "1 out of 0"),
    ],
)
def test_what_the_plan_has_not_is_refused(
    emulated: Emulated, on_plan: Callable[[str], None], phase: str, rules: list[Any], plan: str, said: str
) -> None:
    on_plan(plan)
    rules = [{**rule, "ref": f"r{position}"} for position, rule in enumerate(rules)]
    answer = emulated.call("POST", RULESETS, {"name": "own", "kind": "zone", "phase": phase, "rules": rules})
    assert answer.status == 400
    assert said in answer.error["message"]


def test_a_larger_plan_has_what_a_smaller_has_not(emulated: Emulated, on_plan: Callable[[str], None]) -> None:
    on_plan("business")
    rule = {**RULE, "expression": 'http.host matches "a.*"'}
    emulated.made(RULESETS, {"name": "own", "kind": "zone", "phase": "http_request_firewall_custom", "rules": [rule]})
    check = {"name": "a", "address": f"a.{DOMAIN}", "type": "HTTPS"}
    emulated.made(f"/zones/{ZONE}/healthchecks", {**check, "interval": 15})
    assert emulated.call("POST", f"/zones/{ZONE}/healthchecks", {**check, "interval": 10}).status == 400
    on_plan("free")
    assert emulated.call("POST", f"/zones/{ZONE}/healthchecks", check).status == 403
    assert emulated.call("GET", f"/zones/{ZONE}").json["result"]["plan"]["legacy_id"] == "free"
