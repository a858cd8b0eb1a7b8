"""Writes the flat program: the resources of a preview, one plain pulumi_aws call each, in one file."""

import importlib
import json
import keyword
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any, get_args

from pulumi import _types as sdk_types
from pulumi.runtime.rpc import UNKNOWN

SECRET = "[secret]"
# Long enough, with characters that every service accepts.
SECRET_IN_PLACE = "benchmark0secret0of0thirty2chars"
PROVIDER = "pulumi:providers:aws"
Resource = Mapping[str, Any]


class Names:
    """Names of resources in the generated code, by URN."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._names: dict[str, str] = {}
        taken = {"aws", "pulumi", *keyword.kwlist}
        for resource in resources:
            name = re.sub(r"\W", "_", resource["urn"].rsplit("::", 1)[1])
            forms = chain([name], (f"{name}_{number}" for number in count(2)))
            self._names[resource["urn"]] = next(form for form in forms if form not in taken)
            taken.add(self._names[resource["urn"]])

    def __getitem__(self, urn: str) -> str:
        return self._names[urn]

    def known(self, urns: Sequence[str]) -> list[str]:
        """The URNs with a name: components have none."""
        return [urn for urn in urns if urn in self._names]


class References:
    """Placeholders for the unknown values of one property: the resources from which they come, in turn."""

    def __init__(self, value: Any, sources: Sequence[str]) -> None:
        self._each = len(sources) == sum(1 for leaf in _leaves(value) if leaf == UNKNOWN)
        self._sources = sources
        self._turn = count()

    def next(self) -> list[str]:
        """The sources of the next unknown value."""
        turn = next(self._turn)
        return [self._sources[turn]] if self._each else list(self._sources)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def in_order(resources: Sequence[Resource]) -> list[Resource]:
    """The resources, each after those that it depends on."""
    by_urn = {resource["urn"]: resource for resource in resources}
    ordered: dict[str, Resource] = {}

    def place(resource: Resource) -> None:
        if resource["urn"] not in ordered:
            for urn in resource.get("dependencies") or ():
                if urn in by_urn:
                    place(by_urn[urn])
            ordered[resource["urn"]] = resource

    for resource in resources:
        place(resource)
    return list(ordered.values())


def inputs_of(resource: Resource, names: Names) -> Iterator[tuple[str, Any, References]]:
    """The inputs of a resource, each with the resources from which its unknown values come."""
    for name, value in resource["inputs"].items():
        if not name.startswith("__"):
            sources = names.known(resource.get("propertyDependencies", {}).get(name) or ())
            yield name, value, References(value, sources)


def providers(resources: Sequence[Resource]) -> dict[str, dict[str, Any]]:
    """The arguments of each AWS provider, with the names of Python and Terraform, by its URN.

    The engine keeps all but strings as JSON.
    """
    return {
        resource["urn"]: {
            snake(name): value if name == "region" else json.loads(value)
            for name, value in resource["inputs"].items()
            if name != "version" and not name.startswith("__")
        }
        for resource in resources
        if resource["type"] == PROVIDER
    }


def provider_of(resource: Resource) -> str:
    """The URN of a resource's provider, without the provider's id behind it."""
    return resource["provider"].rpartition("::")[0]


def program(resources: Sequence[Resource]) -> str:
    """The program's text."""
    names = Names(resources)
    lines = ["import pulumi", "import pulumi_aws as aws", ""]
    for urn, inputs in providers(resources).items():
        arguments = ", ".join(f"{name}={value!r}" for name, value in inputs.items())
        lines.append(f'{names[urn]} = aws.Provider("{urn.rpartition("::")[2]}", {arguments})')
    for resource in in_order(resources):
        if resource["type"] != PROVIDER:
            lines += _declaration(resource, names)
    return "\n".join([*lines, ""])


def _declaration(resource: Resource, names: Names) -> Iterator[str]:
    module, type_name = resource["type"].split(":")[1].split("/")[0], resource["type"].split(":")[2]
    resource_class = getattr(importlib.import_module(f"pulumi_aws.{module}"), type_name)
    # If a block already has the plain name, the resource's arguments are called InitArgs.
    defined = vars(sys.modules[resource_class.__module__])
    arguments = defined.get(f"{type_name}InitArgs") or defined[f"{type_name}Args"]
    spelled = {pulumi: python for python, pulumi in sdk_types.input_type_py_to_pulumi_names(arguments).items()}
    types = sdk_types.input_type_types(arguments)
    yield f"{names[resource['urn']]} = aws.{module}.{type_name}("
    yield f"    {names[resource['urn']]!r},"
    mentioned: set[str] = set()
    for name, value, references in inputs_of(resource, names):
        python = spelled.get(name, name)
        yield f"    {python}={_literal(value, types.get(name), references, names)},"
        mentioned |= set(resource["propertyDependencies"].get(name) or ())
    others = sorted(names[urn] for urn in names.known(resource.get("dependencies") or ()) if urn not in mentioned)
    depends = f", depends_on=[{', '.join(others)}]" if others else ""
    protect = ", protect=True" if resource.get("protect") else ""
    yield f"    opts=pulumi.ResourceOptions(provider={names[provider_of(resource)]}{protect}{depends}),"
    yield ")"


def _literal(value: Any, annotation: Any, references: References, names: Names) -> str:
    if value == UNKNOWN:
        sources = [f"{names[urn]}.id" for urn in references.next()]
        return sources[0] if len(sources) == 1 else f"pulumi.Output.concat({', '.join(sources)})"
    if value == SECRET:
        return f"pulumi.Output.secret({SECRET_IN_PLACE!r})"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(part, annotation, references, names) for part in value) + "]"
    if not isinstance(value, dict):
        return repr(value)
    inside = _input_class(annotation)
    if inside is None:
        return "{" + ", ".join(f"{k!r}: {_literal(v, None, references, names)}" for k, v in value.items()) + "}"
    spelled = {pulumi: python for python, pulumi in sdk_types.input_type_py_to_pulumi_names(inside).items()}
    types = sdk_types.input_type_types(inside)
    arguments = (f"{spelled.get(k, k)}={_literal(v, types.get(k), references, names)}" for k, v in value.items())
    return f"aws.{inside.__module__.split('.')[1]}.{inside.__name__}({', '.join(arguments)})"


def _input_class(annotation: Any) -> type | None:
    """The class of arguments in a property's type, however wrapped."""
    if isinstance(annotation, type) and sdk_types.is_input_type(annotation):
        return annotation
    return next((found for option in get_args(annotation) if (found := _input_class(option))), None)


def snake(name: str) -> str:
    """`cidrBlock` is `cidr_block`."""
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), name)
