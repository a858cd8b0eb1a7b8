"""Writes the same resources as a Terraform configuration, for the same provider binary."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.plugins.aws.shapes import mapping
from sandbox.toolchain.provider import find_provider
from sandbox.toolchain.steps import SandboxError
from tools.bench.flat import (
    PROVIDER,
    SECRET,
    SECRET_IN_PLACE,
    Names,
    References,
    Resource,
    inputs_of,
    provider_of,
    providers,
    snake,
)
from tools.bench.workbench import Workbench, output

SOURCE = "hashicorp/aws"
SCHEMA_NAME = f"registry.terraform.io/{SOURCE}"
Block = Mapping[str, Any]


def executable() -> Path | None:
    """The terraform of this machine, None without one."""
    found = shutil.which("terraform") or shutil.which("tofu")
    return Path(found) if found else None


def variables(bench: Workbench) -> dict[str, str]:
    """The environment of terraform: the engine's, without internet access."""
    return {**bench.environment, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


def prepare(binary: Path, folder: Path, resources: Sequence[Resource], bench: Workbench) -> None:
    """Write and initialise the configuration in a folder."""
    head = {"terraform": {"required_providers": {"aws": {"source": SOURCE}}}}
    main = folder / "main.tf.json"
    main.write_text(json.dumps(head))
    # <mirror>/registry.terraform.io/hashicorp/aws/<version>/<system>/<binary>
    mirror = find_provider(SOURCE).parents[5]
    environment = variables(bench)
    output([binary, "init", "-no-color", "-input=false", f"-plugin-dir={mirror}"], folder, environment)
    schema = json.loads(output([binary, "providers", "schema", "-json"], folder, environment))
    main.write_text(json.dumps({**head, **configuration(resources, schema["provider_schemas"][SCHEMA_NAME])}, indent=1))


def configuration(resources: Sequence[Resource], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The provider and the resources in Terraform's JSON syntax."""
    names = Names(resources)
    types = {
        resource["urn"]: mapping(resource["type"]).terraform for resource in resources if resource["type"] != PROVIDER
    }
    addresses = {urn: f"{terraform}.{names[urn]}" for urn, terraform in types.items()}
    declared: dict[str, dict[str, Any]] = {}
    for resource in resources:
        if resource["type"] == PROVIDER:
            continue
        terraform = types[resource["urn"]]
        writer = _Writer({names[urn]: address for urn, address in addresses.items()}, names)
        block = schema["resource_schemas"][terraform]["block"]
        declared.setdefault(terraform, {})[names[resource["urn"]]] = writer.resource(resource, block)
    configured = [{"alias": names[urn], **inputs} for urn, inputs in providers(resources).items()]
    return {"provider": {"aws": configured}, "resource": declared}


class _Writer:
    """Writes values in the spelling of the provider's schema."""

    def __init__(self, addresses: Mapping[str, str], names: Names) -> None:
        self._addresses = addresses
        self._names = names

    def resource(self, resource: Resource, block: Block) -> dict[str, Any]:
        """The body of a resource."""
        body: dict[str, Any] = {"provider": f"aws.{self._names[provider_of(resource)]}"}
        renamed = mapping(resource["type"]).shape.to_bridge
        for name, value, references in inputs_of(resource, self._names):
            key = _spelled(renamed[name].name if name in renamed else name, block, resource["type"])
            body[key] = self._member(value, key, block, references)
        mentioned = {urn for urns in resource["propertyDependencies"].values() for urn in urns}
        others = self._names.known([urn for urn in resource.get("dependencies") or () if urn not in mentioned])
        if others:
            body["depends_on"] = [self._addresses[self._names[urn]] for urn in others]
        return body

    def _member(self, value: Any, key: str, block: Block, references: References) -> Any:
        if key in block.get("attributes", {}):
            attribute = block["attributes"][key]
            return self._attribute(value, attribute.get("type") or _nested(attribute["nested_type"]), references)
        inside = block["block_types"][key]["block"]
        items = value if isinstance(value, list) else [value]
        return [self._block(item, inside, references) for item in items]

    def _block(self, value: Mapping[str, Any], block: Block, references: References) -> dict[str, Any]:
        keys = {name: _spelled(name, block, "a block") for name in value}
        return {key: self._member(value[name], key, block, references) for name, key in keys.items()}

    def _attribute(self, value: Any, kind: Any, references: References) -> Any:
        collection: str = kind[0] if isinstance(kind, list) else kind
        inside: Any = kind[1] if isinstance(kind, list) else None
        if collection in ("list", "set"):
            items = value if isinstance(value, list) else [value]
            return [self._attribute(item, inside, references) for item in items]
        if value == UNKNOWN:
            return "".join(f"${{{self._addresses[self._names[urn]]}.id}}" for urn in references.next())
        if collection == "object":
            # An object attribute must name every member.
            given = {_spelled(name, {"attributes": inside}, "an object"): part for name, part in value.items()}
            return {
                key: self._attribute(given[key], inside[key], references) if key in given else None for key in inside
            }
        if collection == "map":
            return {name: self._attribute(part, inside, references) for name, part in value.items()}
        return SECRET_IN_PLACE if value == SECRET else _quoted(value)


def _nested(nested: Mapping[str, Any]) -> Any:
    """The type of an attribute with attributes of its own."""
    members = {
        name: attribute.get("type") or _nested(attribute["nested_type"])
        for name, attribute in nested["attributes"].items()
    }
    mode = nested["nesting_mode"]
    return ["object", members] if mode == "single" else [mode, ["object", members]]


def _spelled(name: str, block: Block, where: str) -> str:
    """A property's name in the schema, which may be singular where pulumi-aws has the plural, or vice versa."""
    known = [*block.get("attributes", {}), *block.get("block_types", {})]
    exact = snake(name)
    if exact in known:
        return exact
    found = [key for key in known if key.rstrip("eisy") == exact.rstrip("eisy")]
    if len(found) != 1:
        raise SandboxError(f"{where}: no counterpart of {name} in the Terraform provider's schema")
    return found[0]


def _quoted(value: Any) -> Any:
    """A value that Terraform uses literally."""
    return value.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else value
