"""The benchmark's isolated sandbox: with the checkout's tools, but its own state, project and emulated AWS."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.project import project
from sandbox.project.environment import environment
from sandbox.project.isolated import engine, isolated, official
from sandbox.project.paths import Paths
from sandbox.servers import bring_up, clouds, processes
from sandbox.toolchain.steps import SandboxError

PREVIEW_SECONDS = 600
FIRST_LINES_SHOWN = 2_000


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """The tools of the benchmark; `official`: engine and plugins are Pulumi's own."""

    paths: Paths
    engine: Path
    official: bool
    environment: Mapping[str, str]

    def preview(self) -> list[str | Path]:
        """The measured command, for a stack's project folder as working directory."""
        return [self.engine, "preview", "--stack", "prod", "--non-interactive"]

    def folder(self, name: str) -> Path:
        """A folder for generated files."""
        folder = self.paths.home / name
        folder.mkdir(exist_ok=True)
        return folder


@contextmanager
def workbench() -> Iterator[Workbench]:
    """Start the emulated AWS, create the stack, and stop everything at the end. Raises SandboxError without a
    set-up."""
    tools = Paths.of()
    paths = isolated(tools, tools.home / "bench")
    project.refresh(paths)
    try:
        clouds.start(paths)
        variables = environment(paths, processes.urls(paths))
        bring_up.initialise(paths, "prod", variables, lambda _: None)
        yield Workbench(paths=paths, engine=engine(paths), official=official(paths) is not None, environment=variables)
    finally:
        clouds.stop(paths)


def previewed(bench: Workbench) -> list[dict[str, Any]]:
    """The resources of a preview of the empty stack, without the stack itself and components."""
    answer = output([*bench.preview(), "--json"], bench.paths.project, bench.environment)
    states = [step["newState"] for step in json.loads(answer)["steps"]]
    return [state for state in states if state["custom"]]


def output(command: Sequence[str | Path], cwd: Path, variables: Mapping[str, str]) -> str:
    """A command's output. Raises SandboxError with its errors if it fails."""
    answer = subprocess.run(
        [os.fspath(part) for part in command],
        cwd=cwd,
        env=dict(variables),
        capture_output=True,
        text=True,
        timeout=PREVIEW_SECONDS,
    )
    if answer.returncode:
        shown = (answer.stderr.strip() or answer.stdout.strip())[:FIRST_LINES_SHOWN]
        raise SandboxError(f"`{Path(command[0]).name} {' '.join(map(str, command[1:]))}` in {cwd} failed:\n{shown}")
    return answer.stdout
