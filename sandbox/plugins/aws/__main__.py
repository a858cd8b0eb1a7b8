"""Starts the bridge and serves `pulumi-resource-aws` in front of it."""

import importlib.metadata
import os
from functools import partial
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
    binaries = os.environ[BRIDGE_VARIABLE], os.environ[TERRAFORM_PROVIDER_VARIABLE]
    memory = Memory(Paths.of().answers, " ".join(map(_identity, binaries)))
    service = bridge.Bridge(partial(bridge.start, *binaries, engine_address()), memory)
    provider = AwsProvider(service, importlib.metadata.version("pulumi-aws"))
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


def _identity(binary: str) -> str:
    """The identity of a binary, by its path, size and time."""
    path = Path(binary).resolve()
    return f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}"


if __name__ == "__main__":
    main()
