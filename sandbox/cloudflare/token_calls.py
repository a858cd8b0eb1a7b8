"""The calls with which a token reads its own status and permissions."""

import hashlib

from sandbox.cloudflare.answers import Envelope, Json, Page, RefusedError, success
from sandbox.cloudflare.calls import Call
from sandbox.cloudflare.store import now
from sandbox.cloudflare.tokens import ACCOUNT, GROUPS, USER, ZONE, permissions

TOKEN_ID = "ed17574386854bf78a67040be0a770b0"


def verify(call: Call) -> Envelope:
    """The status of the calling token, under its owner. Raises RefusedError."""
    _belongs(call)
    status = call.tokens.token.status
    text = "This API Token is valid and active" if status == "active" else f"This API Token is {status}"
    return Envelope(success({"id": TOKEN_ID, "status": status}, [{"code": 10000, "message": text, "type": None}]))


def one(call: Call) -> Json:
    """A token with its policies. Raises RefusedError."""
    _belongs(call)
    if call.path["token_id"] != TOKEN_ID:
        raise RefusedError(404, 1003, "Invalid API Token identifier")
    token, store = call.tokens.token, call.store
    names = permissions() if token.permissions is None else token.permissions
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


def _belongs(call: Call) -> None:
    """A token is unknown under the other kind of owner (Cloudflare, "Account API tokens")."""
    if call.tokens.token.owner != ("account" if "account_id" in call.path else "user"):
        raise RefusedError(401, 1000, "Invalid API Token")


def permission_groups(call: Call) -> Page:
    """The permission groups, all or those of a name or scope."""
    name, scope = call.query.get("name"), call.query.get("scope")
    found = [{**_group(each), "scopes": [GROUPS[each.rpartition(" ")[0]]]} for each in permissions()]
    return Page([g for g in found if name in (None, g["name"]) and (scope is None or scope in g["scopes"])])


def _group(name: str) -> Json:
    return {"id": _id(name), "name": name}


def _id(name: str) -> str:
    """The emulator's own ID, the same at each start: Cloudflare's must be looked up by name."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
