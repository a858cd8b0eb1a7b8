"""Writes request_schemas.json: the body that Cloudflare's API accepts for each request that the emulator knows.

Read from the official Python SDK, which Cloudflare generates from the API's own description.
"""

import importlib
import importlib.metadata
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from typing_extensions import is_typeddict

TABLE = Path(__file__).with_name("request_schemas.json")

REQUESTS = {
    "access_application": "zero_trust.access.application_create_params:ApplicationCreateParams",
    "access_policy": "zero_trust.access.policy_create_params:PolicyCreateParams",
    "dns_record": "dns.record_create_params:RecordCreateParams",
    "dnssec": "dns.dnssec_edit_params:DNSSECEditParams",
    "healthcheck": "healthchecks.healthcheck_create_params:HealthcheckCreateParams",
    "leaked_credential_check": "leaked_credential_checks.leaked_credential_check_create_params:"
    "LeakedCredentialCheckCreateParams",
    "notification_policy": "alerting.policy_create_params:PolicyCreateParams",
    "origin_pull_certificate": "origin_tls_client_auth.zone_certificate_create_params:ZoneCertificateCreateParams",
    "origin_pull_settings": "origin_tls_client_auth.setting_update_params:SettingUpdateParams",
    "ruleset": "rulesets.ruleset_create_params:RulesetCreateParams",
    "url_normalization": "url_normalization.url_normalization_update_params:URLNormalizationUpdateParams",
    "zone_setting": "zones.setting_edit_params:SettingEditParams",
}
SCALARS = {str: "string", bool: "boolean", int: "number", float: "number", Any: "any"}
IN_THE_PATH = ("account_id", "zone_id")

Node = Any
"""`"string"`, `"number"`, `"boolean"`, `"opaque"` (an object that is not described), `"any"`, or one of the objects
`{"one_of": [...]}`, `{"list": node}`, `{"map": node}` and `{"object": {name: node}, "required": [...]}`."""


def build() -> dict[str, Any]:
    """The table: the SDK's version, and the schema of each request by its name in REQUESTS."""
    described = {name: _without_path(_node(_type(place))) for name, place in REQUESTS.items()}
    return {"sdk": importlib.metadata.version("cloudflare"), "schemas": described}


def _type(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(f"cloudflare.types.{module}"), name)


def _without_path(node: Node) -> Node:
    fields = {name: inside for name, inside in node["object"].items() if name not in IN_THE_PATH}
    return {"object": fields, "required": [name for name in node["required"] if name not in IN_THE_PATH]}


def _node(annotation: Any) -> Node:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if is_typeddict(annotation):
        return _object(annotation)
    if origin in (Union, UnionType):
        return _merge([_node(option) for option in arguments if option is not NoneType])
    if origin is Literal:
        return {"one_of": sorted(arguments, key=str)}
    if origin in (Mapping, dict):
        return {"map": _node(arguments[1])}
    if origin in (list, Iterable, Sequence) or getattr(origin, "__name__", "") == "SequenceNotStr":
        return {"list": _node(arguments[0])}
    if origin is not None and arguments:
        return _node(arguments[0])
    return SCALARS.get(annotation, "opaque")


def _object(declared: Any) -> Node:
    fields: dict[str, Node] = {}
    required = []
    for name, annotation in get_type_hints(declared, include_extras=True).items():
        inner, wanted, wire = annotation, False, name
        while get_origin(inner) in (Required, NotRequired) or hasattr(inner, "__metadata__"):
            wanted = wanted or get_origin(inner) is Required
            aliases = [getattr(note, "alias", None) for note in getattr(inner, "__metadata__", ())]
            wire = next((alias for alias in aliases if alias), wire)
            inner = get_args(inner)[0]
        fields[wire] = _node(inner)
        if wanted:
            required.append(wire)
    return {"object": dict(sorted(fields.items())), "required": sorted(required)}


def _merge(nodes: list[Node]) -> Node:
    """One node that accepts what any of them accepts: the variants of a union are merged."""
    described = [node for node in nodes if node != "opaque"]
    kinds = {next(iter(node)) if isinstance(node, dict) else "plain" for node in described}
    if kinds == {"one_of", "plain"}:
        return _merge([_plain(node) for node in nodes])
    if not kinds:
        return "opaque"
    kind = kinds.pop()
    if kind == "object" and not kinds:
        return _merged_objects(described)
    if kinds or len(described) < len(nodes):
        return "any"
    if kind == "one_of":
        return {"one_of": sorted({value for node in nodes for value in node["one_of"]}, key=str)}
    if kind == "plain":
        return nodes[0] if len(set(nodes)) == 1 else "any"
    return {kind: _merge([node[kind] for node in nodes])}


def _merged_objects(nodes: list[Node]) -> Node:
    fields: dict[str, list[Node]] = {}
    for node in nodes:
        for name, inside in node["object"].items():
            fields.setdefault(name, []).append(inside)
    required = set.intersection(*(set(node["required"]) for node in nodes))
    return {"object": {name: _merge(options) for name, options in sorted(fields.items())}, "required": sorted(required)}


def _plain(node: Node) -> Node:
    """The type of a node without its values."""
    if isinstance(node, str):
        return node
    kinds = {type(value) for value in node["one_of"]}
    return {str: "string", bool: "boolean", int: "number"}[kinds.pop()] if len(kinds) == 1 else "any"


def main() -> None:
    """Write the table."""
    TABLE.write_text(json.dumps(build(), indent=1) + "\n")
    print(f"{TABLE}: {len(REQUESTS)} requests")


if __name__ == "__main__":
    main()
