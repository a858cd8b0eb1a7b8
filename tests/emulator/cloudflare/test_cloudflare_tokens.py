"""Tokens of the emulated API: authentication, permissions, and how a token reads them."""

from typing import Any

import pytest
from cloudflare import Cloudflare

from tests.emulator.cloudflare.emulated import ACCOUNT, TOKEN, ZONE, Emulated

RECORDS = f"/zones/{ZONE}/dns_records"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 9106),
        ({"Authorization": TOKEN}, 6003),
        ({"Authorization": "Bearer short"}, 6003),
        ({"Authorization": f"Basic {TOKEN}"}, 6003),
    ],
)
def test_a_call_without_a_token_of_the_right_form_is_refused(
    emulated: Emulated, headers: dict[str, str], code: int
) -> None:
    answer = emulated.ask("GET", f"/client/v4{RECORDS}", **headers)
    assert (answer.status, answer.error["code"]) == (400, code)


def test_a_token_learns_that_it_is_valid(sdk: Cloudflare, emulated: Emulated) -> None:
    verified = sdk.user.tokens.verify()
    assert verified is not None
    assert verified.status == "active"
    assert emulated.call("GET", f"/accounts/{ACCOUNT}/tokens/verify").status == 401


def test_a_token_that_the_account_owns_is_known_there_alone(emulated: Emulated, request: pytest.FixtureRequest) -> None:
    request.addfinalizer(lambda: emulated.control("PUT", "token", {"owner": "user"}))
    emulated.control("PUT", "token", {"owner": "account"})
    refused = emulated.call("GET", "/user/tokens/verify")
    assert (refused.status, refused.error["code"]) == (401, 1000)
    answer = emulated.call("GET", f"/accounts/{ACCOUNT}/tokens/verify").json
    token = answer["result"]["id"]
    assert emulated.call("GET", f"/accounts/{ACCOUNT}/tokens/{token}").json["result"]["status"] == "active"
    assert answer["messages"] == [{"code": 10000, "message": "This API Token is valid and active", "type": None}]


@pytest.mark.parametrize("status", ["disabled", "expired"])
def test_a_token_that_is_no_longer_valid_learns_that_and_nothing_else(emulated: Emulated, status: str) -> None:
    emulated.control("PUT", "token", {"status": status})
    assert emulated.call("GET", "/user/tokens/verify").json["result"]["status"] == status
    assert emulated.call("GET", RECORDS).status == 403


def test_a_token_may_do_what_its_permissions_say(emulated: Emulated) -> None:
    emulated.control("PUT", "token", {"permissions": ["DNS Read", "Zone WAF Write"]})
    body = {"name": "www", "type": "CNAME", "content": "lb.example.com", "ttl": 1}
    assert emulated.call("GET", RECORDS).status == 200
    assert emulated.call("POST", RECORDS, body).status == 403
    assert emulated.call("GET", f"/zones/{ZONE}/settings/ssl").status == 403
    rule = {"expression": "true", "action": "block"}
    rulesets = {"name": "r", "kind": "zone", "phase": "http_request_firewall_custom", "rules": [rule]}
    assert emulated.call("POST", f"/zones/{ZONE}/rulesets", rulesets).status == 200
    cache = {"name": "r", "kind": "zone", "phase": "http_request_cache_settings"}
    assert emulated.call("POST", f"/zones/{ZONE}/rulesets", cache).status == 403
    assert emulated.call("GET", f"/zones/{ZONE}/rulesets/phases/{cache['phase']}/entrypoint").status == 403


def test_a_token_with_the_permission_reads_its_own_policies(sdk: Cloudflare, emulated: Emulated) -> None:
    verified = sdk.user.tokens.verify()
    assert verified is not None
    emulated.control("PUT", "token", {"permissions": ["API Tokens Read", "DNS Write"]})
    token = sdk.user.tokens.get(verified.id)
    assert token is not None
    groups = [group.name for policy in token.policies or [] for group in policy.permission_groups]
    assert sorted(map(str, groups)) == ["API Tokens Read", "DNS Write"]
    emulated.control("PUT", "token", {"permissions": ["DNS Write"]})
    assert emulated.call("GET", f"/user/tokens/{verified.id}").status == 403


def test_permission_groups_are_found_by_name(sdk: Cloudflare) -> None:
    (group,) = sdk.user.tokens.permission_groups.list(name="DNS Write")
    assert group.scopes == ["com.cloudflare.api.account.zone"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"permissions": ["DNS"]}, "permission 'DNS': want some of API Tokens Read"),
        ({"status": "dead"}, "status 'dead': want one of active, disabled, expired"),
    ],
)
def test_a_mistake_about_the_token_is_answered_in_one_line(emulated: Emulated, told: Any, said: str) -> None:
    answer = emulated.ask("PUT", "/_sandbox/token", told)
    assert answer.status == 400
    assert answer.json["error"].startswith(said)
