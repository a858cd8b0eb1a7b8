"""The edge: strict TLS, an enabled firewall, and a login for hosts that are only for operators."""

from typing import Any

from policies.rule import CRITICAL, HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
RULESET = "cloudflare:index/ruleset:Ruleset"
ACCESS = "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication"
ACCESS_POLICY = "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy"
ORIGIN_PULLS = "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings"
DNSSEC = "cloudflare:index/zoneDnssec:ZoneDnssec"

STRICT = frozenset({"strict", "origin_pull"})
"""Cloudflare: the modes in which it validates the origin's certificate."""
TLS_FLOOR = (1, 2)
PROXYABLE = frozenset({"A", "AAAA", "CNAME"})
VALIDATION = "acm-validations.aws"
"""Where AWS's certificate authority looks up its validation record."""
DKIM = "._domainkey."
"""Part of the names of DKIM keys (RFC 6376, 3.6.2.1)."""
MANAGED_PHASE = "http_request_firewall_managed"
RATE_PHASE = "http_ratelimit"
EVERYBODY = "everyone"


def _is_edge(stack: Stack) -> bool:
    return bool(stack.of(RECORD, SETTING, RULESET))


def _settings(stack: Stack, name: str) -> list[Resource]:
    return [each for each in stack.of(SETTING) if each.get("settingId") == name]


def _rules(stack: Stack, phase: str) -> list[dict[str, Any]]:
    """The enabled rules of a phase; rules are enabled by default."""
    rules = [
        each for ruleset in stack.of(RULESET) if ruleset.get("phase") == phase for each in ruleset.get("rules") or []
    ]
    return [each for each in rules if each.get("enabled") is not False]


def _unset(name: str, wanted: str) -> Finding:
    return Finding(f"{name} not set", wanted)


@rule(severity=CRITICAL, controls="own; PCI 4.2.1 (own); GDPR 32 (own)", remedy="Set the zone's ssl to strict.")
def edge_tls_strict(stack: Stack) -> Findings:
    """Cloudflare reaches the origin only with TLS, and validates its certificate."""
    if not _is_edge(stack):
        return
    found = [each.get("value") for each in _settings(stack, "ssl")]
    if not found:
        yield _unset("ssl", "strict")
    for value in found:
        if value not in STRICT:
            yield Finding(f"ssl {value}", "strict")


@rule(severity=HIGH, controls="own; PCI 4.2.1 (own); GDPR 32 (own)", remedy="Set the zone's min_tls_version to 1.2.")
def edge_tls_recent(stack: Stack) -> Findings:
    """Browsers use TLS 1.2 or newer; Cloudflare's default is 1.0."""
    if not _is_edge(stack):
        return
    found = [str(each.get("value")) for each in _settings(stack, "min_tls_version")]
    if not found:
        yield _unset("min_tls_version", "1.2")
    for value in found:
        if tuple(int(part) for part in value.split(".") if part.isdigit()) < TLS_FLOOR:
            yield Finding(f"min_tls_version {value}", "1.2 at least")


@rule(severity=HIGH, controls="own; PCI 4.2.1 (own)", remedy="Set the zone's always_use_https to on.")
def edge_https_always(stack: Stack) -> Findings:
    """Requests without TLS are redirected to HTTPS."""
    if _is_edge(stack) and [each.get("value") for each in _settings(stack, "always_use_https")] != ["on"]:
        yield Finding("always_use_https off or not set", "on")


@rule(severity=HIGH, controls="own", remedy="Declare enabled AuthenticatedOriginPullsSettings.")
def edge_shows_certificate(stack: Stack) -> Findings:
    """Cloudflare presents the zone's own certificate to the load balancers: all zones share its addresses."""
    if _is_edge(stack) and True not in [each.get("enabled") for each in stack.of(ORIGIN_PULLS)]:
        yield Finding("authenticated origin pulls off", "on")


@rule(on=RECORD, severity=HIGH, controls="own", remedy="Set proxied.")
def record_proxied(record: Resource) -> Findings:
    """A record of a host is proxied by Cloudflare, and does not reveal the host's address."""
    if record.get("type") not in PROXYABLE or record.get("proxied") is True:
        return []
    # A DKIM key is text that no host serves: its record points to where the owner publishes it.
    if DKIM in str(record.get("name")):
        return []
    # The validation records of the regions' certificates are known only after them, and start with an underscore.
    if str(record.get("name")).startswith("_") and str(record.get("content")).rstrip(".").endswith(VALIDATION):
        return []
    return record.wants("proxied", True)


@rule(
    on=RECORD, among=True, severity=CRITICAL, controls="own; PCI 7.2 (own); GDPR 25 (own)",
    remedy="Declare a ZeroTrustAccessApplication of the host, with a policy that names people.",
)  # fmt: skip
def edge_admin_hosts_behind_login(record: Resource, stack: Stack) -> Findings:
    """A host that is only for operators is behind Cloudflare Access."""
    name = str(record.get("name"))
    if record.get("type") not in PROXYABLE or name.partition(".")[0] not in stack.configuration.admin_hosts:
        return
    if name not in {each.get("domain") for each in stack.of(ACCESS) if each.each("policies")}:
        yield Finding(f"{name} without Access", "an Access application with a policy")


@rule(
    on=ACCESS_POLICY, severity=CRITICAL, controls="own; PCI 7.2 (own); GDPR 25 (own)",
    remedy="Name mail addresses or groups.",
)  # fmt: skip
def access_not_for_everybody(policy: Resource) -> Findings:
    """An Access policy allows only people whom it names."""
    includes = policy.get("includes")
    if policy.get("decision") in ("bypass", "non_identity"):
        yield Finding(f"decision {policy.get('decision')}", "decision allow")
    if policy.get("decision") != "deny" and (not includes or any(EVERYBODY in each for each in includes)):
        yield Finding("everybody" if includes else "nobody named", "named people")


@rule(
    severity=HIGH, controls="own; PCI 6.4.2 (own)",
    remedy="Declare a ruleset of the phase that executes Cloudflare's managed rules.",
)  # fmt: skip
def edge_waf_on(stack: Stack) -> Findings:
    """Cloudflare's managed rules are on for every request, except where our own rules skip them."""
    if not _is_edge(stack):
        return
    on = [each for each in _rules(stack, MANAGED_PHASE) if each.get("action") == "execute"]
    if not [each for each in on if each.get("expression") == "true"]:
        yield Finding("no managed rules for every request", "a rule that executes them")


@rule(severity=MEDIUM, controls="own", remedy="Declare a ruleset of the phase http_ratelimit.")
def edge_rate_limited(stack: Stack) -> Findings:
    """Cloudflare limits the request rate of a client."""
    if _is_edge(stack) and not _rules(stack, RATE_PHASE):
        yield Finding("no enabled rate limit", "one")


@rule(severity=MEDIUM, controls="own", remedy="Declare an active ZoneDnssec.")
def edge_dns_signed(stack: Stack) -> Findings:
    """The zone's DNS answers are signed."""
    if _is_edge(stack) and "active" not in [each.get("status") for each in stack.of(DNSSEC)]:
        yield Finding("DNSSEC off", "active")


POLICIES = (
    edge_tls_strict,
    edge_tls_recent,
    edge_https_always,
    edge_shows_certificate,
    record_proxied,
    edge_admin_hosts_behind_login,
    access_not_for_everybody,
    edge_waf_on,
    edge_rate_limited,
    edge_dns_signed,
)
