"""Which operation of a service a request asks for, in each protocol that AWS speaks, by botocore's models."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import WSGIEnvironment

from botocore.model import OperationModel, ServiceModel
from botocore.session import get_session

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Resource:
    """How a request of a REST protocol identifies its operation."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    headers: frozenset[str]

    def is_asked(self, environ: WSGIEnvironment, query: set[str]) -> bool:
        """Whether a request matches it."""
        return (
            environ["REQUEST_METHOD"] == self.method
            and self.query <= query
            and self.headers <= environ.keys()
            and self.path.fullmatch(unquote(environ["PATH_INFO"])) is not None
        )

    @property
    def weight(self) -> tuple[int, int]:
        """How specific it is: if two match, the more specific one is meant."""
        return len(self.query) + len(self.headers), len(self.path.pattern)


class Service:
    """A service by its name in boto3."""

    def __init__(self, name: str) -> None:
        self.model: ServiceModel = get_session().get_service_model(name)

    @property
    def signed_as(self) -> str:
        """The name in the signatures of its requests."""
        return str(self.model.signing_name)

    @property
    def operations(self) -> list[str]:
        """The names of its operations."""
        return list(self.model.operation_names)

    def errors(self, operation: str) -> dict[str, int]:
        """The errors that an operation declares, with their HTTP status."""
        shapes: list[Any] = self.model.operation_model(operation).error_shapes
        return {shape.error_code: shape.metadata.get("error", {}).get("httpStatusCode", 400) for shape in shapes}

    def asked(self, environ: WSGIEnvironment) -> str:
        """The operation of a request; empty for one of another service with the same signature."""
        if target := environ.get("HTTP_X_AMZ_TARGET"):
            return target.rpartition(".")[2]
        if environ.get("HTTP_SMITHY_PROTOCOL"):
            return environ["PATH_INFO"].rpartition("/")[2]
        if self.model.protocol in ("query", "ec2"):
            form = _form(environ)
            return form.get("Action", "") if form.get("Version") == self.model.api_version else ""
        given = set(parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        found = [resource for resource in self._resources if resource.is_asked(environ, given)]
        return max(found, key=lambda resource: resource.weight).operation if found else ""

    @cached_property
    def _resources(self) -> list[Resource]:
        return [_resource(self.model.operation_model(name)) for name in self.operations]


@lru_cache
def service(name: str) -> Service:
    """A service; its model is read once."""
    return Service(name)


def services() -> list[str]:
    """boto3's names of AWS's services."""
    return list(get_session().get_available_services())


def _form(environ: WSGIEnvironment) -> dict[str, str]:
    """The fields of a form, which can still be read by others."""
    if not environ.get("CONTENT_TYPE", "").startswith(FORM):
        return {}
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(body)
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def _resource(operation: OperationModel) -> Resource:
    http = operation.http
    path, _, query = http["requestUri"].partition("?")
    return Resource(
        operation=operation.name,
        method=http["method"],
        path=re.compile("".join(_pattern(path)) + "/?"),
        query=frozenset(parse_qs(query, keep_blank_values=True)) | frozenset(_required(operation, "querystring")),
        headers=frozenset(f"HTTP_{name.upper().replace('-', '_')}" for name in _required(operation, "header")),
    )


def _pattern(path: str) -> Iterator[str]:
    """`/{Bucket}/{Key+}` as a regular expression."""
    for part in re.split(r"(\{[^}]+\})", path):
        if not part.startswith("{"):
            yield re.escape(part)
        else:
            yield ".+" if part.endswith("+}") else "[^/]+"


def _required(operation: OperationModel, location: str) -> Iterator[str]:
    """The required value of a request there."""
    shape: Any = operation.input_shape
    for name in shape.required_members if shape else ():
        found = shape.members[name].serialization
        if found.get("location") == location:
            yield found["name"]
