"""Starts the bridge and serves `pulumi-resource-aws` in front of it."""

import importlib.metadata
import os

from sandbox.plugins.aws import bridge
from sandbox.plugins.aws.proxy import AwsProvider
from sandbox.plugins.protocol import provider_pb2_grpc
from sandbox.plugins.serving import engine_address, serve

BRIDGE_VARIABLE = "SANDBOX_BRIDGE"
TERRAFORM_PROVIDER_VARIABLE = "SANDBOX_TERRAFORM_PROVIDER"


def main() -> None:
    """Serve until the engine ends us."""
    stub = bridge.start(os.environ[BRIDGE_VARIABLE], os.environ[TERRAFORM_PROVIDER_VARIABLE], engine_address())
    provider = AwsProvider(stub, importlib.metadata.version("pulumi-aws"))
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
