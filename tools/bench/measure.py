"""Runs a command and measures its processes: duration, memory, and CPU time by part."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from sandbox.servers import processes
from sandbox.toolchain.steps import SandboxError

# Often enough for the last sample to be near a process's end, rarely enough to cost almost nothing.
SAMPLE_SECONDS = 0.1
LIMIT_SECONDS = 600
LINES_SHOWN = 15

# The kind of a process, by a word in its command line; the first match.
PARTS = (
    ("terraform provider", "terraform-provider-aws"),
    ("bridge", "pulumi-resource-terraform-provider"),
    ("language host", "language_host"),
    ("language host", "pulumi-language-python"),
    ("program", "sandbox.plugins.program"),
    ("program", "pulumi-language-python-exec"),
    ("plugin", "sandbox.plugins.aws"),
    ("plugin", "tools.bench.trace"),
    ("plugin", "pulumi-resource-aws"),
    ("engine", "pulumi"),
    ("terraform", "terraform"),
    ("terraform", "tofu"),
)


@dataclass
class Part:
    """One part's processes: the start of the first, in seconds after the command, and their CPU time."""

    started: float
    processor: dict[int, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """CPU time of all its processes."""
        return sum(self.processor.values())


@dataclass
class Run:
    """One run of a command; memory is that of all its processes at once."""

    began: float
    seconds: float = 0.0
    peak_bytes: int = 0
    parts: dict[str, Part] = field(default_factory=dict)

    def processor(self, part: str) -> float:
        """CPU time of a part, 0 if it did not run."""
        return self.parts[part].seconds if part in self.parts else 0.0


def run(command: Sequence[str | Path], cwd: Path, variables: Mapping[str, str], log: Path) -> Run:
    """Run a command to its end. Raises SandboxError if it fails; nothing that it started outlives it."""
    seen: dict[int, psutil.Process] = {}
    began, clock = time.time(), time.monotonic()
    result = Run(began)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [os.fspath(part) for part in command],
            cwd=cwd,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    root = psutil.Process(process.pid)
    # Start times come from another clock, which differs by up to a second.
    aside = root.create_time() - began
    try:
        while process.poll() is None:
            _look(root, aside, seen, result)
            with suppress(subprocess.TimeoutExpired):
                process.wait(SAMPLE_SECONDS)
            if time.monotonic() - clock > LIMIT_SECONDS:
                raise SandboxError(f"no end after {LIMIT_SECONDS} s; the log is {log}")
        result.seconds = time.monotonic() - clock
    finally:
        processes.end([found for found in seen.values() if found.is_running()])
        process.wait()
    if process.returncode:
        lines = "\n".join(log.read_text(errors="replace").splitlines()[-LINES_SHOWN:])
        raise SandboxError(f"the measured command failed; the log is {log}:\n{lines}")
    return result


def _look(root: psutil.Process, aside: float, seen: dict[int, psutil.Process], result: Run) -> None:
    memory = 0
    with suppress(psutil.Error):
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error), process.oneshot():
                seen[process.pid] = process
                memory += process.memory_info().rss
                times = process.cpu_times()
                name = _part(process.cmdline())
                if name:
                    part = result.parts.setdefault(name, Part(process.create_time() - aside - result.began))
                    part.processor[process.pid] = times.user + times.system
    result.peak_bytes = max(result.peak_bytes, memory)


def _part(command: list[str]) -> str | None:
    # The interpreter's own path may contain any of the words.
    line = " ".join([Path(command[0]).name, *command[1:]]) if command else ""
    return next((part for part, word in PARTS if word in line), None)
