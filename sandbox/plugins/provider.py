"""The answers that both providers share."""

from typing import Any

import grpc
from google.protobuf import empty_pb2

from sandbox.plugins.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc

Context = grpc.ServicerContext


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """A provider called `name`; `version` is that of its Pulumi SDK."""

    name: str

    def __init__(self, version: str) -> None:
        self._version = version

    def GetPluginInfo(self, request: Any, context: Context) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: Context) -> Any:
        return provider_pb2.GetSchemaResponse(schema=f'{{"name": "{self.name}", "version": "{self._version}"}}')

    def GetMapping(self, request: Any, context: Context) -> Any:
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: Context) -> Any:
        return provider_pb2.GetMappingsResponse()

    def Attach(self, request: Any, context: Context) -> Any:
        return empty_pb2.Empty()
