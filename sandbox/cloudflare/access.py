"""Access of an account: no call works before somebody has chosen a name for the team."""

import secrets
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any

from sandbox.cloudflare.answers import RefusedError
from sandbox.cloudflare.calls import Call
from sandbox.cloudflare.store import Resource, Store

NAME = "access/organizations"
ORGANIZATION: Resource = {
    "name": "sandbox",
    "auth_domain": "sandbox.cloudflareaccess.com",
    "session_duration": "24h",
    "mfa_config": {"allowed_authenticators": ["biometrics", "security_key", "totp"], "session_duration": "24h"},
}
"""The manual set-up, including second factors (Cloudflare, "Enforce MFA", independent MFA)."""


def organization(call: Call) -> Resource:
    """The account's team. Raises RefusedError if there is none, as every Access call does."""
    found = call.store.singles.get(f"{call.owner}/{NAME}", ORGANIZATION)
    if not found:
        # The code is from public reports; the status is our choice.
        raise RefusedError(403, 9999, "access.api.error.not_enabled: Access is not enabled")
    return found


def policy(call: Call, thing: Resource) -> Resource:
    """A valid policy. Raises RefusedError."""
    team = organization(call)
    if not thing["include"]:
        raise RefusedError(400, 12130, "access.api.error.invalid_request: include is empty", pointer="/include")
    wanted: dict[str, Any] = thing.get("mfa_config") or {}
    allowed = (team.get("mfa_config") or {}).get("allowed_authenticators", [])
    if (
        wanted
        and not wanted.get("mfa_disabled")
        and not set(wanted.get("allowed_authenticators", allowed)) <= {*allowed}
    ):
        text = "access.api.error.invalid_request: the organization does not allow these authenticators"
        raise RefusedError(400, 12130, text, pointer="/mfa_config")
    return thing


def application(call: Call, thing: Resource) -> Resource:
    """An application with its policies. Raises RefusedError."""
    organization(call)
    if thing.get("type") == "self_hosted":
        host = str(thing.get("domain") or "").partition("/")[0]
        if not any(host == name or host.endswith(f".{name}") for name in call.store.zones.values()):
            text = "access.api.error.invalid_request: domain does not belong to zone"
            raise RefusedError(400, 12130, text, pointer="/domain")
    policies = call.collection("access/policies")
    linked = []
    for position, given in enumerate(thing.get("policies", [])):
        link = {"id": given} if isinstance(given, str) else given
        if link.get("id") not in policies:
            text = f"access.api.error.not_found: policy {link.get('id')}"
            raise RefusedError(400, 12130, text, pointer=f"/policies/{position}")
        linked.append({**policies[link["id"]], "precedence": link.get("precedence", position + 1)})
    return {**thing, "policies": linked, "aud": thing["id"].replace("-", "") * 2}


class Logins:
    """The logins: the token of one application is not valid for another.

    Cloudflare's token is a JWT with the application's audience; here it is a random text that only the edge can read.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.audiences: dict[str, str] = {}

    def guarding(self, host: str, path: str) -> Resource | None:
        """The application that a visitor of a path has to log in to."""
        for application in list(self.store.collection(f"/accounts/{self.store.account}/access/apps").values()):
            guarded, _, below = str(application.get("domain") or "").partition("/")
            if host == guarded and path.startswith(f"/{below}"):
                return application
        return None

    def log_in(self, host: str, email: str) -> str:
        """The token of somebody whom a policy of the host's application allows. Raises ValueError."""
        application = self.guarding(host, "/")
        if application is None:
            raise ValueError(f"host {host!r}: Access guards none of that name")
        included = [rule for policy in application["policies"] for rule in policy["include"]]
        if {"email": {"email": email}} not in included:
            raise ValueError(f"email {email!r}: no policy of {host} lets it in")
        token = secrets.token_urlsafe(32)
        self.audiences[token] = application["aud"]
        return token

    def is_in(self, application: Resource, headers: Mapping[str, str]) -> bool:
        """Whether a visitor presents a token of the application, as a cookie or as `cloudflared` does."""
        cookie = SimpleCookie(headers.get("cookie", "")).get("CF_Authorization")
        shown = {headers.get("cf-access-token", ""), cookie.value if cookie else ""}
        return any(self.audiences.get(token) == application["aud"] for token in shown)
