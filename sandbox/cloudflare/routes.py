"""Every call that the emulated API knows: method, path, required permission, and handler."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sandbox.cloudflare import access, records, rulesets, token_calls, zones
from sandbox.cloudflare.answers import Json, RefusedError
from sandbox.cloudflare.calls import Call
from sandbox.cloudflare.collections import (
    ACCESS_APPLICATIONS,
    ACCESS_POLICIES,
    CERTIFICATES,
    HEALTH_CHECKS,
    NOTIFICATION_POLICIES,
    Collection,
)

ORGANIZATIONS = "Access: Organizations, Identity Providers, and Groups"
UUID_OR_HEX = r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SEGMENTS = {"setting_id": r"[a-z0-9_]+", "phase": r"[a-z0-9_]+"}


@dataclass(frozen=True)
class Route:
    """One call; `group` is the permission group that the token needs, empty if the handler checks that."""

    method: str
    template: str
    group: str
    answer: Callable[[Call], object]
    per_page: int = 20

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of this call's path, with valid IDs."""

        def segment(match: re.Match[str]) -> str:
            name = match[1]
            return f"(?P<{name}>{SEGMENTS.get(name, UUID_OR_HEX)})"

        return re.compile(re.sub(r"\{(\w+)\}", segment, self.template))


def _collection(group: str, collection: Collection, *, change: str | None = "PUT") -> list[Route]:
    owner = "/accounts/{account_id}" if collection.key in ACCOUNT_KEYS else "/zones/{zone_id}"
    path = f"{owner}/{collection.name}"
    thing = f"{path}/{{{collection.key}}}"
    routes = [
        Route("GET", path, group, collection.listed),
        Route("POST", path, group, collection.created),
        Route("GET", thing, group, collection.one),
        Route("DELETE", thing, group, collection.deleted),
    ]
    return routes + ([Route(change, thing, group, collection.replaced)] if change else [])


ACCOUNT_KEYS = (ACCESS_APPLICATIONS.key, ACCESS_POLICIES.key, NOTIFICATION_POLICIES.key)

ROUTES: tuple[Route, ...] = (
    Route("GET", "/user/tokens/verify", "", token_calls.verify),
    Route("GET", "/accounts/{account_id}/tokens/verify", "", token_calls.verify),
    Route("GET", "/user/tokens/permission_groups", "API Tokens", token_calls.permission_groups),
    Route("GET", "/accounts/{account_id}/tokens/permission_groups", "API Tokens", token_calls.permission_groups),
    Route("GET", "/user/tokens/{token_id}", "API Tokens", token_calls.one),
    Route("GET", "/accounts/{account_id}/tokens/{token_id}", "API Tokens", token_calls.one),
    Route("GET", "/zones", "Zone", zones.listed),
    Route("GET", "/zones/{zone_id}", "Zone", zones.one),
    Route("GET", "/zones/{zone_id}/settings", "Zone Settings", zones.settings, per_page=100),
    Route("GET", "/zones/{zone_id}/settings/{setting_id}", "Zone Settings", zones.setting),
    Route("PATCH", "/zones/{zone_id}/settings/{setting_id}", "Zone Settings", zones.setting_edited),
    Route("GET", "/zones/{zone_id}/dnssec", "DNS", zones.dnssec),
    Route("PATCH", "/zones/{zone_id}/dnssec", "DNS", zones.dnssec_edited),
    Route("DELETE", "/zones/{zone_id}/dnssec", "DNS", zones.dnssec_deleted),
    # Cloudflare's API reference: any of the permissions to write rules is sufficient.
    Route("GET", "/zones/{zone_id}/url_normalization", "Zone WAF", zones.url_normalization),
    Route("PUT", "/zones/{zone_id}/url_normalization", "Zone WAF", zones.url_normalization_edited),
    Route("DELETE", "/zones/{zone_id}/url_normalization", "Zone WAF", zones.url_normalization_deleted),
    Route("GET", "/zones/{zone_id}/dns_records", "DNS", records.listed, per_page=records.PER_PAGE),
    Route("POST", "/zones/{zone_id}/dns_records", "DNS", records.created),
    Route("GET", "/zones/{zone_id}/dns_records/{dns_record_id}", "DNS", records.one),
    Route("PUT", "/zones/{zone_id}/dns_records/{dns_record_id}", "DNS", records.replaced),
    Route("PATCH", "/zones/{zone_id}/dns_records/{dns_record_id}", "DNS", records.edited),
    Route("DELETE", "/zones/{zone_id}/dns_records/{dns_record_id}", "DNS", records.deleted),
    Route("GET", "/zones/{zone_id}/rulesets", "", rulesets.listed),
    Route("POST", "/zones/{zone_id}/rulesets", "", rulesets.created),
    Route("GET", "/zones/{zone_id}/rulesets/phases/{phase}/entrypoint", "", rulesets.entry_point),
    Route("GET", "/zones/{zone_id}/rulesets/{ruleset_id}", "", rulesets.one),
    Route("PUT", "/zones/{zone_id}/rulesets/{ruleset_id}", "", rulesets.replaced),
    Route("DELETE", "/zones/{zone_id}/rulesets/{ruleset_id}", "", rulesets.deleted),
    Route("GET", "/zones/{zone_id}/leaked-credential-checks", "Zone WAF", zones.leaked_credentials),
    Route("POST", "/zones/{zone_id}/leaked-credential-checks", "Zone WAF", zones.leaked_credentials_edited),
    Route("GET", "/zones/{zone_id}/origin_tls_client_auth/settings", "SSL and Certificates", zones.origin_pulls),
    Route("PUT", "/zones/{zone_id}/origin_tls_client_auth/settings", "SSL and Certificates", zones.origin_pulls_edited),
    *_collection("SSL and Certificates", CERTIFICATES, change=None),
    *_collection("Health Checks", HEALTH_CHECKS),
    *_collection("Notifications", NOTIFICATION_POLICIES),
    Route("GET", "/accounts/{account_id}/access/organizations", ORGANIZATIONS, access.organization),
    *_collection("Access: Apps and Policies", ACCESS_POLICIES),
    *_collection("Access: Apps and Policies", ACCESS_APPLICATIONS),
)


def route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The call at a path, and the IDs in it. Raises RefusedError."""
    matches = [(each, match) for each in ROUTES if (match := each.pattern.fullmatch(path))]
    for each, match in matches:
        if each.method == method:
            return each, match.groupdict()
    if matches:
        raise RefusedError(405, 10405, "Method not allowed for this authentication scheme")
    text = f"Could not route to /client/v4{path}, perhaps your object identifier is invalid?"
    unknown: Json = {"code": 7000, "message": "No route for that URI"}
    # The status for invalid IDs: cloudflare-go, issue 118; cf-terraforming, issue 254.
    raise RefusedError(400, 7003, text, chain=[unknown])
