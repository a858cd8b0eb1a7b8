"""Scenes of policies/edge.py."""

from policies import edge
from policies.values import UNKNOWN
from tests.policies.scenes import GONE, UNSET, Case, Change, Made, values

RECORD = Made(
    type=edge.RECORD, props={"type": "CNAME", "name": "admin.example.org", "content": UNKNOWN, "proxied": True}
)
VALIDATION = {"name": "_a.example.org", "content": "b.acm-validations.aws.", "proxied": False}
DKIM = {"name": "mail1._domainkey.example.org", "content": "mail1.dkim.example.net", "proxied": False}
ACCESS = Made(type=edge.ACCESS, props={"domain": "admin.example.org", "policies": [{"id": UNKNOWN}]})
ANOTHER_CLOUD: Change = {"@setting": GONE, "@record": GONE}


def setting(name: str, value: object) -> dict[str, Made]:
    """A zone with a record and one setting."""
    made = Made(type=edge.SETTING, props={"settingId": name, "value": value})
    return {"record": RECORD, "setting": made}


def ruleset(phase: str, **rule: object) -> dict[str, Made]:
    """A zone with a record and one ruleset."""
    made = Made(type=edge.RULESET, props={"phase": phase, "rules": [{"enabled": True, **rule}]})
    return {"record": RECORD, "rules": made}


CASES = (
    Case(
        rule=edge.edge_tls_strict,
        others=setting("ssl", "strict"),
        fires=({"@setting": GONE}, *values("@setting:value", "full", "flexible", "off", UNSET)),
        passes=(ANOTHER_CLOUD, *values("@setting:value", "origin_pull")),
        undecided=values("@setting:value", UNKNOWN),
    ),
    Case(
        rule=edge.edge_tls_recent,
        others=setting("min_tls_version", "1.2"),
        fires=({"@setting": GONE}, *values("@setting:value", "1.0", "1.1", UNSET)),
        passes=(ANOTHER_CLOUD, *values("@setting:value", "1.3")),
        undecided=values("@setting:value", UNKNOWN),
    ),
    Case(
        rule=edge.edge_https_always,
        others=setting("always_use_https", "on"),
        fires=({"@setting": GONE}, *values("@setting:value", "off", UNSET)),
        passes=(ANOTHER_CLOUD,),
        undecided=values("@setting:value", UNKNOWN),
    ),
    Case(
        rule=edge.edge_shows_certificate,
        others={"record": RECORD, "pulls": Made(type=edge.ORIGIN_PULLS, props={"enabled": True})},
        fires=({"@pulls": GONE}, *values("@pulls:enabled", False, UNSET)),
        passes=({"@pulls": GONE, "@record": GONE},),
        undecided=values("@pulls:enabled", UNKNOWN),
    ),
    Case(
        rule=edge.record_proxied,
        it=RECORD,
        fires=(
            *values("proxied", False, UNSET),
            {**VALIDATION, "name": "a.example.org"},
            {**VALIDATION, "content": "b.example.org"},
        ),
        passes=(VALIDATION, DKIM, {"type": "TXT", "proxied": UNSET}, {"name": UNKNOWN}),
        undecided=(*values("proxied", UNKNOWN), {**VALIDATION, "content": UNKNOWN}),
    ),
    Case(
        rule=edge.edge_admin_hosts_behind_login,
        it=RECORD,
        others={"access": ACCESS},
        fires=(
            {"@access": GONE},
            *values("@access:policies", UNSET, []),
            {"@access:domain": "example.org"},
            {"name": "admin.example.net"},
        ),
        passes=({"@access": GONE, "name": "www.example.org"}, {"@access": GONE, "type": "TXT"}),
        undecided=values("name", UNKNOWN),
    ),
    Case(
        rule=edge.access_not_for_everybody,
        it=Made(
            type=edge.ACCESS_POLICY, props={"decision": "allow", "includes": [{"email": {"email": "a@example.org"}}]}
        ),
        fires=(
            *values("includes", UNSET, [], [{"everyone": {}}], [{"email": {}}, {"everyone": {}}]),
            *values("decision", "bypass", "non_identity"),
        ),
        passes=({"decision": "deny", "includes": [{"everyone": {}}]},),
        undecided=values("includes", UNKNOWN),
    ),
    Case(
        rule=edge.edge_waf_on,
        others=ruleset(edge.MANAGED_PHASE, action="execute", expression="true"),
        fires=(
            {"@rules": GONE},
            {"@rules:rules": []},
            {"@rules:rules.0.enabled": False},
            {"@rules:rules.0.action": "skip"},
            {"@rules:rules.0.expression": 'http.host eq "a"'},
            {"@rules:phase": edge.RATE_PHASE},
        ),
        passes=({"@rules": GONE, "@record": GONE}, {"@rules:rules.0.enabled": UNSET}),
        undecided=values("@rules:rules", UNKNOWN),
    ),
    Case(
        rule=edge.edge_rate_limited,
        others=ruleset(edge.RATE_PHASE, action="block"),
        fires=({"@rules": GONE}, {"@rules:rules.0.enabled": False}, {"@rules:phase": edge.MANAGED_PHASE}),
        passes=({"@rules": GONE, "@record": GONE},),
        undecided=values("@rules:rules", UNKNOWN),
    ),
    Case(
        rule=edge.edge_dns_signed,
        others={"record": RECORD, "dnssec": Made(type=edge.DNSSEC, props={"status": "active"})},
        fires=({"@dnssec": GONE}, *values("@dnssec:status", "disabled", UNSET)),
        passes=({"@dnssec": GONE, "@record": GONE},),
        undecided=values("@dnssec:status", UNKNOWN),
    ),
)
