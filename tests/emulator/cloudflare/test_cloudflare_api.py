"""The emulated API: through Cloudflare's own SDK where it has a call, over HTTP where the answer itself counts."""

from collections.abc import Callable, Iterator
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from ops.core.cloudflare import EdgeApi
from ops.core.recovery.finders.edge import EDGE
from ops.core.recovery.finders.wanted import Wanted
from sandbox.cloudflare.store import Store
from tests.emulator.cloudflare.emulated import ACCOUNT, DOMAIN, OTHER_ID, TOKEN, ZONE, Emulated

RECORDS = f"/zones/{ZONE}/dns_records"
RULESETS = f"/zones/{ZONE}/rulesets"
ANSWER = {"content": "{}", "content_type": "application/json"}
RULE = {"ref": "a", "expression": "true", "action": "block"}


def test_a_record_is_made_read_changed_and_deleted_by_the_sdk(sdk: Cloudflare) -> None:
    made = sdk.dns.records.create(
        zone_id=ZONE, name="www", type="CNAME", content="LB.example.com.", ttl=1, proxied=True
    )
    assert made is not None
    assert (made.name, made.content, made.ttl, made.proxied) == (f"www.{DOMAIN}", "lb.example.com", 1, True)
    edited = sdk.dns.records.edit(
        made.id, zone_id=ZONE, name="www", type="CNAME", content="b.example.com", ttl=1, comment="new"
    )
    assert edited is not None
    assert (edited.content, edited.comment, edited.created_on) == ("b.example.com", "new", made.created_on)
    replaced = sdk.dns.records.update(made.id, zone_id=ZONE, name="www", type="CNAME", content="c.example.com", ttl=300)
    assert replaced is not None
    assert (replaced.comment, replaced.proxied, replaced.ttl) == (None, False, 300)
    assert sdk.dns.records.get(made.id, zone_id=ZONE) == replaced
    sdk.dns.records.delete(made.id, zone_id=ZONE)
    with pytest.raises(cloudflare.NotFoundError, match="81044"):
        sdk.dns.records.get(made.id, zone_id=ZONE)


def test_lists_come_in_pages_that_the_sdk_turns(sdk: Cloudflare, emulated: Emulated) -> None:
    for number in range(7):
        emulated.record(f"host-{number}")
    assert len(list(sdk.dns.records.list(zone_id=ZONE, per_page=3))) == 7
    page = emulated.call("GET", f"{RECORDS}?page=3&per_page=3").json
    assert page["result_info"] == {"page": 3, "per_page": 3, "count": 1, "total_count": 7, "total_pages": 3}
    assert [record["name"] for record in page["result"]] == [f"host-6.{DOMAIN}"]
    assert emulated.call("GET", f"{RECORDS}?page=0").status == 400


def test_records_are_filtered_by_name_type_and_content(sdk: Cloudflare, emulated: Emulated) -> None:
    emulated.record("www")
    emulated.record("api", content="other.example.com")
    emulated.record("mail", type="A", content="192.0.2.1")
    by_name = sdk.dns.records.list(zone_id=ZONE, name={"exact": f"api.{DOMAIN}"})
    assert [record.content for record in by_name] == ["other.example.com"]
    by_type = sdk.dns.records.list(zone_id=ZONE, type="A")
    assert [record.name for record in by_type] == [f"mail.{DOMAIN}"]
    by_content = sdk.dns.records.list(zone_id=ZONE, content={"startswith": "lb."})
    assert [record.name for record in by_content] == [f"www.{DOMAIN}"]


@pytest.mark.parametrize(
    ("existing", "given", "code"),
    [
        ({"type": "CNAME"}, {"type": "CNAME", "content": "lb.example.com"}, 81058),
        ({"type": "CNAME"}, {"type": "CNAME", "content": "other.example.com"}, 81053),
        ({"type": "CNAME"}, {"type": "A", "content": "192.0.2.1"}, 81054),
        ({"type": "A", "content": "192.0.2.1"}, {"type": "CNAME", "content": "other.example.com"}, 81053),
    ],
)
def test_records_that_exclude_each_other_are_refused(
    emulated: Emulated, existing: dict[str, Any], given: dict[str, Any], code: int
) -> None:
    emulated.record("www", **existing)
    answer = emulated.call("POST", RECORDS, {"name": f"WWW.{DOMAIN}", "ttl": 1, **given})
    assert (answer.status, answer.error["code"]) == (400, code)


def test_one_name_may_have_two_addresses(emulated: Emulated) -> None:
    emulated.record("www", type="A", content="192.0.2.1")
    emulated.record("www", type="A", content="192.0.2.2")
    emulated.record("www", type="AAAA", content="2001:db8::1")


@pytest.mark.parametrize(
    ("values", "code", "said"),
    [
        ({"type": "A", "content": "256.1.1.1"}, 9005, "Content for A record must be a valid IPv4 address."),
        ({"type": "AAAA", "content": "192.0.2.1"}, 9005, "must be a valid IPv6 address"),
        ({"content": "192.0.2.1"}, 9007, "Content for CNAME record is invalid."),
        ({"content": ""}, 9007, "invalid"),
        ({"type": "TXT", "proxied": True, "content": "x"}, 9004, "cannot be proxied"),
        ({"proxied": False, "ttl": 59}, 9021, "between 60 and 86400"),
        ({"name": "a..b"}, 9000, "DNS name is invalid."),
        ({"type": "CNAM"}, 9207, '/type: "CNAM" is not a valid value; want one of "A"'),
        ({"ttl": "1"}, 9207, '/ttl: expected a number, got "1"'),
        ({"proxied": "yes"}, 9207, "/proxied: expected a boolean"),
        ({"content": None, "type": None}, 9207, '"type" is required'),
        ({"contents": "x"}, 9207, 'unknown field "contents"'),
        ({"settings": {"flatten": True}}, 9207, '/settings/flatten: unknown field "flatten"'),
        ({"tags": "x"}, 9207, "/tags: expected an array"),
    ],
)
def test_a_bad_record_is_refused_with_its_cause(
    emulated: Emulated, values: dict[str, Any], code: int, said: str
) -> None:
    body = {"name": "www", "type": "CNAME", "content": "lb.example.com", "ttl": 1, **values}
    answer = emulated.call("POST", RECORDS, body)
    assert (answer.status, answer.error["code"]) == (400, code)
    assert said in answer.error["message"]
    assert emulated.call("GET", RECORDS).json["result"] == []


def test_zones_settings_and_dnssec_are_read_back_by_the_sdk(sdk: Cloudflare) -> None:
    (zone,) = sdk.zones.list(name=DOMAIN)
    assert (zone.id, zone.name, zone.account.id) == (ZONE, DOMAIN, ACCOUNT)
    assert list(sdk.zones.list(name="other.de")) == []
    assert sdk.zones.get(zone_id=ZONE) == zone
    sdk.zones.settings.edit("min_tls_version", zone_id=ZONE, value="1.2")
    setting: Any = sdk.zones.settings.get("min_tls_version", zone_id=ZONE)
    assert setting.value == "1.2"
    header: Any = sdk.zones.settings.get("security_header", zone_id=ZONE)
    members = {"enabled", "include_subdomains", "max_age", "nosniff", "preload"}
    assert header.value.strict_transport_security.to_dict().keys() == members
    dnssec = sdk.dns.dnssec.edit(zone_id=ZONE, status="active")
    assert dnssec is not None
    assert dnssec.status == "pending"
    assert (dnssec.ds or "").startswith(f"{DOMAIN}. 3600 IN DS ")


@pytest.mark.parametrize(
    ("setting", "body", "code"),
    [
        ("min_tls_version", {"value": "1.4"}, 1007),
        ("ssl", {}, 1006),
        ("sssl", {"value": "on"}, 1006),
        ("security_header", {"value": {"strict_transport_security": {"max_age": "1"}}}, 1007),
        ("security_header", {"value": {"strict_transport_security": {"maxage": 1}}}, 1007),
        ("ssl", {"valu": "on"}, 9207),
    ],
)
def test_a_bad_setting_is_refused(emulated: Emulated, setting: str, body: Any, code: int) -> None:
    answer = emulated.call("PATCH", f"/zones/{ZONE}/settings/{setting}", body)
    assert (answer.status, answer.error["code"]) == (400, code)


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
    # A part at a time, which the SDK asks for by the cursor of the one before.
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


def test_access_wants_a_team_first_and_its_second_factors(emulated: Emulated, store: Store) -> None:
    policies, organization = f"/accounts/{ACCOUNT}/access/policies", f"/accounts/{ACCOUNT}/access/organizations"
    body = {"name": "a", "decision": "allow", "include": [{"email": {"email": "a@example.com"}}]}
    factors = {"mfa_config": {"mfa_disabled": False, "allowed_authenticators": ["totp"]}}
    emulated.made(policies, {**body, **factors})
    store.singles[organization] = {**emulated.call("GET", organization).json["result"], "mfa_config": {}}
    assert (
        "does not allow these authenticators" in emulated.call("POST", policies, {**body, **factors}).error["message"]
    )
    emulated.made(policies, body)
    store.singles[organization] = {}
    for method, path in (("GET", organization), ("GET", policies), ("POST", policies)):
        assert emulated.call(method, path, body if method == "POST" else None).error["code"] == 9999


def test_things_that_belong_together_refer_to_what_is_there(emulated: Emulated) -> None:
    check = emulated.made(f"/zones/{ZONE}/healthchecks", {"name": "prod", "address": "a.example.com", "type": "HTTPS"})
    assert check["http_config"]["port"] == 443
    policy = {
        "name": "n",
        "alert_type": "health_check_status_notification",
        "enabled": True,
        "mechanisms": {"email": [{"id": "a@example.com"}]},
        "filters": {"health_check_id": [check["id"]]},
    }
    policies = f"/accounts/{ACCOUNT}/alerting/v3/policies"
    made = emulated.made(policies, policy)
    assert set(made) == {"id"}
    assert emulated.call("GET", f"{policies}/{made['id']}").json["result"]["name"] == "n"
    assert emulated.call("POST", policies, {**policy, "filters": {"health_check_id": [OTHER_ID]}}).status == 400
    assert emulated.call("POST", policies, {**policy, "mechanisms": {}}).status == 400
    access = emulated.made(
        f"/accounts/{ACCOUNT}/access/policies", {"name": "p", "decision": "allow", "include": [{"everyone": {}}]}
    )
    apps = f"/accounts/{ACCOUNT}/access/apps"
    app = {"name": "admin", "type": "self_hosted", "domain": f"admin.{DOMAIN}", "policies": [{"id": access["id"]}]}
    assert emulated.made(apps, app)["policies"][0]["decision"] == "allow"
    assert emulated.call("POST", apps, {**app, "policies": [{"id": OTHER_ID}]}).status == 400
    assert emulated.call("POST", apps, {**app, "domain": "admin.example.com"}).status == 400


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/zones/{OTHER_ID}/dns_records", 400, 1001),
        (f"/accounts/{OTHER_ID}/access/apps", 403, 10000),
        (f"/zones/{DOMAIN}/dns_records", 400, 7003),
        ("/zones//dns_records", 400, 7003),
        (f"/zones/{ZONE}/dns_record", 400, 7003),
        (f"/zones/{ZONE}/dns_records/{OTHER_ID}", 404, 81044),
        (f"/zones/{ZONE}/healthchecks/{OTHER_ID}", 404, 1002),
        (f"/zones/{ZONE}/rulesets/{OTHER_ID}", 404, 20004),
        (f"/zones/{ZONE}/rulesets/phases/http_ratelimit/entrypoint", 404, 10003),
    ],
)
def test_what_is_not_there_is_told_apart(emulated: Emulated, path: str, status: int, code: int) -> None:
    answer = emulated.call("GET", path)
    assert (answer.status, answer.error["code"]) == (status, code)


def test_a_method_that_a_path_does_not_take_is_405(emulated: Emulated) -> None:
    assert emulated.call("DELETE", RECORDS).status == 405


def test_a_body_that_is_no_json_is_refused(emulated: Emulated) -> None:
    assert emulated.call("POST", RECORDS, b"{").error["message"] == "Malformed JSON in request body"
    assert emulated.call("POST", RECORDS, b"[]").error["code"] == 9207


def test_answers_tell_the_rate_limit(emulated: Emulated) -> None:
    headers = emulated.call("GET", RECORDS).headers
    assert headers["Ratelimit-Policy"] == "default;q=1200;w=300"
    assert headers["Server"] == "cloudflare"


def test_the_sdk_is_refused_in_its_own_terms(emulated: Emulated) -> None:
    stranger = Cloudflare(api_token=TOKEN, base_url=f"{emulated.url}/client/v4", max_retries=0)
    emulated.control("PUT", "token", {"secret": "s" * 40})
    with pytest.raises(cloudflare.PermissionDeniedError, match="Authentication error"):
        stranger.zones.get(zone_id=ZONE)
    with pytest.raises(cloudflare.AuthenticationError, match="Invalid API Token"):
        stranger.user.tokens.verify()
