"""Writes shapes.json: the properties of each type that the plugin knows, and their names in the API.

Names and types are read from the installed pulumi-cloudflare, the API's names from the emulator's request schemas,
which come from Cloudflare's own SDK.
"""

import importlib
import importlib.metadata
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Union, get_args, get_origin

import pulumi
from pulumi import _types as sdk_types

from lazy_sdk import import_lazily
from sandbox.cloudflare import request_schemas
from sandbox.plugins.cloudflare.kinds import KINDS, Kind
from sandbox.plugins.cloudflare.shapes import TABLE, snake

REQUESTS = {
    "AuthenticatedOriginPullsCertificate": "origin_pull_certificate",
    "AuthenticatedOriginPullsSettings": "origin_pull_settings",
    "DnsRecord": "dns_record",
    "Healthcheck": "healthcheck",
    "LeakedCredentialCheck": "leaked_credential_check",
    "NotificationPolicy": "notification_policy",
    "Ruleset": "ruleset",
    "UrlNormalizationSettings": "url_normalization",
    "ZeroTrustAccessApplication": "access_application",
    "ZeroTrustAccessPolicy": "access_policy",
    "ZoneDnssec": "dnssec",
    "ZoneSetting": "zone_setting",
}

Shape = dict[str, Any]
"""For each property by Pulumi's name: `[name in the API, kind, shape of the objects inside or None]`."""


def build() -> dict[str, Any]:
    """The table, for all types in KINDS."""
    import_lazily("pulumi_cloudflare")
    types = {token: _type(kind) for token, kind in sorted(KINDS.items())}
    provider = sdk_types.input_type_py_to_pulumi_names(_sdk("ProviderArgs"))
    return {
        "sdk": importlib.metadata.version("pulumi-cloudflare"),
        "provider": sorted(provider.values()),
        "types": types,
    }


def _sdk(name: str) -> Any:
    return getattr(importlib.import_module("pulumi_cloudflare"), name)


def _type(kind: Kind) -> dict[str, Any]:
    resource: type[pulumi.Resource] = _sdk(kind.type)
    arguments = sdk_types.input_type_py_to_pulumi_names(_sdk(f"{kind.type}Args"))
    body = request_schemas.table()["schemas"][REQUESTS[kind.type]]
    shape = _shape(sdk_types.resource_types(resource), body)
    return {"inputs": sorted(arguments.values()), "properties": shape}


def _shape(properties: Mapping[str, Any], node: Any) -> Shape:
    fields = node.get("object", {}) if isinstance(node, dict) else {}
    shape = {}
    for name, annotation in sorted(properties.items()):
        kind, inside = _kind(annotation)
        wire = _wire(name, fields)
        node_inside = fields.get(wire)
        if kind == "list" and isinstance(node_inside, dict):
            node_inside = node_inside.get("list")
        if kind == "map" and isinstance(node_inside, dict):
            node_inside = node_inside.get("map")
        nested = _shape(sdk_types.output_type_types(inside), node_inside) if inside else None
        shape[name] = [wire, kind, nested]
    return shape


def _wire(name: str, fields: Mapping[str, Any]) -> str:
    """The API's name: spelled another way, in the singular, or as Pulumi's without its capitals."""
    plain = {_plain(field): field for field in fields}
    return next((plain[form] for form in _forms(_plain(name)) if form in plain), snake(name))


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _forms(name: str) -> list[str]:
    """The name, and how it may be spelled in the singular."""
    forms = [name]
    if name.endswith("ies"):
        forms.append(f"{name[:-3]}y")
    if name.endswith("es"):
        forms.append(name[:-2])
    if name.endswith("s"):
        forms.append(name[:-1])
    return forms


def _kind(annotation: Any) -> tuple[str, type | None]:
    """Whether a property is a `list`, a `map`, an `object`, `text` or `other`, and the class of the objects inside."""
    origin = get_origin(annotation)
    if origin is Union:
        return _kind(next(option for option in get_args(annotation) if option is not type(None)))
    if origin in (Sequence, list):
        return "list", _kind(get_args(annotation)[0])[1]
    if origin in (Mapping, dict):
        return "map", _kind(get_args(annotation)[1])[1]
    if sdk_types.is_output_type(annotation):
        return "object", annotation
    return ("text" if annotation is str else "other"), None


def main() -> None:
    """Write the table."""
    table = build()
    # A property without anything inside is one line.
    text = re.sub(r'\[\s+("[^"]*"),\s+("[^"]*"),\s+null\s+\]', r"[\1, \2, null]", json.dumps(table, indent=1))
    TABLE.write_text(text + "\n")
    print(f"{TABLE}: {len(table['types'])} types")


if __name__ == "__main__":
    main()
