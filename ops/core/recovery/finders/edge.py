"""How what is at Cloudflare is found: by name, by phase, and a certificate by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from ops.core.recovery.finders.wanted import Find, Finder, Wanted

GONE_CERTIFICATES = ("pending_deletion", "deleted")


def _record(wanted: Wanted) -> list[str]:
    zone, name = wanted["zoneId"], str(wanted["name"]).lower()
    rows = wanted.edge.rows(f"/zones/{zone}/dns_records", type=wanted["type"], name=name)
    # A name has one CNAME; of the others it may have several, of which some are not ours.
    same = {key: wanted[key] for key in ("content", "data") if key in wanted.inputs and wanted["type"] != "CNAME"}
    return [
        f"{zone}/{row['id']}"
        for row in rows
        if row["name"] == name
        and row["type"] == wanted["type"]
        and all(row.get(key) == value for key, value in same.items())
    ]


def _ruleset(wanted: Wanted) -> list[str]:
    """A zone has one ruleset of its own for each phase: the list has Cloudflare's too, a part at a time."""
    zone = wanted["zoneId"]
    found = wanted.edge.one_or_none(f"/zones/{zone}/rulesets/phases/{wanted['phase']}/entrypoint")
    return [f"zones/{zone}/{found['id']}"] if found else []


def _origin_pull_certificate(wanted: Wanted) -> list[str]:
    """The certificate is a secret in the state, so it is read from the stack's file."""
    zone, ours = wanted["zoneId"], wanted.edge.secret("origin_pull_certificate").strip()
    rows = wanted.edge.rows(f"/zones/{zone}/origin_tls_client_auth")
    return [
        f"{zone}/{row['id']}"
        for row in rows
        if str(row.get("certificate", "")).strip() == ours and row.get("status") not in GONE_CERTIFICATES
    ]


def _named(path: str, prefix: str, owner: str) -> Find:
    """A thing of a zone or an account by its name; `prefix` is what its identifier begins with to an import."""

    def find(wanted: Wanted) -> list[str]:
        place = {owner: wanted[owner]}
        rows = wanted.edge.rows(path.format(**place))
        return [prefix.format(**place) + row["id"] for row in rows if row["name"] == wanted["name"]]

    return find


def _owned(prefix: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda resource: prefix.format(**resource["inputs"]) + str(resource.get("id"))


OF_A_ZONE, OF_AN_ACCOUNT = "{zoneId}/", "{accountId}/"

EDGE = {
    "cloudflare:index/dnsRecord:DnsRecord": Finder(
        find=_record, by="name, type and, but for a CNAME, content", identified=_owned(OF_A_ZONE)
    ),
    "cloudflare:index/ruleset:Ruleset": Finder(find=_ruleset, by="phase", identified=_owned(f"zones/{OF_A_ZONE}")),
    "cloudflare:index/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate": Finder(
        find=_origin_pull_certificate, by="the certificate itself", identified=_owned(OF_A_ZONE)
    ),
    "cloudflare:index/healthcheck:Healthcheck": Finder(
        find=_named("/zones/{zoneId}/healthchecks", OF_A_ZONE, "zoneId"), identified=_owned(OF_A_ZONE)
    ),
    "cloudflare:index/notificationPolicy:NotificationPolicy": Finder(
        find=_named("/accounts/{accountId}/alerting/v3/policies", OF_AN_ACCOUNT, "accountId"),
        identified=_owned(OF_AN_ACCOUNT),
    ),
    "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": Finder(
        find=_named("/accounts/{accountId}/access/policies", OF_AN_ACCOUNT, "accountId"),
        identified=_owned(OF_AN_ACCOUNT),
    ),
    "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": Finder(
        find=_named("/accounts/{accountId}/access/apps", f"accounts/{OF_AN_ACCOUNT}", "accountId"),
        identified=_owned(f"accounts/{OF_AN_ACCOUNT}"),
    ),
}
