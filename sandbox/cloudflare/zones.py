"""Zones and what each has once: settings, DNSSEC, and authenticated origin pulls."""

import hashlib
from typing import Any

from sandbox.cloudflare import request_schemas
from sandbox.cloudflare.answers import Page, RefusedError
from sandbox.cloudflare.calls import Call
from sandbox.cloudflare.store import Resource, now

ON_OFF = ("off", "on")
URL_NORMALIZATION = {"scope": "incoming", "type": "cloudflare"}
"""The default of a zone (Cloudflare, "URL normalization settings")."""
NO_STRICT_TRANSPORT = {
    "enabled": False,
    "include_subdomains": False,
    "max_age": 0,
    "nosniff": False,
    "preload": False,
}
"""All members of HSTS, which are always answered (Cloudflare's API reference, zone settings)."""
SETTINGS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "always_use_https": ("off", ON_OFF),
    "automatic_https_rewrites": ("on", ON_OFF),
    "brotli": ("on", ON_OFF),
    "browser_check": ("on", ON_OFF),
    "http3": ("on", ON_OFF),
    "ipv6": ("on", ON_OFF),
    "min_tls_version": ("1.0", ("1.0", "1.1", "1.2", "1.3")),
    "opportunistic_encryption": ("on", ON_OFF),
    "security_header": ({"strict_transport_security": dict(NO_STRICT_TRANSPORT)}, ()),
    "security_level": ("medium", ("off", "essentially_off", "low", "medium", "high", "under_attack")),
    "ssl": ("full", ("off", "flexible", "full", "strict", "origin_pull")),
    "tls_1_3": ("on", ("on", "off", "zrt")),
    "tls_client_auth": ("off", ON_OFF),
    "websockets": ("on", ON_OFF),
    "0rtt": ("off", ON_OFF),
}
"""Settings of a zone with their defaults and allowed values (Cloudflare's API reference, zones and their settings); the
values of objects are not checked."""


def listed(call: Call) -> Page:
    """The zones, all or the one of a name."""
    return Page([_zone(call, key) for key, name in call.store.zones.items() if call.query.get("name", name) == name])


def one(call: Call) -> Resource:
    """A zone by its ID."""
    return _zone(call, call.path["zone_id"])


def _zone(call: Call, key: str) -> Resource:
    started = call.store.started
    return {
        "id": key,
        "name": call.store.zones[key],
        "status": call.store.status,
        "paused": False,
        "type": "full",
        "development_mode": 0,
        "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "created_on": started,
        "modified_on": started,
        "activated_on": started,
        "account": {"id": call.store.account, "name": "sandbox"},
        "owner": {"id": None, "type": "user", "email": None},
        "meta": {"step": 4, "page_rule_quota": 3, "phishing_detected": False},
        "plan": {"name": f"{call.store.plan.title()} Website", "legacy_id": call.store.plan, "is_subscribed": True},
    }


def settings(call: Call) -> Page:
    """All settings of a zone."""
    return Page([_setting(call, name) for name in SETTINGS])


def setting(call: Call) -> Resource:
    """A setting of a zone."""
    return _setting(call, call.path["setting_id"])


def setting_edited(call: Call) -> Resource:
    """A setting with a new value."""
    name = call.path["setting_id"]
    old, body = _setting(call, name), request_schemas.check("zone_setting", call.body)
    if "value" not in body:
        raise RefusedError(400, 1006, "Missing required value", pointer="/value")
    value, allowed = body["value"], SETTINGS[name][1]
    valid = value in allowed if allowed else _is_strict_transport(value)
    if not valid:
        raise RefusedError(400, 1007, f"Invalid value for zone setting {name}", pointer="/value")
    if not allowed:
        # Whether Cloudflare keeps omitted values is not documented: here they are lost.
        value = {key: NO_STRICT_TRANSPORT | inside for key, inside in value.items()}
    call.store.singles[f"{call.owner}/settings/{name}"] = {**old, "value": value, "modified_on": now()}
    return _setting(call, name)


def _setting(call: Call, name: str) -> Resource:
    if name not in SETTINGS:
        raise RefusedError(400, 1006, f"Undefined zone setting: {name}")
    default = {"id": name, "value": SETTINGS[name][0], "editable": True, "modified_on": None}
    return call.store.singles.get(f"{call.owner}/settings/{name}", default)


def _is_strict_transport(value: object) -> bool:
    inside = value.get("strict_transport_security") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(inside, dict):
        return False
    known = all(name in NO_STRICT_TRANSPORT for name in inside)
    return known and all(type(part) is type(NO_STRICT_TRANSPORT[name]) for name, part in inside.items())


def dnssec(call: Call) -> Resource:
    """DNSSEC of a zone, with the DS record for the registrar."""
    default = {"status": "disabled", "dnssec_multi_signer": False, "dnssec_presigned": False, "modified_on": None}
    return call.store.singles.get(f"{call.owner}/dnssec", default)


def dnssec_edited(call: Call) -> Resource:
    """DNSSEC turned on or off: it waits for the DS record at the registrar, which nobody sets here."""
    body = request_schemas.check("dnssec", call.body)
    asked = {"active": "pending", "disabled": "pending-disabled"}
    changed = {**dnssec(call), **body, "modified_on": now()}
    current = dnssec(call)["status"]
    if body.get("status"):
        changed["status"] = current if current == body["status"] else asked[body["status"]]
    digest = hashlib.sha256(call.zone_name.encode()).hexdigest().upper()
    call.store.singles[f"{call.owner}/dnssec"] = {
        **changed,
        "flags": 257,
        "algorithm": "13",
        "key_type": "ECDSAP256SHA256",
        "digest_type": "2",
        "digest_algorithm": "SHA256",
        "digest": digest,
        "ds": f"{call.zone_name}. 3600 IN DS 2371 13 2 {digest}",
        "key_tag": 2371,
        "public_key": f"sandbox{digest[:32]}",
    }
    return dnssec(call)


def dnssec_deleted(call: Call) -> str:
    """DNSSEC deleted, with its keys."""
    call.store.singles.pop(f"{call.owner}/dnssec", None)
    return ""


def url_normalization(call: Call) -> Resource:
    """How the paths of visitors' URLs are normalized before rules see them."""
    return call.store.singles.get(f"{call.owner}/url_normalization", URL_NORMALIZATION)


def url_normalization_edited(call: Call) -> Resource:
    """The same, changed."""
    given = request_schemas.check("url_normalization", call.body)
    call.store.singles[f"{call.owner}/url_normalization"] = {**URL_NORMALIZATION, **given}
    return url_normalization(call)


def url_normalization_deleted(call: Call) -> None:
    """The same, as it was at first."""
    call.store.singles.pop(f"{call.owner}/url_normalization", None)


def leaked_credentials(call: Call) -> Resource:
    """Whether leaked passwords are detected."""
    return call.store.singles.get(f"{call.owner}/leaked_credentials", {"enabled": False})


def leaked_credentials_edited(call: Call) -> Resource:
    """The same, turned on or off."""
    given = request_schemas.check("leaked_credential_check", call.body)
    call.store.singles[f"{call.owner}/leaked_credentials"] = {**leaked_credentials(call), **given}
    return leaked_credentials(call)


def origin_pulls(call: Call) -> Resource:
    """Whether Cloudflare presents the zone's client certificate to origins."""
    return call.store.singles.get(f"{call.owner}/origin_pulls", {"enabled": False})


def origin_pulls_edited(call: Call) -> Resource:
    """The same, turned on or off."""
    call.store.singles[f"{call.owner}/origin_pulls"] = request_schemas.check("origin_pull_settings", call.body)
    return origin_pulls(call)
