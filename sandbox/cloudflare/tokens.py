"""API tokens: which one the emulator accepts, and its permissions."""

import re
import threading
from dataclasses import dataclass, replace

from sandbox.cloudflare.answers import Json, RefusedError

FORM = re.compile(r"Bearer [A-Za-z0-9_-]{40,}")
"""Cloudflare's API reference: a token has 40 characters; newer ones have a prefix and more."""

ZONE, ACCOUNT, USER = (
    "com.cloudflare.api.account.zone",
    "com.cloudflare.api.account",
    "com.cloudflare.api.user",
)

GROUPS = {
    "API Tokens": USER,
    "Access: Apps and Policies": ACCOUNT,
    "Access: Organizations, Identity Providers, and Groups": ACCOUNT,
    "Cache Settings": ZONE,
    "Custom Errors": ZONE,
    "DNS": ZONE,
    "Dynamic URL Redirects": ZONE,
    "Health Checks": ZONE,
    "Notifications": ACCOUNT,
    "SSL and Certificates": ZONE,
    "Zone": ZONE,
    "Zone Settings": ZONE,
    "Zone WAF": ZONE,
}
"""Permissions by their names in Cloudflare's list, each with ` Read` and ` Write`, and their scopes."""


@dataclass(frozen=True)
class Token:
    """The one token: its secret (None takes any of the right form), its permissions (None is all), and its status.

    A user's token answers under the user, one that the account owns under the account.
    """

    secret: str | None = None
    permissions: tuple[str, ...] | None = None
    status: str = "active"
    owner: str = "user"


class Tokens:
    """Who may call what."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token = Token()

    def change(self, changes: Json) -> Json:
        """Replace the token, or change its permissions. Raises ValueError."""
        granted = changes.get("permissions", self.token.permissions)
        unknown = sorted(set(granted or ()) - set(permissions()))
        if unknown:
            raise ValueError(f"permission {unknown[0]!r}: want some of {', '.join(permissions())}")
        status = changes.get("status", self.token.status)
        if status not in ("active", "disabled", "expired"):
            raise ValueError(f"status {status!r}: want one of active, disabled, expired")
        owner = changes.get("owner", self.token.owner)
        if owner not in ("user", "account"):
            raise ValueError(f"owner {owner!r}: want one of user, account")
        with self.lock:
            self.token = replace(
                self.token,
                secret=changes.get("secret", self.token.secret),
                permissions=None if granted is None else tuple(granted),
                status=status,
                owner=owner,
            )
        return self.describe()

    def describe(self) -> Json:
        """The token without its secret."""
        granted = None if self.token.permissions is None else list(self.token.permissions)
        token = self.token
        return {"permissions": granted, "status": token.status, "owner": token.owner, "any": token.secret is None}

    def identify(self, header: str | None, *, verifying: bool) -> None:
        """Authenticate a call by its Authorization header. Raises RefusedError."""
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
        """Whether the token has a permission; Write includes Read."""
        held = self.token.permissions
        return held is None or f"{group} Write" in held or (not write and f"{group} Read" in held)


def not_allowed() -> RefusedError:
    """The answer to a call without permission, whatever the reason."""
    return RefusedError(403, 10000, "Authentication error")


def permissions() -> list[str]:
    """Cloudflare's names of all permissions."""
    return [f"{group} {verb}" for group in GROUPS for verb in ("Read", "Write")]
