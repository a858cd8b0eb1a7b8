"""What bootstrap finds in a zone that was used before."""

from collections.abc import Mapping
from typing import Any

import pytest
from edges import RECORD, RULESET, edge, edge_settings

from contract import EDGE_PHASES
from ops.bootstrap import conflicts
from ops.core.cloudflare import EdgeApi

DOMAIN = edge_settings().domain
RECORDS = f"/zones/zone/dns_records?per_page={conflicts.RECORDS_A_PAGE}"


class Zone(EdgeApi):
    """A zone with these records, and rules by phase."""

    def __init__(self, records: list[dict[str, str]], rules: Mapping[str, list[str]]) -> None:
        entries = {f"/zones/zone/rulesets/phases/{phase}/entrypoint": {"rules": own} for phase, own in rules.items()}
        self.answers: dict[str, Any] = {RECORDS: records, **entries}

    def asked(self, path: str) -> tuple[int, Any]:
        return (200, {"result": self.answers[path]}) if path in self.answers else (404, {"result": None})


def found(
    *records: tuple[str, str, str], rules: Mapping[str, list[str]] | None = None, mail: bool = False
) -> list[str]:
    rows = [{"type": kind, "name": name, "content": content} for kind, name, content in records]
    return list(conflicts.found(Zone(rows, rules or {}), "zone", DOMAIN, ("prod", "dr"), mail=mail))


def test_an_address_at_every_name_of_the_edge_is_named() -> None:
    names = {r.inputs["name"] for r in edge().of(RECORD) if r.inputs["proxied"]}
    assert len(names) == 8
    for name in names:
        (text,) = found(("A", name, "192.0.2.1"))
        assert f"A record {name} (192.0.2.1)" in text


def test_what_is_in_nobodys_way_is_not() -> None:
    assert found(
        ("CNAME", f"www.{DOMAIN}", "old.example.com"), ("A", f"shop.{DOMAIN}", "192.0.2.1"),
        ("MX", DOMAIN, "mx.example.com"), ("TXT", DOMAIN, "v=spf1 -all"), rules={"http_request_firewall_custom": []},
    ) == []  # fmt: skip


def test_rules_of_somebody_are_named_in_every_phase_that_the_edge_uses() -> None:
    assert {ruleset.inputs["phase"] for ruleset in edge().of(RULESET)} == set(EDGE_PHASES)
    lines = found(rules={phase: ["rule", "rule"] for phase in EDGE_PHASES})
    assert [line.split()[1] for line in lines] == list(EDGE_PHASES)
    assert "has 2 rules of somebody" in lines[0]


@pytest.mark.parametrize(("name", "text"), [(DOMAIN, "v=spf1 -all"), (f"_dmarc.{DOMAIN}", '"v=DMARC1; p=none"')])
def test_a_second_text_for_receivers_of_mail_is_named_where_the_edge_has_one(name: str, text: str) -> None:
    assert found(("TXT", name, text)) == []
    (line,) = found(("TXT", name, text), mail=True)
    assert "would be a second one" in line


def test_what_the_token_may_not_read_is_for_another_check() -> None:
    class Closed(EdgeApi):
        def __init__(self) -> None:
            """Answer nothing."""

        def asked(self, path: str) -> tuple[int, Any]:
            return 403, {"errors": [{"message": "Authentication error"}]}

    assert list(conflicts.found(Closed(), "zone", DOMAIN, ("prod", "dr"), mail=True)) == []
