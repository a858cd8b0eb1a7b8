"""The load balancer: TLS, a web application firewall, and access logs."""

import re

from policies.rule import HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule

LISTENER = "aws:lb/listener:Listener"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
WAF = "aws:wafv2/webAclAssociation:WebAclAssociation"

TLS = frozenset({"HTTPS", "TLS"})
POLICY_1_2 = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)\b")
"""Elastic Load Balancing: the names of policies with the minimum TLS 1.2 contain it; others allow 1.0."""
DESYNC = frozenset({"defensive", "strictest"})
ZONES_FLOOR = 2
APPLICATION = frozenset({None, "application"})


@rule(
    on=LISTENER, severity=HIGH, controls="FSBP ELB.1; PCI 4.2.1 (own); GDPR 32 (own)",
    remedy="Redirect to HTTPS.",
)  # fmt: skip
def listener_http_redirects(listener: Resource) -> Findings:
    """A listener without TLS only redirects to HTTPS."""
    if listener.get("protocol") in TLS:
        return
    for action in listener.each("defaultActions") or ["defaultActions.0"]:
        kind = listener.get(f"{action}.type")
        if kind != "redirect" or listener.get(f"{action}.redirect.protocol") != "HTTPS":
            yield Finding(f"{listener.get('protocol') or 'HTTP'}: {kind or 'no action'}", "redirect to HTTPS")


@rule(
    on=LISTENER, severity=HIGH, controls="own; PCI 4.2.1 (own); GDPR 32 (own)",
    remedy="Set web.tls_policy to a policy of TLS 1.2 and 1.3.",
)  # fmt: skip
def listener_tls_recent(listener: Resource) -> Findings:
    """A listener uses TLS 1.2 or newer; without a policy it would allow 1.0."""
    name = listener.get("sslPolicy")
    if listener.get("protocol") in TLS and not POLICY_1_2.match(name or ""):
        yield Finding(f"sslPolicy {name or 'not set'}", "a policy of TLS 1.2 and 1.3")


def _application(balancer: Resource) -> bool:
    return balancer.get("loadBalancerType") in APPLICATION


@rule(
    on=BALANCER, severity=MEDIUM, controls="FSBP ELB.4; FSBP ELB.12; PCI 6.4 (own)",
    remedy="Set drop_invalid_header_fields, and desync_mitigation_mode to defensive.",
)  # fmt: skip
def balancer_refuses_malformed(balancer: Resource) -> Findings:
    """A load balancer drops malformed requests."""
    if _application(balancer):
        yield from balancer.wants("dropInvalidHeaderFields", True)
        yield from balancer.wants("desyncMitigationMode", *sorted(DESYNC))


@rule(
    on=BALANCER, severity=MEDIUM, controls="FSBP ELB.5; PCI 10.2 (own); GDPR 30",
    remedy="Set access_logs.",
)  # fmt: skip
def balancer_access_logged(balancer: Resource) -> Findings:
    """A load balancer has access logs."""
    return balancer.wants("accessLogs.enabled", True)


@rule(
    on=BALANCER, severity=MEDIUM, controls="FSBP ELB.6; FSBP ELB.13",
    remedy="Set enable_deletion_protection, and give it a subnet in each zone.",
)  # fmt: skip
def balancer_kept(balancer: Resource) -> Findings:
    """A load balancer is protected from deletion, and survives the loss of a zone."""
    yield from balancer.wants("enableDeletionProtection", True)
    number = len(balancer.each("subnets") or balancer.each("subnetMappings"))
    if number < ZONES_FLOOR:
        yield Finding(f"{number} subnets", f"{ZONES_FLOOR} at least")


@rule(
    on=BALANCER, among=True, severity=MEDIUM, controls="FSBP ELB.16; PCI 6.4.1; PCI 6.4.2",
    remedy="Declare a WebAclAssociation of the load balancer.",
)  # fmt: skip
def balancer_behind_waf(balancer: Resource, stack: Stack) -> Findings:
    """An internet-facing load balancer has a web application firewall."""
    if _application(balancer) and not balancer.get("internal") and not stack.made_from(balancer, WAF, "resourceArn"):
        yield Finding("no web ACL", "a web ACL")


POLICIES = (
    listener_http_redirects,
    listener_tls_recent,
    balancer_refuses_malformed,
    balancer_access_logged,
    balancer_kept,
    balancer_behind_waf,
)
