"""The dynamic Terraform bridge as a child process that never outlives this one."""

import os
import subprocess

import grpc

from sandbox.plugins.protocol import provider_pb2, provider_pb2_grpc
from sandbox.plugins.serving import CHANNEL_OPTIONS

# Reads until the pipe from this process closes, however it ends, then ends the bridge and the provider it started.
WATCH = 'read _; kill -s KILL -- "-$0"'


def start(binary: str, terraform_provider: str, engine: str) -> provider_pb2_grpc.ResourceProviderStub:
    """Start the bridge with the Terraform provider at the path `terraform_provider`; returns its service."""
    bridge = subprocess.Popen([binary, engine], stdout=subprocess.PIPE, start_new_session=True)
    # The watcher holds the reading end alone; the writing end stays open here until this process is gone.
    reading, _writing = os.pipe()
    subprocess.Popen(["sh", "-c", WATCH, str(bridge.pid)], stdin=reading, start_new_session=True)
    os.close(reading)
    assert bridge.stdout is not None
    port = int(bridge.stdout.readline())
    stub = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS))
    parameters = provider_pb2.ParameterizeRequest.ParametersArgs(args=[terraform_provider])
    stub.Parameterize(provider_pb2.ParameterizeRequest(args=parameters))
    return stub
