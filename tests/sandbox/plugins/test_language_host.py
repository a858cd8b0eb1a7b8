"""The Python language host: its information about the environment, and how it runs programs and shows their errors."""

import importlib.metadata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2, resource_pb2, resource_pb2_grpc
from stack_files import ROOT
from typing_extensions import override

from sandbox.plugins.language_host import LanguageHost

PROGRAMS = {
    "good": "import pulumi\npulumi.export('size', pulumi.Config().require_int('size'))\n",
    "exporting": "import pulumi\npulumi.export('sizes', [[size] for size in range(20_000)])\n",
    "refused": "import pulumi\nraise pulumi.RunError('the size is wrong:\\nwant 3')\n",
    "broken": "def size():\n    return {}['size']\n\nsize()\n",
    "asynchronous": "import pulumi\npulumi.export('size', pulumi.Output.from_input(1).apply(lambda one: one / 0))\n",
    "leaving": "import sys\nsys.exit(3)\n",
    "declaring": "import pulumi\n\n"
    "class Part(pulumi.ComponentResource):\n"
    "    def __init__(self, name):\n        super().__init__('askproai:test:Part', name)\n\n"
    "def declare():\n    Part('part')\n\n"
    "declare()\n",
}


class Context:
    """Of a call that nobody cancels."""

    def add_callback(self, callback: Any) -> None:
        return None


@dataclass
class Engine(engine_pb2_grpc.EngineServicer, resource_pb2_grpc.ResourceMonitorServicer):
    """The engine's side of one program: accepts everything, and records output and exports."""

    shown: list[tuple[int, str]] = field(default_factory=list)
    exported: dict[str, Any] = field(default_factory=dict)
    registered: dict[str, Any] = field(default_factory=dict)

    @override
    def Log(self, request: Any, context: Any) -> Any:
        if request.severity != engine_pb2.DEBUG:
            self.shown.append((request.severity, request.message))
        return empty_pb2.Empty()

    @override
    def SupportsFeature(self, request: Any, context: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    @override
    def RegisterResource(self, request: Any, context: Any) -> Any:
        self.registered[request.name] = request
        return resource_pb2.RegisterResourceResponse(urn=f"urn:pulumi:prod::askproai::{request.type}::{request.name}")

    @override
    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        self.exported = dict(request.outputs)
        return empty_pb2.Empty()

    @override
    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


@dataclass(frozen=True)
class Ran:
    """A program that has run: its folder, the host's answer, and the engine's record."""

    program: Path
    answer: Any
    engine: Engine


def run(folder: Path, source: str) -> Ran:
    folder.mkdir()
    (folder / "__main__.py").write_text(source)
    engine = Engine()
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    request = language_pb2.RunRequest(
        project="askproai",
        stack="prod",
        pwd=str(ROOT),
        parallel=4,
        config={"askproai:size": "3"},
        monitor_address=address,
        info=language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point="."),
    )
    answer = LanguageHost(address).Run(request, Context())  # type: ignore[arg-type] a fake
    server.stop(None)
    return Ran(folder / "__main__.py", answer, engine)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ran]]:
    """All programs, side by side: each is an interpreter of its own that imports the SDK."""
    folder = tmp_path_factory.mktemp("programs")
    with ThreadPoolExecutor() as together:
        runs = {name: together.submit(run, folder / name, source) for name, source in PROGRAMS.items()}
        yield {name: future.result() for name, future in runs.items()}


def host() -> LanguageHost:
    return LanguageHost("")


def dependencies(root: Path, *, transitive: bool = False) -> dict[str, str]:
    request = language_pb2.GetProgramDependenciesRequest(
        info=language_pb2.ProgramInfo(program_directory=str(root)), transitiveDependencies=transitive
    )
    answer = host().GetProgramDependencies(request, Context())  # type: ignore[arg-type] a fake
    return {dependency.name: dependency.version for dependency in answer.dependencies}


def test_a_program_is_given_its_configuration_and_its_exports_are_taken(ran: dict[str, Ran]) -> None:
    good = ran["good"]
    assert good.answer == language_pb2.RunResponse()
    assert good.engine.exported == {"size": 3}
    assert good.engine.shown == []


def test_a_program_does_not_end_before_what_takes_long_to_be_exported(ran: dict[str, Ran]) -> None:
    assert len(ran["exporting"].engine.exported["sizes"]) == 20_000


def test_a_refusal_is_shown_as_it_is_without_a_traceback(ran: dict[str, Ran]) -> None:
    refused = ran["refused"]
    assert refused.answer == language_pb2.RunResponse(bail=True)
    assert refused.engine.shown == [(engine_pb2.ERROR, "the size is wrong:\nwant 3")]


def test_the_traceback_of_an_error_starts_at_the_program(ran: dict[str, Ran]) -> None:
    broken = ran["broken"]
    ((severity, message),) = broken.engine.shown
    heading, traceback, first, *_ = message.splitlines()
    assert severity == engine_pb2.ERROR
    assert heading == "Program failed with an unhandled exception:"
    assert traceback == "Traceback (most recent call last):"
    assert first == f'  File "{broken.program}", line 4, in <module>'
    assert message.rstrip().endswith("KeyError: 'size'")


@pytest.mark.parametrize("program", ["refused", "broken", "asynchronous"])
def test_an_error_that_has_been_shown_is_not_told_again(ran: dict[str, Ran], program: str) -> None:
    assert ran[program].answer == language_pb2.RunResponse(bail=True)
    assert len(ran[program].engine.shown) == 1


def test_an_error_in_an_output_is_shown(ran: dict[str, Ran]) -> None:
    ((_severity, message),) = ran["asynchronous"].engine.shown
    assert message.rstrip().endswith("ZeroDivisionError: division by zero")


def test_a_program_that_exits_by_itself_prints_nothing_so_its_exit_code_is_reported(ran: dict[str, Ran]) -> None:
    assert ran["leaving"].answer == language_pb2.RunResponse(error="Program exited with exit code 3")
    assert ran["leaving"].engine.shown == []


def test_a_resource_says_where_it_is_declared_and_not_who_called_the_declaration(ran: dict[str, Ran]) -> None:
    part = ran["declaring"].engine.registered["part"]
    (frame,) = part.stackTrace.frames
    assert frame.pc == part.sourcePosition
    assert (frame.pc.uri, frame.pc.line) == (ran["declaring"].program.as_uri(), 8)


def test_the_providers_whose_sdks_are_installed_are_required() -> None:
    answer = host().GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(), Context())  # type: ignore[arg-type]
    required = {(package.name, package.kind, package.version) for package in answer.packages}
    assert ("aws", "resource", f"v{importlib.metadata.version('pulumi-aws')}") in required


def test_direct_dependencies_are_those_of_requirements_in(tmp_path: Path) -> None:
    lines = [
        "# why",
        "-r other.in",
        "Pulumi==3.0",
        "pulumi_aws>=7",
        "pydantic[email]",
        "",
        "pyyaml ; python_version > '3'",
    ]
    (tmp_path / "requirements.in").write_text("\n".join(lines))
    versions = {name: importlib.metadata.version(name) for name in ("pulumi", "pulumi-aws", "pydantic", "pyyaml")}
    assert dependencies(tmp_path) == versions


def test_a_program_without_requirements_has_no_direct_dependencies(tmp_path: Path) -> None:
    assert dependencies(tmp_path) == {}
    assert "grpcio" in dependencies(tmp_path, transitive=True)


def test_it_is_of_the_sdks_version() -> None:
    assert host().GetPluginInfo(empty_pb2.Empty(), Context()).version == importlib.metadata.version("pulumi")  # type: ignore[arg-type]
