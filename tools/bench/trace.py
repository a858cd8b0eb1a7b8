"""The timed run: the sandbox's plugin and a program record the times of their actions.

Sandbox and program do not know about it: the benchmark runs this module in place of the real ones.
"""

import json
import os
import runpy
import sys
import time
from collections.abc import Callable
from functools import wraps
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

FILE_VARIABLE = "BENCH_TRACE"
PROGRAM_VARIABLE = "BENCH_PROGRAM"
CALLS = ("CheckConfig", "DiffConfig", "Configure", "Check", "Diff", "Create", "Invoke")
SDK = "pulumi_aws"
COMPOSITION = "region"


def note(event: str, **values: float | str) -> None:
    """Add an event, with the time and this process's CPU time so far."""
    line = json.dumps({"event": event, "at": time.time(), "processor": time.process_time(), **values})
    with Path(os.environ[FILE_VARIABLE]).open("a") as file:
        file.write(line + "\n")


class Imports:
    """CPU time of imports, in seconds: of the SDK and of others, each module without those that it imports."""

    def __init__(self) -> None:
        self.sdk = 0.0
        self.others = 0.0
        self._inside = 0.0

    def watch(self) -> None:
        """Time every module that is imported from source from here on."""
        execute = SourceFileLoader.exec_module

        @wraps(execute)
        def timed(loader: SourceFileLoader, module: ModuleType) -> None:
            before, self._inside, began = self._inside, 0.0, time.process_time()
            try:
                execute(loader, module)
            finally:
                spent = time.process_time() - began
                self._count(module.__name__, spent - self._inside)
                self._inside = before + spent

        SourceFileLoader.exec_module = timed  # type: ignore[method-assign] the import system looks it up on the class

    def _count(self, name: str, seconds: float) -> None:
        if name.partition(".")[0] == SDK:
            self.sdk += seconds
        else:
            self.others += seconds
        if name == COMPOSITION:
            note("program: imported")


def program() -> None:
    """The unchanged program, with events when its composition is imported and, at its end, of all imports."""
    folder = Path(os.environ[PROGRAM_VARIABLE])
    sys.path[0] = str(folder)
    note("program: started")
    imports = Imports()
    imports.watch()
    runpy.run_path(str(folder), run_name="__main__")
    note("program: declared", sdk=imports.sdk, others=imports.others)


def plugin() -> None:
    """The AWS plugin, with events of its start, of the bridge's start, and of every call."""
    from sandbox.plugins.aws import __main__ as real
    from sandbox.plugins.aws import bridge
    from sandbox.plugins.aws.memory import Memory
    from sandbox.plugins.aws.proxy import AwsProvider

    note("plugin: imported")
    start = bridge.start

    def timed_start(binary: str, terraform_provider: str, engine: str) -> Any:
        stub = start(binary, terraform_provider, engine)
        note("plugin: bridge ready")
        return stub

    bridge.start = timed_start
    # Every call goes to the provider, so that the sandbox's cache is not measured.
    Memory.recall = lambda *_: False  # type: ignore[method-assign]
    for name in CALLS:
        setattr(AwsProvider, name, _timed(name, getattr(AwsProvider, name)))
    real.main()


def _timed(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*arguments: Any) -> Any:
        began, own = time.time(), time.thread_time()
        answer = method(*arguments)
        note("call", name=name, began=began, seconds=time.time() - began, own=time.thread_time() - own)
        return answer

    return call


if __name__ == "__main__":
    plugin()
