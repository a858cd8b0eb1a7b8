"""The permissions that the edge's token needs at Cloudflare, and those that it lacks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ops.core.cloudflare import EdgeApi

READS_ITSELF = "API Tokens Read"


class Permission(NamedTuple):
    """A permission group by its name in Cloudflare's list; `path` can be read with this permission."""

    group: str
    path: str
    why: str


RULES = "/zones/{zone}/rulesets/phases/%s/entrypoint"
ORGANIZATION = "/accounts/{account}/access/organizations"
ACCOUNTS = "com.cloudflare.api.account"
NOT_ENABLED = 9999
"""Cloudflare's error code for every Access call of an account without a team."""
PERMISSIONS = (
    Permission("Zone Read", "/zones/{zone}", "the zone itself"),
    Permission("DNS Write", "/zones/{zone}/dns_records", "records, and DNSSEC"),
    Permission("Zone Settings Write", "/zones/{zone}/settings", "TLS and HSTS"),
    Permission("SSL and Certificates Write", "/zones/{zone}/origin_tls_client_auth", "origin pulls"),
    Permission("Zone WAF Write", RULES % "http_request_firewall_custom", "own and managed rules, and rate limits"),
    Permission("Cache Settings Write", RULES % "http_request_cache_settings", "what is cached"),
    Permission("Dynamic URL Redirects Write", RULES % "http_request_dynamic_redirect", "www to the apex"),
    Permission("Custom Errors Write", RULES % "http_custom_errors", "error pages"),
    Permission("Health Checks Write", "/zones/{zone}/healthchecks", "both origins, from outside"),
    Permission("Notifications Write", "/accounts/{account}/alerting/v3/policies", "notification policies"),
    Permission(
        "Access: Apps and Policies Write",
        "/accounts/{account}/access/apps",
        "Access applications of admin and monitoring",
    ),
    Permission(
        "Access: Organizations, Identity Providers, and Groups Read",
        ORGANIZATION,
        "whether there is a team, and what second factors it has",
    ),
)
"""One row for each kind of thing that the edge declares (Cloudflare, "API token permissions")."""


def problems(api: EdgeApi, zone: str, account: str, domain: str, plan: str, factors: Iterable[str]) -> Iterator[str]:
    """Everything that the token, the zone or the account lacks, one per line. `factors` are Access's second factors."""
    path, answer = _verified(api, account)
    if not path or answer["result"]["status"] != "active":
        yield f"the Cloudflare API token is not valid ({_reason(answer)}): create one, and set it in stack edge"
        return
    status, found = api.asked(f"/zones/{zone}")
    if status == 200:
        yield from _zone_problems(found["result"], zone, domain, plan)
    held = _held(api, path, zone, account)
    for permission in PERMISSIONS:
        if held is not None:
            if permission.group not in held and permission.group.replace(" Read", " Write") not in held:
                yield _lacks(permission)
        elif _is_refused(*api.asked(permission.path.format(zone=zone, account=account))):
            yield _lacks(permission)
    yield from _access_problems(*api.asked(ORGANIZATION.format(account=account)), frozenset(factors))


def sees_itself(api: EdgeApi, account: str) -> bool:
    """Whether the token may read its own permissions: otherwise missing write permissions show only when they are
    used."""
    path, _answer = _verified(api, account)
    return bool(path) and _held(api, path, "", account) is not None


def _verified(api: EdgeApi, account: str) -> tuple[str, Mapping[str, Any]]:
    """The path at which the token can be read, empty if it is invalid, and Cloudflare's answer.

    A token belongs to a user, or to the account, and is unknown under the other (Cloudflare, "Account API tokens").
    """
    answer: Mapping[str, Any] = {}
    for owner in ("/user", f"/accounts/{account}"):
        status, answer = api.asked(f"{owner}/tokens/verify")
        if status == 200:
            return f"{owner}/tokens/{answer['result']['id']}", answer
    return "", answer


def _zone_problems(found: Mapping[str, Any], zone: str, domain: str, plan: str) -> Iterator[str]:
    if found["name"] != domain:
        yield f"zone {zone} is {found['name']}, not {domain}: put the right zone_id into the edge's file"
    subscribed = (found.get("plan") or {}).get("legacy_id")
    if subscribed != plan:
        yield f"zone {zone} has plan {subscribed}, the edge's file says {plan}: subscribe to it, or change the file"
    if found.get("status") != "active":
        yield (
            f"zone {zone} is {found.get('status')}: until the registrar names Cloudflare's name servers, nothing is "
            "served and no certificate issued"
        )


def _is_refused(status: int, answer: Mapping[str, Any]) -> bool:
    return status in (401, 403) and not _is_without_team(answer)


def _is_without_team(answer: Mapping[str, Any]) -> bool:
    return any(error.get("code") == NOT_ENABLED for error in answer.get("errors") or ())


def _access_problems(status: int, answer: Mapping[str, Any], factors: frozenset[str]) -> Iterator[str]:
    """What only the account's owner can set up, in the dashboard."""
    if _is_without_team(answer):
        yield "the account has no Zero Trust team: open Zero Trust in the dashboard, and choose a team name and a plan"
    elif status == 200:
        allowed = (answer["result"].get("mfa_config") or {}).get("allowed_authenticators") or ()
        if missing := sorted(factors - set(allowed)):
            yield (
                f"Zero Trust does not allow {', '.join(missing)}, which access.second_factors requires: allow it in "
                "the Access settings (Cloudflare, independent MFA)"
            )


def _held(api: EdgeApi, path: str, zone: str, account: str) -> frozenset[str] | None:
    """The names of the token's permission groups for our zone and account, None if it may not read them."""
    status, answer = api.asked(path)
    if status != 200:
        return None
    policies = [
        policy
        for policy in answer["result"]["policies"]
        if policy["effect"] == "allow" and _reaches(policy, zone, account)
    ]
    return frozenset(group["name"] for policy in policies for group in policy["permission_groups"])


def _reaches(policy: Mapping[str, Any], zone: str, account: str) -> bool:
    """Whether a policy applies to our zone or account, or to all of them (Cloudflare, "Create tokens via API")."""
    ours = {f"{ACCOUNTS}.{account}", f"{ACCOUNTS}.*", f"{ACCOUNTS}.zone.{zone}", f"{ACCOUNTS}.zone.*"}
    names = policy.get("resources") or ours
    return any(name in ours or not name.startswith(ACCOUNTS) for name in names)


def _lacks(permission: Permission) -> str:
    return f"the Cloudflare API token does not have the permission {permission.group}: {permission.why}"


def _reason(answer: Mapping[str, Any]) -> str:
    errors = answer.get("errors") or [{"message": (answer.get("result") or {}).get("status", "unknown")}]
    return "; ".join(str(error.get("message")) for error in errors)
