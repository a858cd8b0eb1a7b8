"""A machine that boots: systemd as PID 1 over the shared root file system, in namespaces and a control group."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from sandbox.instances.network import Namespace
from sandbox.project.paths import Paths
from sandbox.toolchain.steps import SandboxError

PID1 = Path(__file__).parent / "pid1.sh"
PREFIX = "askproai-boot-"
"""The prefix of the control groups."""
START_SECONDS = 10.0
POWEROFF_SECONDS = 15.0
POLL_SECONDS = 0.05
SIGNAL_POWEROFF = signal.SIGRTMIN + 4
"""The signal that systemd as PID 1 treats as `systemctl poweroff` (systemd(1), "Signals")."""


@dataclass(frozen=True)
class Usage:
    """A machine's usage: `cpu_seconds` since its start, current `memory_bytes` of all its processes (PSS)."""

    cpu_seconds: float
    memory_bytes: int


class Scratch:
    """The folder for writes of this process's machines, deleted with it; leftovers of a killed process are deleted
    first."""

    def __init__(self, paths: Paths) -> None:
        paths.instances.mkdir(parents=True, exist_ok=True)
        for folder in paths.instances.iterdir():
            _remove_unused(folder)
        for group in control_groups().glob(f"{PREFIX}*"):
            _remove_group(group)
        self.folder = paths.instances / str(os.getpid())
        self.folder.mkdir()
        self._lock = (self.folder / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.folder)
        self._lock.close()


class Machine:
    """One machine. `files` are written over the root file system before it boots, by their absolute path."""

    def __init__(
        self, scratch: Scratch, base: Path, network: Namespace, name: str, files: Mapping[str, str | bytes]
    ) -> None:
        self.name = name
        self.network = network
        self._folder = scratch.folder / name
        self._group = control_groups() / f"{PREFIX}{os.getpid()}-{name}"
        for part in ("upper", "work", "root"):
            (self._folder / part).mkdir(parents=True)
        for path, content in files.items():
            self._write(path, content)
        self._group.mkdir()
        self._process = self._start(base)
        self.pid = self._first_process()

    def run(self, *command: str, check: bool = True) -> str:
        """The output of a command in the machine. Raises SandboxError if it fails, unless `check` is off."""
        given = [*self.entrance(), *command]
        done = subprocess.run(given, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise SandboxError(f"{self.name}: {' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def entrance(self) -> list[str]:
        """The prefix of a command that runs in the machine."""
        clean = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb", "LANG=C.UTF-8")
        return ["nsenter", f"--target={self.pid}", *("--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"), *clean]

    def running(self) -> bool:
        """Whether it is still running."""
        return self._process.poll() is None

    def wait_for(self, unit: str, seconds: float) -> None:
        """Wait until a systemd unit is active. Raises SandboxError with its journal if it does not become active."""
        deadline = time.monotonic() + seconds
        while self.run("systemctl", "is-active", unit, check=False).strip() != "active":
            if time.monotonic() > deadline or not self.running():
                raise SandboxError(
                    f"{self.name}: {unit} did not start\n{self.run('journalctl', '-u', unit, check=False)}"
                )
            time.sleep(POLL_SECONDS)

    def usage(self) -> Usage:
        """Its usage so far."""
        spent = dict(line.split() for line in (self._group / "cpu.stat").read_text().splitlines())
        memory = 0
        for each in self._processes:
            with suppress(psutil.Error):
                memory += each.memory_full_info().pss
        return Usage(int(spent["usage_usec"]) / 1e6, memory)

    def stop(self) -> None:
        """Power it off, or kill it if it does not stop; its writes are deleted."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, SIGNAL_POWEROFF)
        try:
            self._process.wait(POWEROFF_SECONDS)
        except subprocess.TimeoutExpired:
            # The kernel kills all processes of a PID namespace with its first one.
            os.kill(self.pid, signal.SIGKILL)
            self._process.wait()
        self.network.close()
        shutil.rmtree(self._folder)
        _remove_group(self._group)

    @property
    def _processes(self) -> list[psutil.Process]:
        first = psutil.Process(self.pid)
        return [first, *first.children(recursive=True)]

    @cached_property
    def _upper(self) -> Path:
        return self._folder / "upper"

    def _write(self, path: str, content: str | bytes) -> None:
        target = self._upper / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        if target.read_bytes()[:2] == b"#!":
            target.chmod(0o755)

    def _start(self, base: Path) -> "subprocess.Popen[bytes]":
        """Each process of the chain dies with the one before it, so that nothing outlives this one."""
        enter = f'echo $$ >"{self._group}/cgroup.procs"; exec "$@"'
        namespaces = ("--mount", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child")
        command = ["nsenter", f"--net={self.network.path}", "unshare", *namespaces]
        boot = ["bash", str(PID1), str(base), str(self._folder), self.name]
        with (self._folder / "console.log").open("wb") as log:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "bash", "-c", enter, "--", *command, *boot],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _first_process(self) -> int:
        """The outside PID of its PID 1, as soon as that is systemd."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(psutil.Error):
                for child in psutil.Process(self._process.pid).children():
                    if child.name() == "systemd":
                        return child.pid
            time.sleep(POLL_SECONDS)
        said = (self._folder / "console.log").read_text(errors="replace").strip()
        self._process.kill()
        raise SandboxError(f"{self.name} does not boot: {said or f'no systemd within {START_SECONDS:.0f} s'}")


def control_groups() -> Path:
    """Where the unified hierarchy of control groups is mounted. Raises SandboxError if it is not."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    raise SandboxError("booting an instance needs control groups, version 2, to be mounted")


def _remove_unused(folder: Path) -> None:
    """Remove the folder of a killed process, which no longer holds the lock."""
    lock = folder / "lock"
    if lock.is_file():
        with lock.open() as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            shutil.rmtree(folder)


def _remove_group(group: Path) -> None:
    """Remove a control group with those inside it; a group with processes stays."""
    for inside in sorted(group.rglob("*"), reverse=True):
        if inside.is_dir():
            with suppress(OSError):
                inside.rmdir()
    with suppress(OSError):
        group.rmdir()
