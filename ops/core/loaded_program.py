"""The edge's program in a separate process, loaded while the gates are checked: loading takes as long as the flip
itself.

The engine runs it as it runs a program of the Automation API: it connects to the language runtime.
"""

import gc
import importlib
import os
import runpy
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from types import TracebackType
from typing import Any

from ops.core.stack_files import CHECKOUT, project_folder

END_SECONDS = 5.0
SDK, COMPOSITION = "pulumi_cloudflare", "edge"


class LoadedProgram:
    """A process that loads the program while the context lasts."""

    def __enter__(self) -> "LoadedProgram":
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # It ends when its standard input ends, and so with this process, however that ends.
        try:
            self._process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    @property
    def options(self) -> list[str]:
        """The options with which the engine runs it, once it is loaded; nothing if that failed or it has ended."""
        there = self._port and self._process.poll() is None
        return ["--client", f"127.0.0.1:{self._port}", "--exec-kind", "auto.inline"] if there else []

    @cached_property
    def _port(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def _serve() -> None:
    """Load the program, print the port, and run it at the engine's requests, until the standard input ends."""
    import grpc
    from pulumi.automation._server import LanguageServer
    from pulumi.runtime.proto import language_pb2_grpc

    from lazy_sdk import import_lazily

    gc.disable()  # as the program itself does: 2.8 instead of 3.5 CPU seconds, for which a flip waits
    import_lazily(SDK)
    importlib.import_module(COMPOSITION)
    server = grpc.server(ThreadPoolExecutor())
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()


def program() -> None:
    """Run the program on the command's project."""
    from pulumi.runtime import settings

    # The engine does not tell the language runtime of an Automation API program where the project is.
    told: Any = settings.SETTINGS
    told.root_directory = str(project_folder())
    runpy.run_path(str(CHECKOUT), run_name="__main__")


if __name__ == "__main__":
    # The engine handles a terminal's Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _serve()
    # Threads of the SDK may still wait for an engine that has ended.
    os._exit(0)
