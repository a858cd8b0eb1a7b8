"""API tokens: which one the emulator takes, what it may do, and how a token finds that out."""

import hashlib
import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.cloudflare.answers import Envelope, Json, Page, RefusedError, success
from sandbox.cloudflare.store import now

if TYPE_CHECKING:
    from sandbox.cloudflare.calls import Call

FORM = re.compile(r"Bearer [A-Za-z0-9_-]{40,}")
"""Cloudflare's API reference: a token has 40 characters; newer ones have a prefix and more."""

TOKEN_ID = "ed17574386854bf78a67040be0a770b0"

ZONE, ACCOUNT, USER = (
    "com.cloudflare.api.account.zone",
    "com.cloudflare.api.account",
    "com.cloudflare.api.user",
)

GROUPS = {
    "API Tokens": USER,
    "Access: Apps and Policies": ACCOUNT,
    "Cache Settings": ZONE,
    "DNS": ZONE,
    "Dynamic URL Redirects": ZONE,
    "Health Checks": ZONE,
    "Notifications": ACCOUNT,
    "SSL and Certificates": ZONE,
    "Zone": ZONE,
    "Zone Settings": ZONE,
    "Zone WAF": ZONE,
}
"""Permissions by their names in Cloudflare's list, each of them there with ` Read` and ` Write`, and their scopes."""


@dataclass(frozen=True)
class Token:
    """The one token: its secret (None takes any of the right form), its permissions (None is all), and its status."""

    secret: str | None = None
    permissions: tuple[str, ...] | None = None
    status: str = "active"


class Tokens:
    """Who may call what."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token = Token()

    def change(self, told: Json) -> Json:
        """Take another token, or change what it may do. Raises ValueError."""
        permissions = told.get("permissions", self.token.permissions)
        unknown = sorted(set(permissions or ()) - set(_names()))
        if unknown:
            raise ValueError(f"permission {unknown[0]!r}: want some of {', '.join(_names())}")
        status = told.get("status", self.token.status)
        if status not in ("active", "disabled", "expired"):
            raise ValueError(f"status {status!r}: want one of active, disabled, expired")
        with self.lock:
            self.token = replace(
                self.token,
                secret=told.get("secret", self.token.secret),
                permissions=None if permissions is None else tuple(permissions),
                status=status,
            )
        return self.describe()

    def describe(self) -> Json:
        """The token without its secret."""
        permissions = None if self.token.permissions is None else list(self.token.permissions)
        return {"permissions": permissions, "status": self.token.status, "any": self.token.secret is None}

    def identify(self, header: str | None, *, verifying: bool) -> None:
        """Let a call in by its Authorization header. Raises RefusedError."""
        if header is None:
            raise RefusedError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        if not FORM.fullmatch(header):
            chain = [{"code": 6111, "message": "Invalid format for Authorization header"}]
            raise RefusedError(400, 6003, "Invalid request headers", chain=chain)
        known = self.token.secret in (None, header.removeprefix("Bearer "))
        if verifying and not known:
            raise RefusedError(401, 1000, "Invalid API Token")
        if not known or (self.token.status != "active" and not verifying):
            raise not_allowed()

    def may(self, group: str, *, write: bool) -> bool:
        """Whether the token has a permission; one to write includes the one to read."""
        held = self.token.permissions
        return held is None or f"{group} Write" in held or (not write and f"{group} Read" in held)


def not_allowed() -> RefusedError:
    """What a token is told that lacks the permission, whatever the reason."""
    return RefusedError(403, 10000, "Authentication error")


def verify(call: "Call") -> Envelope:
    """The answer to a token that asks about itself."""
    status = call.tokens.token.status
    text = "This API Token is valid and active" if status == "active" else f"This API Token is {status}"
    return Envelope(success({"id": TOKEN_ID, "status": status}, [{"code": 10000, "message": text, "type": None}]))


def one(call: "Call") -> Json:
    """A token with its policies. Raises RefusedError."""
    if call.path["token_id"] != TOKEN_ID:
        raise RefusedError(404, 1003, "Invalid API Token identifier")
    token, store = call.tokens.token, call.store
    names = _names() if token.permissions is None else token.permissions
    resources = {
        ZONE: {f"com.cloudflare.api.account.zone.{zone}": "*" for zone in store.zones},
        ACCOUNT: {f"com.cloudflare.api.account.{store.account}": "*"},
        USER: {"com.cloudflare.api.user.*": "*"},
    }
    policies = []
    for scope, reach in resources.items():
        groups = [_group(name) for name in names if GROUPS[name.rpartition(" ")[0]] == scope]
        if groups:
            policies.append({"id": _id(scope), "effect": "allow", "resources": reach, "permission_groups": groups})
    times = {"issued_on": store.started, "modified_on": store.started, "last_used_on": now()}
    return {"id": TOKEN_ID, "name": "sandbox", "status": token.status, **times, "policies": policies}


def permission_groups(call: "Call") -> Page:
    """The permission groups there are, all or those of a name or scope."""
    name, scope = call.query.get("name"), call.query.get("scope")
    found = [{**_group(each), "scopes": [GROUPS[each.rpartition(" ")[0]]]} for each in _names()]
    return Page([g for g in found if name in (None, g["name"]) and (scope is None or scope in g["scopes"])])


def _names() -> list[str]:
    return [f"{group} {verb}" for group in GROUPS for verb in ("Read", "Write")]


def _group(name: str) -> Json:
    return {"id": _id(name), "name": name}


def _id(name: str) -> str:
    """An id of the emulator's own, the same at each start: Cloudflare's are to be looked up by name."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
