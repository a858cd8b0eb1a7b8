"""The timed run: the sandbox's plugin and a program, run with a clock in hand, note when they did what.

Nothing in the sandbox or the program knows of it: the benchmark runs this module in the place of the real ones.
"""

import importlib
import json
import os
import runpy
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

FILE_VARIABLE = "BENCH_TRACE"
PROGRAM_VARIABLE = "BENCH_PROGRAM"
SDK_CLASSES_VARIABLE = "BENCH_SDK_CLASSES"
OWN_MODULES_VARIABLE = "BENCH_OWN_MODULES"
CALLS = ("CheckConfig", "DiffConfig", "Configure", "Check", "Diff", "Create", "Invoke")


def note(event: str, **values: float | str) -> None:
    """Add an event, with the time and this process's processor time so far."""
    line = json.dumps({"event": event, "at": time.time(), "processor": time.process_time(), **values})
    with Path(os.environ[FILE_VARIABLE]).open("a") as file:
        file.write(line + "\n")


def program() -> None:
    """A program, with a note after each group of its imports and when all of it is declared."""
    folder = Path(os.environ[PROGRAM_VARIABLE])
    own_modules = os.environ[OWN_MODULES_VARIABLE].split()
    sys.path[0] = str(folder)
    note("program: started")
    if own_modules:  # ours, which imports the SDK in parts
        importlib.import_module("lazy_sdk").import_lazily("pulumi_aws")
    for name in os.environ[SDK_CLASSES_VARIABLE].split():
        package, _, class_name = name.partition(".")
        getattr(getattr(importlib.import_module("pulumi_aws"), package), class_name)
    note("program: SDK imported")
    for name in own_modules:
        importlib.import_module(name)
    note("program: own modules imported")
    runpy.run_path(str(folder), run_name="__main__")
    note("program: declared")


def plugin() -> None:
    """The AWS plugin, with a note of its start, of the bridge's, and of every call."""
    from sandbox.plugins.aws import __main__ as real
    from sandbox.plugins.aws import bridge
    from sandbox.plugins.aws.proxy import AwsProvider

    note("plugin: imported")
    start = bridge.start

    def timed_start(binary: str, terraform_provider: str, engine: str) -> Any:
        stub = start(binary, terraform_provider, engine)
        note("plugin: bridge ready")
        return stub

    bridge.start = timed_start
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
