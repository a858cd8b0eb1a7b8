"""The dynamic Terraform bridge as a child process that never outlives this one, started for the first unknown
answer."""

import os
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import empty_pb2

from sandbox.plugins.aws import account
from sandbox.plugins.aws.memory import Memory
from sandbox.plugins.protocol import provider_pb2, provider_pb2_grpc
from sandbox.plugins.serving import CHANNEL_OPTIONS

# Reads until the pipe from this process closes, however it ends, then ends the bridge and the provider it started.
WATCH = 'read _; kill -s KILL -- "-$0"'


def start(binary: str, terraform_provider: str, engine: str) -> provider_pb2_grpc.ResourceProviderStub:
    """Start the bridge with the Terraform provider at the path `terraform_provider`; returns its service."""
    # AWS's SDK puts the account before the host name of S3 Control. That name does not resolve to this machine, so the
    # provider uses the emulator as its proxy for it: for a loopback address, as in every other call, Go uses no proxy.
    proxy = {"HTTP_PROXY": os.environ["AWS_ENDPOINT_URL"]} if "AWS_ENDPOINT_URL" in os.environ else {}
    bridge = subprocess.Popen(
        [binary, engine], stdout=subprocess.PIPE, start_new_session=True, env={**os.environ, **proxy}
    )
    # The watcher holds only the reading end; the writing end stays open here until this process ends.
    reading, _writing = os.pipe()
    subprocess.Popen(["sh", "-c", WATCH, str(bridge.pid)], stdin=reading, start_new_session=True)
    os.close(reading)
    assert bridge.stdout is not None
    port = int(bridge.stdout.readline())
    stub = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS))
    parameters = provider_pb2.ParameterizeRequest.ParametersArgs(args=[terraform_provider])
    stub.Parameterize(provider_pb2.ParameterizeRequest(args=parameters))
    return stub


class Bridge:
    """The bridge's service. `start` starts it, for the first question that `memory` cannot answer."""

    def __init__(self, start: Callable[[], Any], memory: Memory) -> None:
        self._start = start
        self._memory = memory
        self._turn = threading.Lock()
        self._started: Any = None
        self._configuration: Any = None

    def Configure(self, request: Any) -> Any:
        """If the bridge is not started yet, this is its first question then."""
        self._memory.configured(request)
        answer = provider_pb2.ConfigureResponse()
        known = self._memory.recall("Configure", request, answer)
        if self._started is None and known and account.allowed(request.args):
            self._configuration = request
            return answer
        answer = self._service().Configure(request)
        self._memory.keep("Configure", request, answer)
        return answer

    def CheckConfig(self, request: Any) -> Any:
        return self._known("CheckConfig", request, provider_pb2.CheckResponse())

    def DiffConfig(self, request: Any) -> Any:
        return self._known("DiffConfig", request, provider_pb2.DiffResponse())

    def Check(self, request: Any) -> Any:
        return self._known("Check", request, provider_pb2.CheckResponse())

    def Diff(self, request: Any) -> Any:
        return self._known("Diff", request, provider_pb2.DiffResponse())

    def Cancel(self, request: Any) -> Any:
        return self._started.Cancel(request) if self._started else empty_pb2.Empty()

    def __getattr__(self, method: str) -> Any:
        """Every other call, which depends on the cloud."""
        return getattr(self._service(), method)

    def _known(self, method: str, request: Any, answer: Any) -> Any:
        if self._memory.recall(method, request, answer):
            return answer
        answer = getattr(self._service(), method)(request)
        self._memory.keep(method, request, answer)
        return answer

    def _service(self) -> Any:
        with self._turn:
            if self._started is None:
                started = self._start()
                if self._configuration:
                    started.Configure(self._configuration)
                self._started = started
            return self._started
