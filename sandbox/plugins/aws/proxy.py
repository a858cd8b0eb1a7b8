"""The provider service: forwards each call to the bridge, with tokens, URNs, properties and paths translated."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import grpc
from google.rpc import status_pb2

from sandbox.plugins.aws import shapes
from sandbox.plugins.aws.bridge import Bridge
from sandbox.plugins.aws.shapes import Mapping, Shape
from sandbox.plugins.protocol import provider_pb2
from sandbox.plugins.provider import Context, Provider

MAX_RETRIES = "3"
STATUS_DETAILS = "grpc-status-details-bin"


def _forwarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """A call without a resource: errors of the bridge are passed on."""

    @wraps(method)
    def call(self: "AwsProvider", request: Any, context: Context) -> Any:
        try:
            return method(self, request)
        except shapes.UnknownTokenError as error:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except grpc.RpcError as error:
            _abort(context, error, Shape())

    return call


def _of_resource(method: Callable[..., Any]) -> Callable[..., Any]:
    """A call about a resource: the method gets the translated request, and the mapping back."""

    @wraps(method)
    def call(self: "AwsProvider", request: Any, context: Context) -> Any:
        shape = Shape()
        try:
            mapping = shapes.mapping(request.urn.split("::", 3)[2].rsplit("$", 1)[-1])
            shape = mapping.shape
            return method(self, request, mapping)
        except shapes.UnknownTokenError as error:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except grpc.RpcError as error:
            _abort(context, error, shape)

    return call


class AwsProvider(Provider):
    """The engine's view of the bridge."""

    name = "aws"

    def __init__(self, bridge: Bridge, version: str) -> None:
        super().__init__(version)
        self._bridge = bridge

    @_forwarded
    def CheckConfig(self, request: Any) -> Any:
        return self._bridge.CheckConfig(request)

    @_forwarded
    def DiffConfig(self, request: Any) -> Any:
        return self._bridge.DiffConfig(request)

    @_forwarded
    def Configure(self, request: Any) -> Any:
        # The provider's default of 25 would retry a refused call for minutes.
        request.args.fields["maxRetries"].string_value = MAX_RETRIES
        return self._bridge.Configure(request)

    @_forwarded
    def Cancel(self, request: Any) -> Any:
        return self._bridge.Cancel(request)

    @_forwarded
    def Invoke(self, request: Any) -> Any:
        request.tok = shapes.function(request.tok)
        return self._bridge.Invoke(request)

    @_of_resource
    def Check(self, request: Any, mapping: Mapping) -> Any:
        unknown = shapes.unknown_arguments(request.news, mapping.shape)
        if unknown:
            reason = f"the sandbox's {mapping.terraform} has no such argument: its Terraform provider is older"
            failures = [provider_pb2.CheckFailure(property=path, reason=reason) for path in unknown]
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)
        answer = self._bridge.Check(_for_bridge(request, mapping, "olds", "news"))
        for failure in answer.failures:
            failure.property = shapes.path_to_sdk(failure.property, mapping.shape)
        return _for_engine(answer, mapping, "inputs")

    @_of_resource
    def Diff(self, request: Any, mapping: Mapping) -> Any:
        answer = self._bridge.Diff(_for_bridge(request, mapping, "olds", "news", "old_inputs"))
        for paths in (answer.replaces, answer.stables, answer.diffs):
            paths[:] = [shapes.path_to_sdk(path, mapping.shape) for path in paths]
        for path, difference in list(answer.detailedDiff.items()):
            ours = shapes.path_to_sdk(path, mapping.shape)
            if ours != path:
                answer.detailedDiff[ours].CopyFrom(difference)
                del answer.detailedDiff[path]
        return answer

    @_of_resource
    def Create(self, request: Any, mapping: Mapping) -> Any:
        answer = self._bridge.Create(_for_bridge(request, mapping, "properties"))
        return _for_engine(answer, mapping, "properties")

    @_of_resource
    def Read(self, request: Any, mapping: Mapping) -> Any:
        answer = self._bridge.Read(_for_bridge(request, mapping, "properties", "inputs"))
        return _for_engine(answer, mapping, "properties", "inputs")

    @_of_resource
    def Update(self, request: Any, mapping: Mapping) -> Any:
        answer = self._bridge.Update(_for_bridge(request, mapping, "olds", "news", "old_inputs"))
        return _for_engine(answer, mapping, "properties")

    @_of_resource
    def Delete(self, request: Any, mapping: Mapping) -> Any:
        return self._bridge.Delete(_for_bridge(request, mapping, "properties", "old_inputs"))


def _for_bridge(request: Any, mapping: Mapping, *properties: str) -> Any:
    """The request with the bridge's token in its URN and type, and its properties and paths converted."""
    stack, project, types, logical_name = request.urn.split("::", 3)
    parents, separator, _own = types.rpartition("$")
    request.urn = f"{stack}::{project}::{parents}{separator}{mapping.token}::{logical_name}"
    request.type = mapping.token
    if "ignoreChanges" in request.DESCRIPTOR.fields_by_name:
        request.ignoreChanges[:] = [shapes.path_to_bridge(path, mapping.shape) for path in request.ignoreChanges]
    for name in properties:
        if request.HasField(name):
            shapes.to_bridge(getattr(request, name), mapping.shape)
    return request


def _for_engine(answer: Any, mapping: Mapping, *properties: str) -> Any:
    for name in properties:
        if answer.HasField(name):
            shapes.to_sdk(getattr(answer, name), mapping.shape)
    return answer


def _abort(context: Context, error: Any, shape: Shape) -> NoReturn:
    """Pass the bridge's error on; the state of a partly created resource is in its details."""
    details = next((value for key, value in error.trailing_metadata() or () if key == STATUS_DETAILS), None)
    if details is not None:
        status = status_pb2.Status.FromString(details)
        for detail in status.details:
            partial = provider_pb2.ErrorResourceInitFailed()
            if detail.Unpack(partial):
                shapes.to_sdk(partial.properties, shape)
                shapes.to_sdk(partial.inputs, shape)
                detail.Pack(partial)
        context.set_trailing_metadata(((STATUS_DETAILS, status.SerializeToString()),))
    context.abort(error.code(), error.details())
