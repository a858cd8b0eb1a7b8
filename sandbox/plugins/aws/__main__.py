"""Starts the bridge and serves `pulumi-resource-aws` in front of it."""

import importlib.metadata
import os
from pathlib import Path

from sandbox.plugins.aws import bridge
from sandbox.plugins.aws.memory import Memory
from sandbox.plugins.aws.proxy import AwsProvider
from sandbox.plugins.protocol import provider_pb2_grpc
from sandbox.plugins.serving import engine_address, serve
from sandbox.project.paths import Paths

BRIDGE_VARIABLE = "SANDBOX_BRIDGE"
TERRAFORM_PROVIDER_VARIABLE = "SANDBOX_TERRAFORM_PROVIDER"


def main() -> None:
    """Serve until the engine stops this process."""
    terraform_provider = os.environ[TERRAFORM_PROVIDER_VARIABLE]
    stub = bridge.start(os.environ[BRIDGE_VARIABLE], terraform_provider, engine_address())
    version = importlib.metadata.version("pulumi-aws")
    memory = Memory(Paths.of().diffs, f"{version} on {Path(terraform_provider).resolve()}")
    provider = AwsProvider(stub, version, memory)
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
