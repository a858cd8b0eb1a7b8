"""The records of the domain's mail, read as by receivers."""

import shlex

from edges import RECORD, composed, edge, edge_settings

from components.edge.mail import quoted

DOMAIN = edge_settings().domain
MAIL = edge_settings().mail


def records(kind: str) -> dict[str, list[dict[str, object]]]:
    """The mail records of a type, by name."""
    found: dict[str, list[dict[str, object]]] = {}
    for record in edge().of(RECORD):
        if record.inputs["type"] == kind and not record.inputs["proxied"] and record.name != "dns-certificate":
            found.setdefault(record.inputs["name"], []).append(record.inputs)
    return found


def text(content: object) -> str:
    """A TXT record's value for a receiver: its strings joined."""
    strings = shlex.split(str(content))
    assert all(0 < len(string.encode()) <= 255 for string in strings)
    return "".join(strings)


def test_mail_for_the_domain_goes_to_its_exchangers_in_their_order() -> None:
    assert MAIL is not None
    (found,) = records("MX").values()
    assert {record["content"]: record["priority"] for record in found} == MAIL.exchangers
    assert {record["name"] for record in found} == {DOMAIN}


def test_nobody_else_may_send_mail_of_the_domain() -> None:
    (spf,) = records("TXT")[DOMAIN]
    version, *mechanisms, rest = text(spf["content"]).split()
    assert (version, rest) == ("v=spf1", "-all")
    assert set(mechanisms) == {"include:_spf.mail.example", "ip4:192.0.2.0/24"}


def test_each_selector_has_its_key_or_leads_to_it() -> None:
    assert MAIL is not None
    (key,) = records("TXT")[f"mail1._domainkey.{DOMAIN}"]
    assert text(key["content"]) == MAIL.dkim["mail1"]
    assert len(MAIL.dkim["mail1"]) > 255
    ((alias,),) = records("CNAME").values()
    assert (alias["name"], alias["content"]) == (f"ses1._domainkey.{DOMAIN}", "ses1.dkim.amazonses.com")


def test_forgeries_are_rejected_and_reported() -> None:
    (dmarc,) = records("TXT")[f"_dmarc.{DOMAIN}"]
    tags = dict(tag.split("=", 1) for tag in text(dmarc["content"]).split("; "))
    assert tags == {"v": "DMARC1", "p": "reject", "rua": f"mailto:postmaster@{DOMAIN}"}


def test_without_a_table_of_mail_no_record_of_it_is_touched() -> None:
    without = composed(edge_settings().model_copy(update={"mail": None}))
    assert {record.inputs["type"] for record in without.of(RECORD)} == {"CNAME", "CAA"}


def test_a_long_text_is_split_where_dns_wants_it_and_none_is_lost() -> None:
    for length in (1, 255, 256, 700):
        assert text(quoted("k" * length)) == "k" * length
