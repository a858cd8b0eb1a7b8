"""Set-up in steps: each is done once per input, shows progress, and writes a log (standard library only)."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sandbox.project.paths import Paths

QUIET_SECONDS = 15
LOG_LINES_SHOWN = 20


class SandboxError(Exception):
    """An error that the operator can fix: the message says how."""


class Step:
    """A running step: its commands write to its log, and the screen shows progress."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._started = time.monotonic()
        self._shown = self._started

    def command(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Run a command to its end. Raises SandboxError with the end of its output if it fails or takes too long."""
        deadline = time.monotonic() + seconds if seconds else None
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                while process.poll() is None:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(1 if sys.stdout.isatty() else 0.2)
                    if deadline and time.monotonic() > deadline:
                        raise SandboxError(f"{self.name}: no answer within {seconds:.0f} s from: {command[0]}")
                    self._alive()
            finally:
                end_group(process)
        if process.returncode:
            raise SandboxError(f"{self.name} failed; the log is {self.log}:\n{self._last_lines(LOG_LINES_SHOWN)}")

    def say(self, text: str) -> None:
        """A permanent line on the screen."""
        clear_line()
        print(f"  {self.name}: {text}", flush=True)

    def done(self, what: str = "") -> None:
        """The step's closing line."""
        clear_line()
        print(f"  {self.name:<34} {what or f'{self._elapsed():.1f} s'}", flush=True)

    def _alive(self) -> None:
        if sys.stdout.isatty():
            line = f"  {self.name:<34} {self._elapsed():.0f} s  {self._last_lines(1)}"
            print("\r\033[K" + line[: shutil.get_terminal_size().columns - 1], end="", flush=True)
        elif time.monotonic() - self._shown > QUIET_SECONDS:
            self._shown = time.monotonic()
            print(f"  {self.name:<34} {self._elapsed():.0f} s so far", flush=True)

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _last_lines(self, count: int) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
        return "\n".join(text.replace("\r", "\n").strip().splitlines()[-count:])


def run_step(
    paths: Paths, name: str, *, inputs: Sequence[str], outputs: Sequence[Path], action: Callable[[Step], None]
) -> bool:
    """Run a step unless it was done for these inputs and its outputs still exist. Returns whether it ran."""
    stamp = paths.stamps / name.replace(" ", "-")
    digest = hashlib.sha256("\0".join(inputs).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest and all(path.exists() for path in outputs):
        return False
    for folder in (paths.logs, paths.stamps):
        folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    log = paths.logs / f"{stamp.name}.log"
    log.write_bytes(b"")
    step = Step(name, log)
    action(step)
    stamp.write_text(digest)
    step.done()
    return True


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Stop a command that was started in its own session, with its children."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def clear_line() -> None:
    """Remove the progress line from a terminal."""
    if sys.stdout.isatty():
        print("\r\033[K", end="")


def interrupt_on_termination() -> None:
    """Let SIGTERM and SIGHUP unwind like Ctrl-C, so that nothing is left running."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # SIGINT as well: a shell that starts a job in the background has it ignored.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, interrupt)
