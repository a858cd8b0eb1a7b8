"""Finders of Cloudflare's resources: by name, by phase, and a certificate by its content."""

from ops.core.recovery.finders.wanted import Finder, Wanted

GONE_CERTIFICATES = ("pending_deletion", "deleted")


def _record(wanted: Wanted) -> list[str]:
    zone, name = wanted["zoneId"], str(wanted["name"]).lower()
    rows = wanted.edge.rows(f"/zones/{zone}/dns_records", type=wanted["type"], name=name)
    # A name has one CNAME, but may have several other records, some of which are not ours.
    same = {key: wanted[key] for key in ("content", "data") if key in wanted.inputs and wanted["type"] != "CNAME"}
    return [
        row["id"]
        for row in rows
        if row["name"] == name
        and row["type"] == wanted["type"]
        and all(row.get(key) == value for key, value in same.items())
    ]


def _ruleset(wanted: Wanted) -> list[str]:
    """A zone has one own ruleset per phase; the list also contains Cloudflare's, and has pages."""
    zone = wanted["zoneId"]
    found = wanted.edge.one_or_none(f"/zones/{zone}/rulesets/phases/{wanted['phase']}/entrypoint")
    return [found["id"]] if found else []


def _origin_pull_certificate(wanted: Wanted) -> list[str]:
    """The certificate is secret in the state, so it is read from the stack's file."""
    zone, ours = wanted["zoneId"], wanted.edge.secret("origin_pull_certificate").strip()
    rows = wanted.edge.rows(f"/zones/{zone}/origin_tls_client_auth")
    return [
        row["id"]
        for row in rows
        if str(row.get("certificate", "")).strip() == ours and row.get("status") not in GONE_CERTIFICATES
    ]


def _named(path: str, form: str) -> Finder:
    """A resource of a zone or an account by its name."""

    def search(wanted: Wanted) -> list[str]:
        return [row["id"] for row in wanted.edge.rows(path.format_map(wanted)) if row["name"] == wanted["name"]]

    return Finder(search=search, form=form)


OF_A_ZONE, OF_AN_ACCOUNT = "{zoneId}/{id}", "{accountId}/{id}"

EDGE = {
    "cloudflare:index/dnsRecord:DnsRecord": Finder(
        search=_record, by="name, type and, but for a CNAME, content", form=OF_A_ZONE
    ),
    "cloudflare:index/ruleset:Ruleset": Finder(search=_ruleset, by="phase", form=f"zones/{OF_A_ZONE}"),
    "cloudflare:index/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate": Finder(
        search=_origin_pull_certificate, by="the certificate itself", form=OF_A_ZONE
    ),
    "cloudflare:index/healthcheck:Healthcheck": _named("/zones/{zoneId}/healthchecks", OF_A_ZONE),
    "cloudflare:index/notificationPolicy:NotificationPolicy": _named(
        "/accounts/{accountId}/alerting/v3/policies", OF_AN_ACCOUNT
    ),
    "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": _named(
        "/accounts/{accountId}/access/policies", OF_AN_ACCOUNT
    ),
    "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": _named(
        "/accounts/{accountId}/access/apps", f"accounts/{OF_AN_ACCOUNT}"
    ),
}
