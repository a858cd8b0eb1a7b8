"""The Cloudflare plugin against the emulated Cloudflare, called as the engine calls it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.origin_pull import origin_pull
from sandbox.plugins.cloudflare import properties
from sandbox.plugins.cloudflare.client import ApiError, Client
from sandbox.plugins.cloudflare.kinds import KINDS
from sandbox.plugins.cloudflare.properties import Secret, bare
from sandbox.plugins.cloudflare.provider import CloudflareProvider
from tests.emulator.cloudflare.emulated import ACCOUNT, DOMAIN, OTHER_ID, TOKEN, ZONE, Emulated

TOKENS = {kind.type: kind.token for kind in KINDS.values()}
RULE = {"ref": "a", "description": "why", "expression": "true", "enabled": True}
CERTIFICATE, KEY = origin_pull().certificate, origin_pull().key

RESOURCES: dict[str, dict[str, Any]] = {
    "DnsRecord": {
        "zoneId": ZONE,
        "name": f"www.{DOMAIN}",
        "type": "CNAME",
        "content": "lb.example.com",
        "ttl": 1,
        "proxied": True,
        "comment": "why",
    },
    "ZoneSetting": {
        "zoneId": ZONE,
        "settingId": "security_header",
        "value": {"strict_transport_security": {"enabled": True, "max_age": 31_536_000, "include_subdomains": True}},
    },
    "ZoneDnssec": {"zoneId": ZONE, "status": "active"},
    "AuthenticatedOriginPullsCertificate": {"zoneId": ZONE, "certificate": CERTIFICATE, "privateKey": Secret(KEY)},
    "AuthenticatedOriginPullsSettings": {"zoneId": ZONE, "enabled": True},
    "Ruleset": {
        "zoneId": ZONE,
        "name": "cache",
        "kind": "zone",
        "phase": "http_request_cache_settings",
        "rules": [
            {
                **RULE,
                "action": "set_cache_settings",
                "actionParameters": {
                    "cache": True,
                    "edgeTtl": {
                        "mode": "override_origin",
                        "default": 3600,
                        "statusCodeTtls": [{"statusCodeRange": {"from": 400, "to": 599}, "value": 0}],
                    },
                },
            }
        ],
    },
    "Healthcheck": {
        "zoneId": ZONE,
        "name": "prod",
        "address": f"origin-prod.{DOMAIN}",
        "type": "HTTPS",
        "checkRegions": ["WEU"],
        "httpConfig": {"path": "/api/health", "port": 443, "header": {"Host": ["x.example.com"]}},
    },
    "NotificationPolicy": {
        "accountId": ACCOUNT,
        "name": "n",
        "alertType": "universal_ssl_event_type",
        "mechanisms": {"emails": [{"id": "a@example.com"}]},
        "filters": {"zones": [ZONE]},
    },
    "ZeroTrustAccessPolicy": {
        "accountId": ACCOUNT,
        "name": "p",
        "decision": "allow",
        "includes": [
            {"email": {"email": "a@example.com"}},
            {"githubOrganization": {"name": "x", "identityProviderId": "y"}},
        ],
    },
    "ZeroTrustAccessApplication": {
        "accountId": ACCOUNT,
        "name": "admin",
        "type": "self_hosted",
        "domain": f"admin.{DOMAIN}",
        "sessionDuration": "8h",
        "sameSiteCookieAttribute": "lax",
    },
}
CHANGES: dict[str, tuple[str, Any]] = {
    "DnsRecord": ("content", "other.example.com"),
    "ZoneSetting": ("value", {"strict_transport_security": {"enabled": False}}),
    "ZoneDnssec": ("status", "disabled"),
    "AuthenticatedOriginPullsSettings": ("enabled", False),
    "Ruleset": ("name", "other"),
    "Healthcheck": ("interval", 30),
    "NotificationPolicy": ("enabled", False),
    "ZeroTrustAccessPolicy": ("sessionDuration", "1h"),
    "ZeroTrustAccessApplication": ("appLauncherVisible", False),
}
OTHERS = [name for name in RESOURCES if name != "AuthenticatedOriginPullsCertificate"]


class AbortedError(Exception):
    """What a call ended with."""


class Context:
    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise AbortedError(details)


@dataclass
class Engine:
    """Calls the plugin about one resource, and keeps its state."""

    provider: CloudflareProvider
    type: str
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    def _call(self, method: str, **values: Any) -> Any:
        request = getattr(provider_pb2, f"{method}Request")(
            urn=f"urn:pulumi:edge::askproai::askproai:edge:Part${TOKENS[self.type]}::thing",
            **{name: properties.write(v) if isinstance(v, dict) else v for name, v in values.items()},
        )
        return getattr(self.provider, method)(request, Context())

    def create(self, inputs: dict[str, Any]) -> "Engine":
        checked = self._call("Check", news=inputs)
        assert list(checked.failures) == []
        answer = self._call("Create", properties=inputs)
        self.id, self.inputs, self.state = answer.id, inputs, properties.read(answer.properties)
        return self

    def diff(self, news: dict[str, Any]) -> Any:
        return self._call("Diff", id=self.id, olds=self.state, old_inputs=self.inputs, news=news)

    def update(self, news: dict[str, Any]) -> None:
        answer = self._call("Update", id=self.id, olds=self.state, old_inputs=self.inputs, news=news)
        self.inputs, self.state = news, properties.read(answer.properties)

    def refresh(self) -> bool:
        """Whether the thing is still there."""
        answer = self._call("Read", id=self.id, inputs=self.inputs, properties=self.state)
        self.id = answer.id
        self.inputs, self.state = properties.read(answer.inputs), properties.read(answer.properties)
        return bool(answer.id)

    def adopt(self, key: str) -> None:
        answer = self._call("Read", id=key)
        self.id = answer.id
        self.inputs, self.state = properties.read(answer.inputs), properties.read(answer.properties)

    def delete(self) -> None:
        self._call("Delete", id=self.id, properties=self.state, old_inputs=self.inputs)


@pytest.fixture
def provider(emulated: Emulated) -> CloudflareProvider:
    provider = CloudflareProvider("6.0.0")
    args = {"apiToken": Secret(TOKEN), "baseUrl": f"{emulated.url}/client/v4"}
    provider.Configure(provider_pb2.ConfigureRequest(args=properties.write(args)), Context())  # type: ignore[arg-type] a fake
    return provider


def changes(answer: Any) -> dict[str, str]:
    kinds = provider_pb2.PropertyDiff.Kind
    return {path: kinds.Name(difference.kind) for path, difference in answer.detailedDiff.items()}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_reads_back_as_it_was_declared(provider: CloudflareProvider, name: str) -> None:
    engine = Engine(provider, name).create(RESOURCES[name])
    state = engine.state
    assert engine.refresh()
    assert engine.inputs == RESOURCES[name]
    assert engine.state == state
    assert changes(engine.diff(RESOURCES[name])) == {}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_deleted_resource_is_gone_and_may_be_deleted_again(provider: CloudflareProvider, name: str) -> None:
    engine = Engine(provider, name).create(RESOURCES[name])
    engine.delete()
    engine.delete()
    kind = KINDS[TOKENS[name]]
    assert engine.refresh() is (kind.forgotten or name == "ZoneDnssec")


@pytest.mark.parametrize("name", OTHERS)
def test_a_change_is_made_in_place_and_read_back(provider: CloudflareProvider, name: str) -> None:
    engine = Engine(provider, name).create(RESOURCES[name])
    key, value = CHANGES[name]
    news = {**RESOURCES[name], key: value}
    answer = engine.diff(news)
    assert list(answer.diffs) == [key]
    assert list(answer.replaces) == []
    engine.update(news)
    before = engine.id
    engine.refresh()
    assert (engine.id, engine.inputs) == (before, news)
    assert changes(engine.diff(news)) == {}


@pytest.mark.parametrize("name", OTHERS)
def test_a_resource_is_imported_by_the_id_its_documentation_names(provider: CloudflareProvider, name: str) -> None:
    inputs = RESOURCES[name]
    made = Engine(provider, name).create(inputs)
    kind = KINDS[TOKENS[name]]
    folder = {"Ruleset": f"zones/{ZONE}", "ZeroTrustAccessApplication": f"accounts/{ACCOUNT}"}.get(name)
    owner = folder or inputs[kind.owners[0]]
    adopted = Engine(provider, name)
    adopted.adopt(owner if kind.single and not kind.own_id else f"{owner}/{made.id}")
    assert adopted.id == made.id
    # DNSSEC was asked to be active, and is pending.
    assert changes(adopted.diff(inputs)) == ({"status": "UPDATE"} if name == "ZoneDnssec" else {})


@pytest.mark.parametrize("key", ["", ZONE, f"{ZONE}/", f"zones/{ZONE}/{OTHER_ID}"])
def test_an_id_of_another_form_cannot_be_imported(provider: CloudflareProvider, key: str) -> None:
    with pytest.raises(AbortedError, match=r"DnsRecord thing: the id to import .* is not of the form <zone_id>/<id>"):
        Engine(provider, "DnsRecord").adopt(key)


def test_what_is_gone_cannot_be_imported(provider: CloudflareProvider) -> None:
    engine = Engine(provider, "DnsRecord")
    engine.adopt(f"{ZONE}/{OTHER_ID}")
    assert engine.id == ""


def test_a_changed_value_shows_as_drift_and_is_put_back(provider: CloudflareProvider, emulated: Emulated) -> None:
    inputs = RESOURCES["DnsRecord"]
    engine = Engine(provider, "DnsRecord").create(inputs)
    place = f"/zones/{ZONE}/dns_records/{engine.id}"
    emulated.made(place, {"content": "evil.example.com", "tags": ["a:b"], "comment": ""}, "PATCH")
    engine.refresh()
    assert engine.state["content"] == "evil.example.com"
    assert changes(engine.diff(inputs)) == {"content": "UPDATE", "comment": "UPDATE", "tags[0]": "DELETE"}
    engine.update(inputs)
    record = emulated.call("GET", place).json["result"]
    assert (record["content"], record["comment"], record["tags"]) == ("lb.example.com", "why", [])


def test_a_rule_that_somebody_added_or_took_away_shows_as_drift(
    provider: CloudflareProvider, emulated: Emulated
) -> None:
    inputs = {**RESOURCES["Ruleset"], "phase": "http_request_firewall_custom", "rules": [{**RULE, "action": "block"}]}
    engine = Engine(provider, "Ruleset").create(inputs)
    place = f"/zones/{ZONE}/rulesets/{engine.id}"
    emulated.made(place, {"rules": [{**RULE, "action": "block"}, {"expression": "true", "action": "log"}]}, "PUT")
    engine.refresh()
    assert changes(engine.diff(inputs)) == {"rules[1]": "DELETE"}
    emulated.made(place, {"rules": []}, "PUT")
    engine.refresh()
    assert changes(engine.diff(inputs)) == {"rules[0]": "ADD"}


def test_a_name_that_cloudflare_completes_is_no_drift(provider: CloudflareProvider) -> None:
    for name, content in (("@", "a.example.com"), ("WWW", "B.example.com.")):
        inputs = {**RESOURCES["DnsRecord"], "name": name, "content": content}
        engine = Engine(provider, "DnsRecord").create(inputs)
        engine.refresh()
        assert changes(engine.diff(inputs)) == {}


def test_a_certificate_is_made_anew_and_its_key_stays_secret(provider: CloudflareProvider) -> None:
    inputs = RESOURCES["AuthenticatedOriginPullsCertificate"]
    engine = Engine(provider, "AuthenticatedOriginPullsCertificate").create({**inputs, "privateKey": KEY})
    assert engine.state["privateKey"] == Secret(KEY)
    engine.refresh()
    assert engine.state["privateKey"] == Secret(KEY)
    answer = engine.diff({**inputs, "certificate": "other"})
    assert changes(answer) == {"certificate": "UPDATE_REPLACE"}
    assert list(answer.replaces) == ["certificate"]
    assert not answer.deleteBeforeReplace


def test_a_secret_value_stays_secret_when_it_drifts(provider: CloudflareProvider, emulated: Emulated) -> None:
    inputs = {**RESOURCES["DnsRecord"], "content": Secret("lb.example.com")}
    engine = Engine(provider, "DnsRecord").create(inputs)
    assert engine.state["content"] == Secret("lb.example.com")
    emulated.made(f"/zones/{ZONE}/dns_records/{engine.id}", {"content": "other.example.com"}, "PATCH")
    engine.refresh()
    assert engine.state["content"] == engine.inputs["content"] == Secret("other.example.com")


def test_a_refusal_names_the_resource_the_call_and_cloudflares_code(provider: CloudflareProvider) -> None:
    Engine(provider, "DnsRecord").create(RESOURCES["DnsRecord"])
    with pytest.raises(AbortedError) as caught:
        Engine(provider, "DnsRecord").create(RESOURCES["DnsRecord"])
    assert str(caught.value) == (
        f"DnsRecord thing: POST /zones/{ZONE}/dns_records: 400 Bad Request: An identical record already exists. (81058)"
    )


def flip(provider: CloudflareProvider, engines: list[Engine], target: str) -> list[str | None]:
    """Change all records at once, as the engine does; the error of each."""

    def one(engine: Engine) -> str | None:
        try:
            engine.update({**engine.inputs, "content": target})
        except AbortedError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(len(engines)) as pool:
        return list(pool.map(one, engines))


@pytest.fixture
def live(provider: CloudflareProvider, emulated: Emulated) -> list[Engine]:
    """Six records, as the edge has them."""
    made = [
        Engine(provider, "DnsRecord").create({**RESOURCES["DnsRecord"], "name": f"host-{number}.{DOMAIN}"})
        for number in range(6)
    ]
    emulated.control("DELETE", "calls")
    return made


def calls(emulated: Emulated) -> dict[str, int]:
    return emulated.control("GET", "calls")["PUT /zones/{zone_id}/dns_records/{dns_record_id}"]


def test_records_change_at_once_with_a_call_each(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    assert flip(provider, live, "dr.example.com") == [None] * 6
    assert calls(emulated) == {"all": 6, "faulted": 0}


def test_a_rate_limit_makes_all_wait_as_long_as_it_says(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    emulated.control("PUT", "faults", {"mode": "429", "count": 6, "retry_after": 2})
    started = time.monotonic()
    assert flip(provider, live, "dr.example.com") == [None] * 6
    assert time.monotonic() - started >= 2
    assert calls(emulated) == {"all": 12, "faulted": 6}


def test_a_rate_limit_longer_than_a_minute_is_an_error_at_once(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    emulated.control("PUT", "faults", {"mode": "429", "retry_after": 300})
    errors = flip(provider, live[:1], "dr.example.com")
    assert "429 Too Many Requests: More than 1200 requests" in str(errors[0])
    assert "it asks to wait 300 s" in str(errors[0])
    assert calls(emulated) == {"all": 1, "faulted": 1}


def test_an_error_that_passes_does_not_show(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    emulated.control("PUT", "faults", {"mode": "5xx", "count": 2})
    assert flip(provider, live[:1], "dr.example.com") == [None]
    assert calls(emulated) == {"all": 3, "faulted": 2}


def test_an_error_half_way_leaves_a_state_that_says_which_records_changed(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    emulated.control("PUT", "faults", {"mode": "5xx", "skip": 3})
    errors = flip(provider, live, "dr.example.com")
    assert sorted(error is None for error in errors) == [False] * 3 + [True] * 3
    assert all("502 Bad Gateway after 3 tries" in error for error in errors if error)
    assert calls(emulated) == {"all": 12, "faulted": 9}
    emulated.control("DELETE", "faults")
    for engine, error in zip(live, errors, strict=True):
        actual = emulated.call("GET", f"/zones/{ZONE}/dns_records/{engine.id}").json["result"]["content"]
        assert actual == bare(engine.state["content"]) == ("lb.example.com" if error else "dr.example.com")


def test_a_change_without_effect_shows_at_the_next_read(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    emulated.control("PUT", "faults", {"mode": "ignore"})
    assert flip(provider, live[:1], "dr.example.com") == [None]
    emulated.control("DELETE", "faults")
    live[0].refresh()
    assert live[0].state["content"] == "lb.example.com"


def test_a_call_that_is_never_answered_is_given_up(emulated: Emulated) -> None:
    emulated.control("PUT", "faults", {"mode": "hang"})
    impatient = Client(f"{emulated.url}/client/v4", TOKEN, "test", answer_seconds=0.2)
    with pytest.raises(ApiError, match=r"GET /zones/\w+: no answer from 127.0.0.1:\d+, 3 times: timed out"):
        impatient.call("GET", f"/zones/{ZONE}")
    assert emulated.control("GET", "calls")["GET /zones/{zone_id}"] == {"all": 3, "faulted": 3}


def test_no_answer_shows_the_token(provider: CloudflareProvider, emulated: Emulated, live: list[Engine]) -> None:
    emulated.control("PUT", "token", {"permissions": []})
    (error,) = flip(provider, live[:1], "dr.example.com")
    assert "403 Forbidden: Authentication error (10000)" in str(error)
    assert TOKEN not in json.dumps(error)
