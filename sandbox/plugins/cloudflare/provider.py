"""The provider service that the engine calls."""

import os
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import grpc
from google.protobuf import empty_pb2

from sandbox.plugins.cloudflare import properties, resources, shapes
from sandbox.plugins.cloudflare.client import BASE_URL, ApiError, Client
from sandbox.plugins.cloudflare.differences import answer, differences
from sandbox.plugins.cloudflare.kinds import Kind
from sandbox.plugins.cloudflare.properties import Secret, Unknown, bare, has_unknown
from sandbox.plugins.protocol import provider_pb2
from sandbox.plugins.provider import Context, Provider

TOKEN_VARIABLE = "CLOUDFLARE_API_TOKEN"
BASE_VARIABLE = "CLOUDFLARE_BASE_URL"
# The parts of a state that an update does not change: everything but its times and versions.
VOLATILE = {"commentModifiedOn", "lastUpdated", "modified", "modifiedOn", "tagsModifiedOn", "updatedAt", "version"}


def _of_resource(method: Callable[..., Any]) -> Callable[..., Any]:
    """A call about a resource: the method receives its kind; an error carries the resource's name."""

    @wraps(method)
    def call(self: "CloudflareProvider", request: Any, context: Context) -> Any:
        _stack, _project, types, name = request.urn.split("::", 3)
        token = types.rsplit("$", 1)[-1]
        try:
            return method(self, request, resources.kind_of(token))
        except resources.UnknownTypeError as error:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except (ApiError, ValueError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, f"{token.rpartition(':')[2]} {name}: {error}")

    return call


class CloudflareProvider(Provider):
    """One provider, once the engine has configured it."""

    name = "cloudflare"

    def __init__(self, version: str, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(version)
        self._sleep = sleep
        self._client: Client | None = None

    def Cancel(self, request: Any, context: Context) -> Any:
        return empty_pb2.Empty()

    def Handshake(self, request: Any, context: Context) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def CheckConfig(self, request: Any, context: Context) -> Any:
        known = {*shapes.table()["provider"], "version", "pluginDownloadURL"}
        unknown = [name for name in request.news.fields if name not in known and not name.startswith("__")]
        failures = [
            provider_pb2.CheckFailure(property=name, reason="the provider has no such input") for name in unknown
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Context) -> Any:
        old, new = (bare(properties.read(each)) for each in (request.old_inputs or request.olds, request.news))
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        response = provider_pb2.DiffResponse
        return response(changes=response.DIFF_SOME if changed else response.DIFF_NONE, diffs=changed)

    def Configure(self, request: Any, context: Context) -> Any:
        given = bare(properties.read(request.args))
        given = {name: value for name, value in given.items() if not isinstance(value, Unknown)}
        token = given.get("apiToken") or os.environ.get(TOKEN_VARIABLE, "")
        base = given.get("baseUrl") or os.environ.get(BASE_VARIABLE) or BASE_URL
        self._client = Client(base, token, f"pulumi-cloudflare/{self._version} sandbox", self._sleep)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request: Any, context: Context) -> Any:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: the sandbox's Cloudflare plugin looks nothing up")

    @_of_resource
    def Check(self, request: Any, kind: Kind) -> Any:
        news = properties.read(request.news)
        unknown = shapes.unknown_arguments(news, shapes.shape(kind.token), shapes.inputs(kind.token))
        failures = [provider_pb2.CheckFailure(property=path, reason="there is no such argument") for path in unknown]
        if problem := kind.problem(bare(news)):
            failures.append(provider_pb2.CheckFailure(property=problem[0], reason=problem[1]))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @_of_resource
    def Diff(self, request: Any, kind: Kind) -> Any:
        old = properties.read(request.old_inputs if request.HasField("old_inputs") else request.olds)
        return answer(kind, differences(kind, old, properties.read(request.news), list(request.ignoreChanges)))

    @_of_resource
    def Create(self, request: Any, kind: Kind) -> Any:
        inputs = properties.read(request.properties)
        if request.preview:
            computed = {name: Unknown() for name in shapes.shape(kind.token) if name not in inputs}
            return provider_pb2.CreateResponse(properties=properties.write({**computed, **inputs}))
        state = resources.create(self._ready(), kind, _known(inputs))
        return provider_pb2.CreateResponse(id=state.id, properties=properties.write(_hidden(kind, state.properties)))

    @_of_resource
    def Read(self, request: Any, kind: Kind) -> Any:
        inputs, before = properties.read(request.inputs), properties.read(request.properties)
        state = resources.read(self._ready(), kind, request.id, inputs, before)
        if state is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.id,
            properties=properties.write(_hidden(kind, state.properties)),
            inputs=properties.write(state.inputs),
        )

    @_of_resource
    def Update(self, request: Any, kind: Kind) -> Any:
        news = properties.read(request.news)
        if request.preview:
            stays = {name: value for name, value in properties.read(request.olds).items() if name not in VOLATILE}
            moves = {name: Unknown() for name in VOLATILE & set(shapes.shape(kind.token))}
            return provider_pb2.UpdateResponse(properties=properties.write({**stays, **moves, **news}))
        state = resources.update(self._ready(), kind, request.id, _known(news))
        return provider_pb2.UpdateResponse(properties=properties.write(_hidden(kind, state.properties)))

    @_of_resource
    def Delete(self, request: Any, kind: Kind) -> Any:
        resources.delete(self._ready(), kind, request.id, properties.read(request.properties))
        return empty_pb2.Empty()

    def _ready(self) -> Client:
        """The client. Raises ValueError without a token."""
        if self._client is None or not self._client.token:
            raise ValueError(f"no API token: give the provider apiToken, or set {TOKEN_VARIABLE}")
        return self._client


def _known(inputs: dict[str, Any]) -> dict[str, Any]:
    unknown = [name for name, value in inputs.items() if has_unknown(value)]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not known yet")
    return inputs


def _hidden(kind: Kind, state: dict[str, Any]) -> dict[str, Any]:
    """A state in which every write-only value is a secret."""
    wrapped = {name: Secret(bare(state[name])) for name in kind.hidden if name in state}
    return {**state, **wrapped}
