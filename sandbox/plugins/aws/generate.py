"""Writes shapes.json: where pulumi-aws and the bridge differ, for the types in tokens.yaml.

The pulumi-aws side is read from the installed SDK's own type annotations, the bridge's side from its schema, which
takes it some 40 seconds to write: `make shapes` runs this when a type or the SDK's version changes.
"""

import hashlib
import importlib
import importlib.metadata
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from keyword import iskeyword
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi import _types as sdk_types
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2

from sandbox.plugins.aws import __main__ as plugin
from sandbox.plugins.aws import bridge
from sandbox.plugins.aws.shapes import TABLE, bridge_token
from yaml_text import parse

TOKENS = Path(__file__).with_name("tokens.yaml")


def tokens() -> dict[str, dict[str, str]]:
    """The table of tokens: Terraform types of `resources` and `functions`, and `renames` of properties."""
    table: dict[str, dict[str, str]] = parse(TOKENS.read_text())
    return table


def sdk_properties(token: str) -> dict[str, type]:
    """A resource's properties and their types, as the installed SDK declares them."""
    _package, module, name = token.split(":")
    folder = module.split("/")[0]
    # A module that is called as a keyword of Python, `lambda`, ends in an underscore.
    source = importlib.import_module(f"pulumi_aws.{folder}_" if iskeyword(folder) else f"pulumi_aws.{folder}")
    resource: type[pulumi.Resource] = getattr(source, name)
    return sdk_types.resource_types(resource)


def sdk_digest(resources: Mapping[str, str]) -> str:
    """A hash that shows whether the installed SDK's declarations of these types are those of the table."""
    seen: dict[str, Any] = {}

    def note(key: str, properties: dict[str, type]) -> None:
        if key not in seen:
            seen[key] = {name: str(annotation) for name, annotation in sorted(properties.items())}
            for annotation in properties.values():
                _listed, inside = _kind(annotation)
                if inside:
                    note(f"{inside.__module__}.{inside.__qualname__}", sdk_types.output_type_types(inside))

    for token in resources:
        note(token, sdk_properties(token))
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def build(schema: Mapping[str, Any], wanted: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    """The table for the `wanted` tokens, from the bridge's `schema`."""
    alignment = _Alignment(schema["types"], wanted["renames"])
    resources = {}
    for token, terraform in sorted(wanted["resources"].items()):
        declared = schema["resources"][bridge_token(terraform)]
        properties = {**declared.get("properties", {}), **declared.get("inputProperties", {})}
        resources[token] = {"terraform": terraform, "shape": alignment.align(token, sdk_properties(token), properties)}
    return {
        "sdk": {"version": importlib.metadata.version("pulumi-aws"), "digest": sdk_digest(wanted["resources"])},
        "resources": resources,
        "functions": wanted["functions"],
        "shapes": {name: shape for name, shape in sorted(alignment.shapes.items()) if shape},
    }


class _Alignment:
    """Pairs the SDK's properties with the bridge's, type by type."""

    def __init__(self, types: Mapping[str, Any], renames: Mapping[str, str]) -> None:
        self._types = types
        self._renames = renames
        self.shapes: dict[str, dict[str, Any]] = {}

    def align(self, name: str, properties: Mapping[str, type], bridge_properties: Mapping[str, Any]) -> str:
        """Record the shape called `name`. Returns the name, or nothing if the two sides do not differ."""
        if name in self.shapes:
            return name if self.shapes[name] else ""
        shape: dict[str, Any] = {"differences": {}, "missing": []}
        self.shapes[name] = shape
        for sdk, annotation in sorted(properties.items()):
            found = self._counterpart(name, sdk, properties, bridge_properties)
            if found is None:
                shape["missing"].append(sdk)
                continue
            listed, inside = _kind(annotation)
            # A rename may name what the schema omits: if two types have the same name, the bridge describes only one of
            # them.
            declared = bridge_properties.get(found, {})
            bridge_listed = declared.get("type") == "array"
            nested = self._inside(inside, declared.get("items", {}) if bridge_listed else declared)
            if listed and not bridge_listed:
                raise ValueError(f"{name}.{sdk}: a list in pulumi-aws, an object in the bridge")
            if found != sdk or listed != bridge_listed or nested:
                shape["differences"][sdk] = [found, bridge_listed and not listed, nested]
        self.shapes[name] = {key: value for key, value in shape.items() if value}
        return name if self.shapes[name] else ""

    def _inside(self, inside: type | None, declared: Mapping[str, Any]) -> str:
        reference = declared.get("$ref", "").removeprefix("#/types/").replace("%2F", "/")
        if not inside or not reference:
            return ""
        bridge_name = reference.rsplit(":", 1)[-1]
        properties = self._types[reference].get("properties", {})
        return self.align(f"{inside.__name__}={bridge_name}", sdk_types.output_type_types(inside), properties)

    def _counterpart(self, name: str, sdk: str, properties: Mapping[str, Any], bridge: Mapping[str, Any]) -> str | None:
        renamed = self._renames.get(f"{name.split('=')[0]}.{sdk}")
        if renamed:
            return renamed
        # Only newer Terraform providers have a resource's own region as an argument.
        if sdk == "region" and name.startswith("aws:"):
            return None
        return next((form for form in _forms(sdk) if form in bridge and (form == sdk or form not in properties)), None)


def _forms(name: str) -> Iterator[str]:
    """The name, and how it may be spelled in the plural and in the singular."""
    yield name
    yield from (f"{name}s", f"{name}es")
    if name.endswith("y"):
        yield f"{name[:-1]}ies"
    if name.endswith("ies"):
        yield f"{name[:-3]}y"
    if name.endswith("es"):
        yield name[:-2]
    if name.endswith("s"):
        yield name[:-1]


def _kind(annotation: Any) -> tuple[bool, type | None]:
    """Whether a property is a list, and the class of the objects in it."""
    origin = get_origin(annotation)
    if origin is Union:
        return _kind(next(option for option in get_args(annotation) if option is not type(None)))
    if origin is Sequence or origin is list:
        return True, _kind(get_args(annotation)[0])[1]
    if origin is not None:
        return False, None
    return False, annotation if sdk_types.is_output_type(annotation) else None


class _SilentEngine(engine_pb2_grpc.EngineServicer):
    """The bridge logs to an engine, and fails without one."""

    def Log(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()


def bridge_schema() -> dict[str, Any]:
    """The bridge's schema of the whole Terraform provider, some 50 MB."""
    engine = grpc.server(ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(_SilentEngine(), engine)
    port = engine.add_insecure_port("127.0.0.1:0")
    engine.start()
    stub = bridge.start(
        os.environ[plugin.BRIDGE_VARIABLE], os.environ[plugin.TERRAFORM_PROVIDER_VARIABLE], f"127.0.0.1:{port}"
    )
    schema = json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest(subpackage_name="aws")).schema)
    engine.stop(None)
    return schema


def main() -> None:
    """Write the table."""
    wanted = tokens()
    print("asking the bridge for its schema (some 40 s) ...", flush=True)
    table = build(bridge_schema(), wanted)
    TABLE.write_text(json.dumps(table, indent=1) + "\n")
    print(f"{TABLE}: {len(table['resources'])} types, {len(table['shapes'])} shapes")


if __name__ == "__main__":
    main()
