"""The emulated API on records and settings of the zone."""

from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.emulator.cloudflare.emulated import ACCOUNT, DOMAIN, ZONE, Emulated

RECORDS = f"/zones/{ZONE}/dns_records"


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
