"""DNS records: the content of a zone, and which records cannot have the same name.

Codes as Cloudflare answers them, collected from the trackers of its clients: 81044, 81053, 81054 and 81058 for records
that are missing or in each other's way; 9000, 9004, 9005, 9007 and 9021 for values.
"""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from sandbox.cloudflare import request_schemas
from sandbox.cloudflare.answers import Page, RefusedError
from sandbox.cloudflare.calls import Call, found
from sandbox.cloudflare.store import Resource, new_id, now

PROXIABLE = ("A", "AAAA", "CNAME")
ADDRESSES = {"A": (IPv4Address, "IPv4"), "AAAA": (IPv6Address, "IPv6")}
LABEL = re.compile(r"(\*|_?[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?)", re.IGNORECASE)
TTL_SECONDS = (60, 86_400)
"""Cloudflare's API reference: or 1, which is automatic and the only one for a proxied record."""

PER_PAGE = 100
"""Cloudflare's API reference: the default page size of records."""

COMPUTED = ("id", "created_on", "modified_on", "proxiable", "meta")
NAME = "dns_records"


def listed(call: Call) -> Page:
    """Records of a zone, filtered by `type`, `name`, `content`, `proxied` and their variants."""
    records = sorted(call.collection(NAME).values(), key=lambda record: (record["name"], record["type"]))
    return Page([record for record in records if _matches(record, call.query)])


def one(call: Call) -> Resource:
    """A record by its ID."""
    return found(call.collection(NAME), call.path["dns_record_id"], 81044, "Record does not exist.")


def created(call: Call) -> Resource:
    """A new record."""
    record = _record(call, request_schemas.check("dns_record", call.body), new_id())
    call.collection(NAME)[record["id"]] = record
    return record


def replaced(call: Call) -> Resource:
    """A record with new values: omitted values get their default."""
    return _stored(call, one(call), request_schemas.check("dns_record", call.body))


def edited(call: Call) -> Resource:
    """A record with some values changed."""
    old = one(call)
    body = request_schemas.check("dns_record", call.body, partial=True)
    kept = {key: value for key, value in old.items() if key not in (*COMPUTED, "comment_modified_on")}
    return _stored(call, old, {**kept, **body})


def deleted(call: Call) -> Resource:
    """Deletes a record, and returns its ID."""
    record = one(call)
    del call.collection(NAME)[record["id"]]
    return {"id": record["id"]}


def _stored(call: Call, old: Resource, body: dict[str, Any]) -> Resource:
    record = {**_record(call, body, old["id"]), "created_on": old["created_on"]}
    call.collection(NAME)[old["id"]] = record
    return record


def _record(call: Call, body: dict[str, Any], key: str) -> Resource:
    kind, name = body["type"], _full_name(body["name"], call.zone_name)
    proxied = body.get("proxied", False)
    if proxied and kind not in PROXIABLE:
        raise RefusedError(400, 9004, f"The {kind} record cannot be proxied.")
    ttl = 1 if proxied else body["ttl"]
    if ttl != 1 and not TTL_SECONDS[0] <= ttl <= TTL_SECONDS[1]:
        raise RefusedError(400, 9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")
    body = {**body, "name": name, "content": _content(kind, body), "ttl": ttl, "proxied": proxied}
    _refuse_conflicts(call, body, key)
    time = now()
    return {
        "id": key,
        "comment": None,
        "tags": [],
        "settings": {},
        **body,
        "proxiable": kind in PROXIABLE,
        "meta": {},
        "created_on": time,
        "modified_on": time,
        **({"comment_modified_on": time} if body.get("comment") else {}),
    }


def _full_name(given: str, zone: str) -> str:
    """A record's name with that of its zone. Raises RefusedError."""
    name = given.lower().rstrip(".")
    name = zone if name in ("@", zone) else name if name.endswith(f".{zone}") else f"{name}.{zone}"
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in name.split(".")):
        raise RefusedError(400, 9000, "DNS name is invalid.")
    return name


def _content(kind: str, body: dict[str, Any]) -> str:
    content = str(body.get("content") or "").strip()
    data = body.get("data") or {}
    if kind == "CAA" and data:
        return f'{data.get("flags", 0)} {data.get("tag")} "{data.get("value")}"'
    if kind in ADDRESSES:
        address, family = ADDRESSES[kind]
        try:
            return str(address(content))
        except ValueError:
            text = f"Content for {kind} record must be a valid {family} address."
            raise RefusedError(400, 9005, text) from None
    if kind == "CNAME":
        content = content.lower().rstrip(".")
        labels = content.split(".")
        if len(labels) < 2 or labels[-1].isdecimal() or not all(LABEL.fullmatch(label) for label in labels):
            raise RefusedError(400, 9007, "Content for CNAME record is invalid.")
    elif not content and not body.get("data"):
        raise RefusedError(400, 9007, f"Content for {kind} record is invalid.")
    return content


def _refuse_conflicts(call: Call, body: dict[str, Any], key: str) -> None:
    """A CNAME is the only address record of its name, and no two records are equal."""
    for other in call.collection(NAME).values():
        if other["id"] == key or other["name"] != body["name"]:
            continue
        if other["type"] == body["type"] and other["content"] == body["content"]:
            raise RefusedError(400, 81058, "An identical record already exists.")
        if body["type"] == "CNAME" and other["type"] in PROXIABLE:
            raise RefusedError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
        if body["type"] in PROXIABLE and other["type"] == "CNAME":
            raise RefusedError(400, 81054, "A CNAME record with that host already exists.")


def _matches(record: Resource, query: Any) -> bool:
    for key, wanted in query.items():
        field, _, how = key.partition(".")
        if field not in ("type", "name", "content", "proxied", "comment"):
            continue
        actual = str(record.get(field) or "").lower()
        wanted = wanted.lower()
        tests = {
            "contains": wanted in actual,
            "startswith": actual.startswith(wanted),
            "endswith": actual.endswith(wanted),
        }
        if not tests.get(how, actual == wanted):
            return False
    return True
