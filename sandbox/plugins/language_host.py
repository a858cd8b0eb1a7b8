"""The Python language host: the service the engine starts, as `pulumi-language-python`, to run a Python program."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2

from sandbox.plugins.protocol import language_pb2, language_pb2_grpc, plugin_pb2
from sandbox.plugins.run import BAIL, RUN_VARIABLE
from sandbox.plugins.serving import engine_address, serve

Context = grpc.ServicerContext


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs programs with its own interpreter: the sandbox has one virtual environment."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def Handshake(self, request: Any, context: Context) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Context) -> Any:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetRequiredPackages(self, request: Any, context: Context) -> Any:
        return language_pb2.GetRequiredPackagesResponse(packages=list(_provider_packages()))

    def RuntimeOptionsPrompts(self, request: Any, context: Context) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def About(self, request: Any, context: Context) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def GetProgramDependencies(self, request: Any, context: Context) -> Any:
        wanted = None if request.transitiveDependencies else _direct_dependencies(request.info.program_directory)
        installed = {_canonical(d.metadata["Name"]): d.version for d in importlib.metadata.distributions()}
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in sorted(installed.items())
                if wanted is None or name in wanted
            ]
        )

    def InstallDependencies(self, request: Any, context: Context) -> Iterator[Any]:
        """`pulumi install`: the program's pinned requirements into this environment."""
        requirements = Path(request.info.program_directory) / "requirements.txt"
        if not requirements.exists():
            return
        command = [sys.executable, "-m", "pip", "install", "--requirement", str(requirements)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pip:
            assert pip.stdout is not None
            for line in pip.stdout:
                yield language_pb2.InstallDependenciesResponse(stdout=line)
        if pip.returncode:
            context.abort(grpc.StatusCode.INTERNAL, f"pip install of {requirements} failed, exit code {pip.returncode}")

    def Run(self, request: Any, context: Context) -> Any:
        run = {
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization or "organization",
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "monitor": request.monitor_address,
            "engine": self._engine,
            "root_directory": request.info.root_directory,
            "config": dict(request.config),
            "secret_keys": list(request.configSecretKeys),
            "program": str(Path(request.info.program_directory) / request.info.entry_point),
            "arguments": list(request.args),
        }
        program = subprocess.Popen(
            [sys.executable, "-u", "-m", "sandbox.plugins.program"],
            cwd=request.pwd,
            env={**os.environ, RUN_VARIABLE: json.dumps(run)},
        )
        context.add_callback(program.terminate)
        code = program.wait()
        if code in (0, BAIL):
            return language_pb2.RunResponse(bail=code == BAIL)
        return language_pb2.RunResponse(error=f"Program exited with exit code {code}")

    def Cancel(self, request: Any, context: Context) -> Any:
        return empty_pb2.Empty()


def _provider_packages() -> Iterator[Any]:
    """The providers whose SDKs are installed: each SDK names its plugin in `pulumi-plugin.json`."""
    for file in sorted(Path(sysconfig.get_path("purelib")).glob("*/pulumi-plugin.json")):
        plugin = json.loads(file.read_text())
        if plugin.get("resource"):
            version = f"v{plugin.get('version') or importlib.metadata.version(file.parent.name)}"
            yield plugin_pb2.PackageDependency(name=plugin["name"], kind="resource", version=version)


def _direct_dependencies(root: str) -> set[str]:
    source = Path(root) / "requirements.in"
    lines = source.read_text().splitlines() if source.exists() else []
    return {_canonical(name[0]) for line in lines if (name := re.match(r"\w[\w.-]*", line))}


def _canonical(name: str) -> str:
    """A distribution's name as PyPI compares names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    host = LanguageHost(engine_address())
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))
