"""The Cloudflare plugin against the emulated Cloudflare, called as the engine calls it."""

from contextlib import nullcontext
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from components.edge.mail import mail_records
from sandbox.plugins.cloudflare.kinds import KINDS
from sandbox.plugins.cloudflare.properties import Secret
from sandbox.plugins.cloudflare.provider import CloudflareProvider
from settings import MailSettings
from tests.emulator.cloudflare.emulated import ACCOUNT, DOMAIN, OTHER_ID, ZONE, Emulated
from tests.emulator.cloudflare.engine import CHANGES, KEY, OTHERS, RESOURCES, RULE, TOKENS, AbortedError, Engine

MAIL = MailSettings(
    exchangers={"mx1.mail.example": 10, "mx2.mail.example": 20},
    senders=["include:_spf.mail.example"],
    dkim={"mail1": f"v=DKIM1; k=rsa; p={'A' * 392}", "ses1": "ses1.dkim.amazonses.com"},
    dmarc_policy="quarantine",
    dmarc_reports="postmaster@example.com",
)
IMPORTED_DNSSEC = {"status": "UPDATE", "dnssecMultiSigner": "DELETE", "dnssecPresigned": "DELETE"}
"""As terraform-provider-cloudflare 5 shows it: its own tests of the type demand a plan that is not empty."""


def changes(answer: Any) -> dict[str, str]:
    kinds = provider_pb2.PropertyDiff.Kind
    return {path: kinds.Name(difference.kind) for path, difference in answer.detailedDiff.items()}


SETTLED = [name for name in RESOURCES if name not in ("ZoneDnssec", "AuthenticatedOriginPullsCertificate")]
"""DNSSEC waits for the registrar, and a certificate until it is deployed."""


@pytest.mark.parametrize("name", SETTLED)
def test_a_resource_reads_back_as_it_was_declared(provider: CloudflareProvider, name: str) -> None:
    engine = Engine(provider, name).create(RESOURCES[name])
    state = engine.state
    assert engine.refresh()
    assert engine.inputs == RESOURCES[name]
    assert engine.state == state
    assert changes(engine.diff(RESOURCES[name])) == {}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_deleted_resource_is_gone_and_deleting_it_again_is_an_error_as_under_cloudflares_provider(
    provider: CloudflareProvider, name: str
) -> None:
    engine = Engine(provider, name).create(RESOURCES[name])
    engine.delete()
    always_there = KINDS[TOKENS[name]].forgotten or name in ("ZoneDnssec", "UrlNormalizationSettings")
    with nullcontext() if always_there else pytest.raises(AbortedError, match="404 Not Found"):
        engine.delete()
    # Cloudflare shows a certificate for a while after it was deleted.
    assert engine.refresh() is (always_there or name == "AuthenticatedOriginPullsCertificate")


@pytest.mark.parametrize("name", [name for name in OTHERS if name in SETTLED])
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
    assert changes(adopted.diff(inputs)) == ({} if name in SETTLED else IMPORTED_DNSSEC)


def test_dnssec_that_waits_for_the_registrar_is_drift_as_under_cloudflares_provider(
    provider: CloudflareProvider,
) -> None:
    engine = Engine(provider, "ZoneDnssec").create(RESOURCES["ZoneDnssec"])
    engine.refresh()
    assert changes(engine.diff(RESOURCES["ZoneDnssec"])) == {"status": "UPDATE"}


def test_another_name_of_a_ruleset_is_another_ruleset(provider: CloudflareProvider) -> None:
    engine = Engine(provider, "Ruleset").create(RESOURCES["Ruleset"])
    assert list(engine.diff({**RESOURCES["Ruleset"], "name": "other"}).replaces) == ["name"]


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


def test_a_record_of_parts_has_a_content_that_is_no_drift(provider: CloudflareProvider, emulated: Emulated) -> None:
    data = {"flags": 0, "tag": "issue", "value": "amazon.com"}
    inputs = {"zoneId": ZONE, "name": "askproai.de", "type": "CAA", "data": data, "ttl": 1, "proxied": False}
    engine = Engine(provider, "DnsRecord").create(inputs)
    engine.refresh()
    assert engine.state["content"] == '0 issue "amazon.com"'
    assert changes(engine.diff(inputs)) == {}


def test_a_name_that_cloudflare_completes_is_no_drift(provider: CloudflareProvider) -> None:
    for name, content in (("@", "a.example.com"), ("WWW", "B.example.com.")):
        inputs = {**RESOURCES["DnsRecord"], "name": name, "content": content}
        engine = Engine(provider, "DnsRecord").create(inputs)
        engine.refresh()
        assert changes(engine.diff(inputs)) == {}


def test_the_records_of_mail_read_back_as_they_were_declared(provider: CloudflareProvider) -> None:
    declared = list(mail_records(DOMAIN, MAIL))
    assert {record.type for record in declared} == {"MX", "TXT", "CNAME"}
    for record in declared:
        inputs = {"zoneId": ZONE, "name": record.host, "type": record.type, "content": record.content,
                  "ttl": 1, "proxied": False, "comment": record.why}  # fmt: skip
        inputs |= {} if record.priority is None else {"priority": record.priority}
        engine = Engine(provider, "DnsRecord").create(inputs)
        assert engine.refresh()
        assert (engine.inputs, changes(engine.diff(inputs))) == (inputs, {})


def test_a_certificate_is_deployed_after_a_while_which_is_no_drift(provider: CloudflareProvider) -> None:
    inputs = RESOURCES["AuthenticatedOriginPullsCertificate"]
    engine = Engine(provider, "AuthenticatedOriginPullsCertificate").create(inputs)
    assert (engine.state["status"], engine.refresh(), engine.state["status"]) == ("pending_deployment", True, "active")
    assert (engine.inputs, changes(engine.diff(inputs))) == (inputs, {})


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
