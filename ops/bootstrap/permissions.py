"""What the edge's token must be allowed to do at Cloudflare, and what of that it lacks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ops.core.cloudflare import EdgeApi

READS_ITSELF = "API Tokens Read"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A permission group by its name in Cloudflare's list; `path` answers to whoever may read what it is for."""

    group: str
    path: str
    why: str


PERMISSIONS = (
    Permission(group="Zone Read", path="/zones/{zone}", why="the zone itself"),
    Permission(group="DNS Write", path="/zones/{zone}/dns_records", why="records, and DNSSEC"),
    Permission(group="Zone Settings Write", path="/zones/{zone}/settings", why="TLS and HSTS"),
    Permission(group="SSL and Certificates Write", path="/zones/{zone}/origin_tls_client_auth", why="origin pulls"),
    Permission(
        group="Zone WAF Write",
        path="/zones/{zone}/rulesets/phases/http_request_firewall_custom/entrypoint",
        why="own and managed rules, and rate limits",
    ),
    Permission(
        group="Cache Settings Write",
        path="/zones/{zone}/rulesets/phases/http_request_cache_settings/entrypoint",
        why="what is cached",
    ),
    Permission(
        group="Dynamic URL Redirects Write",
        path="/zones/{zone}/rulesets/phases/http_request_dynamic_redirect/entrypoint",
        why="www to the apex",
    ),
    Permission(group="Health Checks Write", path="/zones/{zone}/healthchecks", why="both origins, from outside"),
    Permission(
        group="Notifications Write", path="/accounts/{account}/alerting/v3/policies", why="notification policies"
    ),
    Permission(
        group="Access: Apps and Policies Write",
        path="/accounts/{account}/access/apps",
        why="Access applications of admin and monitoring",
    ),
)
"""One row for each kind of thing that the edge declares (Cloudflare, "API token permissions")."""


def problems(api: EdgeApi, zone: str, account: str, domain: str) -> Iterator[str]:
    """Everything that the token or the zone lacks, a line each."""
    status, answer = api.asked("/user/tokens/verify")
    if status != 200 or answer["result"]["status"] != "active":
        yield f"the token of Cloudflare's API is not valid ({_reason(answer)}): make one, and set it in stack edge"
        return
    status, found = api.asked(f"/zones/{zone}")
    if status == 200 and found["result"]["name"] != domain:
        yield f"zone {zone} is {found['result']['name']}, not {domain}: put the right zone_id into the edge's file"
    held = _held(api, str(answer["result"]["id"]))
    for permission in PERMISSIONS:
        if held is not None:
            if permission.group not in held and permission.group.replace(" Read", " Write") not in held:
                yield _lacks(permission)
        elif api.asked(permission.path.format(zone=zone, account=account))[0] in (401, 403):
            yield _lacks(permission)


def sees_itself(api: EdgeApi) -> bool:
    """Whether the token may read its own permissions: else its rights to write show only when they are used."""
    status, answer = api.asked("/user/tokens/verify")
    return status == 200 and _held(api, str(answer["result"]["id"])) is not None


def _held(api: EdgeApi, token: str) -> frozenset[str] | None:
    """The names of the permission groups that the token has, None where it may not read them."""
    status, answer = api.asked(f"/user/tokens/{token}")
    if status != 200:
        return None
    policies = [policy for policy in answer["result"]["policies"] if policy["effect"] == "allow"]
    return frozenset(group["name"] for policy in policies for group in policy["permission_groups"])


def _lacks(permission: Permission) -> str:
    return f"the token of Cloudflare's API lacks the permission {permission.group}: {permission.why}"


def _reason(answer: Mapping[str, Any]) -> str:
    errors = answer.get("errors") or [{"message": (answer.get("result") or {}).get("status", "unknown")}]
    return "; ".join(str(error.get("message")) for error in errors)
