"""The emulated API: through Cloudflare's own SDK if it has the call, over HTTP if the response itself matters."""

import cloudflare
import pytest
from cloudflare import Cloudflare

from sandbox.cloudflare.store import Store
from tests.emulator.cloudflare.emulated import ACCOUNT, DOMAIN, OTHER_ID, TOKEN, ZONE, Emulated

RECORDS = f"/zones/{ZONE}/dns_records"


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
