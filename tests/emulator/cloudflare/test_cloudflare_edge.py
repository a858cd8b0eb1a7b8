"""The emulated edge: routing of visitors' requests, and Cloudflare's own responses."""

import json
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ops.core.cloudflare import BASE_URL_VARIABLE
from ops.core.session import Session
from ops.dr import closing
from sandbox.cloudflare.edge import Edge, Visit
from sandbox.cloudflare.server import Application
from sandbox.cloudflare.store import Store
from tests.emulator.cloudflare.emulated import ACCOUNT, DOMAIN, TOKEN, ZONE, Answer, Emulated
from tests.emulator.emulated import PATIENCE_SECONDS

ORIGIN = "prod-lb.example.com"


@pytest.fixture
def visit(emulated: Emulated) -> Callable[..., Answer]:
    """A visitor's request: `visit("www", "/path")`; the answer is not followed."""

    def send(name: str, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        connection = HTTPConnection(emulated.url.removeprefix("http://"), timeout=PATIENCE_SECONDS)
        connection.request(method, path, body, {"Host": f"{name}.{DOMAIN}" if name else DOMAIN, **headers})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return Answer(answer.status, answer.headers, text)

    return send


def ruleset(emulated: Emulated, phase: str, *rules: dict[str, Any]) -> None:
    body = {"name": "own", "kind": "zone", "phase": phase, "rules": list(rules)}
    emulated.made(f"/zones/{ZONE}/rulesets", body)


def test_a_visitor_reaches_the_origin_that_the_record_names(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    emulated.record("api", content=ORIGIN)
    answer = visit("api", "/a?b=1", "POST", b'{"id": 1}', **{"Content-Type": "application/json", "X-Mine": "yes"})
    told = answer.json
    assert answer.status == 201
    assert (told["method"], told["target"], told["body"]) == ("POST", "/a?b=1", '{"id": 1}')
    headers = told["headers"]
    assert headers["x-sandbox-origin"] == ORIGIN
    assert headers["host"] == f"api.{DOMAIN}"
    assert (headers["x-mine"], headers["x-forwarded-proto"], told["type"]) == ("yes", "https", "application/json")
    assert headers["cf-ray"] == answer.headers["CF-Ray"]
    assert (answer.headers["Server"], answer.headers["X-Application"]) == ("cloudflare", "yes")


def test_a_changed_record_leads_elsewhere_at_once(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    record = emulated.record("@", content=ORIGIN)
    assert visit("").json["headers"]["x-sandbox-origin"] == ORIGIN
    emulated.made(f"/zones/{ZONE}/dns_records/{record['id']}", {"content": "dr-lb.example.com"}, "PATCH")
    assert visit("").json["headers"]["x-sandbox-origin"] == "dr-lb.example.com"


def test_a_name_that_leads_to_another_of_the_zone_follows_it(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    apex = emulated.record("@", content=ORIGIN)
    emulated.record("www", content=DOMAIN)
    emulated.record("app", content=f"www.{DOMAIN}")
    assert visit("app").json["headers"]["x-sandbox-origin"] == ORIGIN
    assert visit("app").json["headers"]["host"] == f"app.{DOMAIN}"
    emulated.made(f"/zones/{ZONE}/dns_records/{apex['id']}", {"content": "dr-lb.example.com"}, "PATCH")
    assert {visit(name).json["headers"]["x-sandbox-origin"] for name in ("", "www", "app")} == {"dr-lb.example.com"}


def test_names_that_lead_to_each_other_lead_nowhere(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    emulated.record("www", content=f"app.{DOMAIN}")
    emulated.record("app", content=f"www.{DOMAIN}")
    assert visit("app").status == 530


def test_a_visitor_brings_no_origin_of_its_own(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    emulated.record("api", content=ORIGIN)
    assert visit("api", **{"X-Sandbox-Origin": "evil"}).json["headers"]["x-sandbox-origin"] == ORIGIN


def test_a_wildcard_serves_what_has_no_record_of_its_own(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    emulated.record("*", content=ORIGIN)
    assert visit("anything").status == 201


@pytest.mark.parametrize("values", [None, {"proxied": False, "ttl": 300}])
def test_a_host_that_cloudflare_does_not_serve_is_a_dns_error(
    emulated: Emulated, visit: Callable[..., Answer], values: dict[str, Any] | None
) -> None:
    if values:
        emulated.record("api", **values)
    answer = visit("api")
    assert answer.status == 530
    assert "Error 1001: DNS resolution error" in answer.text
    assert answer.headers["Server"] == "cloudflare"


def test_an_origin_that_drops_its_callers_is_a_timed_out_connection(
    emulated: Emulated, visit: Callable[..., Answer]
) -> None:
    emulated.record("api", content="dead-lb.example.com")
    answer = visit("api")
    assert (answer.status, "Error 522" in answer.text) == (522, True)


def test_without_an_application_server_origins_are_down() -> None:
    store = Store(ACCOUNT, {ZONE: DOMAIN})
    record = {"name": DOMAIN, "type": "CNAME", "content": ORIGIN, "proxied": True}
    store.collection(f"/zones/{ZONE}/dns_records")["1"] = record
    visit = Visit("GET", DOMAIN, "/", "", {}, b"", "127.0.0.1")
    assert Edge(store, lambda: None).visit(visit, "ray").status == "521 Web Server Is Down"
    assert Edge(store, lambda: "http://127.0.0.1:1").visit(visit, "ray").status == "521 Web Server Is Down"


def test_the_application_is_where_its_record_says_now(tmp_path: Path) -> None:
    record = tmp_path / "application.json"
    application = Application(None, record)
    assert application() is None
    record.write_text(json.dumps({"port": 4700}))
    assert application() == "http://127.0.0.1:4700"


def test_www_is_redirected_with_path_and_query(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    emulated.record("www")
    target = {"expression": f'concat("https://{DOMAIN}", http.request.uri.path)'}
    told = {"status_code": 301, "preserve_query_string": True, "target_url": target}
    rule = {"ref": "www", "expression": f'http.host eq "www.{DOMAIN}"', "action": "redirect"}
    ruleset(emulated, "http_request_dynamic_redirect", {**rule, "action_parameters": {"from_value": told}})
    answer = visit("www", "/a/b?c=d")
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{DOMAIN}/a/b?c=d")


def test_names_that_are_closed_answer_visitors_until_they_are_opened(
    emulated: Emulated, visit: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    emulated.record("app", content=ORIGIN)
    ruleset(emulated, closing.PHASE, {"ref": "own", "expression": 'http.request.uri.path eq "/own"', "action": "block"})
    pair = SimpleNamespace(edge=SimpleNamespace(zone_id=ZONE, token=TOKEN), domain=DOMAIN)
    session = cast(Session, SimpleNamespace(pair=pair))
    monkeypatch.setenv(BASE_URL_VARIABLE, f"{emulated.url}/client/v4")
    closing._put(session, closing._rule(DOMAIN))
    answer = visit("app", "/own")
    assert (answer.status, answer.text) == (closing.STATUS, closing.MESSAGE)
    closing._put(session, None)
    assert visit("app").json["headers"]["x-sandbox-origin"] == ORIGIN
    assert visit("app", "/own").status == 403


def test_a_rule_of_ours_blocks_what_matches(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    emulated.record("origin-prod")
    health = 'http.request.uri.path eq "/api/health" or starts_with(http.request.uri.path, "/api/health/")'
    expression = f'http.host in {{"origin-prod.{DOMAIN}" "origin-dr.{DOMAIN}"}} and not ({health})'
    ruleset(emulated, "http_request_firewall_custom", {"ref": "o", "expression": expression, "action": "block"})
    assert visit("origin-prod", "/api/health").status == 201
    assert visit("origin-prod", "/api/health/database").status == 201
    answer = visit("origin-prod", "/api/healthy")
    assert (answer.status, "Error 1020: Access denied (o)" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("scope", "blocks", "passed_on"),
    [("none", False, "/x/../%61dmin//?a=//b"), ("incoming", True, ""), ("both", True, "")],
)
def test_rules_see_a_path_in_its_normal_form(
    emulated: Emulated, visit: Callable[..., Answer], scope: str, blocks: bool, passed_on: str
) -> None:
    emulated.record("app")
    expression = 'starts_with(http.request.uri.path, "/admin")'
    ruleset(emulated, "http_request_firewall_custom", {"ref": "a", "expression": expression, "action": "block"})
    emulated.made(f"/zones/{ZONE}/url_normalization", {"type": "cloudflare", "scope": scope}, "PUT")
    answer = visit("app", "/x/../%61dmin//?a=//b")
    assert (answer.status == 403) is blocks
    assert blocks or answer.json["raw"] == passed_on


@pytest.mark.parametrize(("scope", "passed_on"), [("incoming", "/x/../%61bout//?a=//b"), ("both", "/about/?a=//b")])
def test_the_origin_gets_the_normal_form_where_that_is_asked_for(
    emulated: Emulated, visit: Callable[..., Answer], scope: str, passed_on: str
) -> None:
    emulated.record("app")
    emulated.made(f"/zones/{ZONE}/url_normalization", {"type": "cloudflare", "scope": scope}, "PUT")
    assert visit("app", "/x/../%61bout//?a=//b").json["raw"] == passed_on


def test_the_first_custom_error_that_matches_takes_the_place_of_an_error(
    emulated: Emulated, visit: Callable[..., Answer]
) -> None:
    emulated.record("api", content="broken.example.com")
    emulated.record("app", content="dead.example.com")
    answer = {"content": '{"message": "later"}', "content_type": "application/json"}
    unavailable = "http.response.code in {503 522}"
    ruleset(
        emulated,
        "http_custom_errors",
        {"action": "serve_error", "expression": f'{unavailable} and http.request.uri.path eq "/mine"',
         "action_parameters": answer},
        {"action": "serve_error", "expression": unavailable,
         "action_parameters": {"content": "<p>later</p>", "content_type": "text/html"}},
    )  # fmt: skip
    api = visit("api", "/mine")
    assert (api.status, api.json, api.headers["Content-Type"]) == (503, {"message": "later"}, "application/json")
    assert (visit("app").status, visit("app").text, visit("app").headers["Content-Type"]) == (
        522, "<p>later</p>", "text/html",
    )  # fmt: skip
    emulated.record("www", content=ORIGIN)
    assert visit("www").status == 201


def test_a_rule_that_is_off_does_nothing(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    emulated.record("api")
    rule = {"ref": "o", "expression": "true", "action": "block", "enabled": False}
    ruleset(emulated, "http_request_firewall_custom", rule)
    assert visit("api").status == 201


def test_a_rule_that_cannot_be_evaluated_is_left_out_and_named(
    emulated: Emulated, visit: Callable[..., Answer]
) -> None:
    emulated.record("api")
    rule = {"ref": "bots", "expression": 'http.referer eq "x"', "action": "block"}
    ruleset(emulated, "http_request_firewall_custom", rule)
    assert visit("api").status == 201
    left_out = emulated.control("GET", "rules")["left_out"]
    assert "http_request_firewall_custom bots: the field http.referer" in left_out


def test_access_stands_before_what_it_guards(emulated: Emulated, visit: Callable[..., Answer]) -> None:
    emulated.record("admin")
    access, email = f"/accounts/{ACCOUNT}/access", f"a@{DOMAIN}"
    policy = {"name": "operators", "decision": "allow", "include": [{"email": {"email": email}}]}
    link = {"id": emulated.made(f"{access}/policies", policy)["id"], "precedence": 1}
    for name in ("admin", "monitoring"):
        app = {"name": name, "type": "self_hosted", "domain": f"{name}.{DOMAIN}", "policies": [link]}
        emulated.made(f"{access}/apps", app)
    answer = visit("admin", "/x")
    assert answer.status == 302
    assert answer.headers["Location"].startswith("https://sandbox.cloudflareaccess.com/cdn-cgi/access/login/admin.")
    refused = emulated.ask("POST", "/_sandbox/logins", {"host": f"admin.{DOMAIN}", "email": f"b@{DOMAIN}"})
    assert (refused.status, "lets it in" in refused.text) == (400, True)
    ours, others = (
        emulated.control("POST", "logins", {"host": f"{name}.{DOMAIN}", "email": email})["token"]
        for name in ("admin", "monitoring")
    )
    for token, status in ((ours, 201), (others, 302), ("token", 302)):
        assert visit("admin", "/x", Cookie=f"a=b; CF_Authorization={token}").status == status
        assert visit("admin", "/x", **{"cf-access-token": token}).status == status
