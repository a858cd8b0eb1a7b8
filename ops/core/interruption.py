"""Ends an engine that changes a stack, by Ctrl-C or at a time limit, as gently as it lets itself be ended."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ops.errors import OpsError

if TYPE_CHECKING:
    import psutil

T = TypeVar("T")
END_SECONDS = 30.0
"""Ours: an engine that was asked to end writes its state within seconds, unless a provider hangs."""


class TooLongError(OpsError):
    """What was waited for did not come in time."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How long changes of stacks may take in all, and until when: `deadline` is on the monotonic clock."""

    seconds: float
    end_seconds: float
    deadline: float

    @property
    def is_over(self) -> bool:
        """Whether nothing may go on."""
        return time.monotonic() > self.deadline

    def error(self) -> TooLongError:
        """What the change ends with then."""
        return TooLongError(f"`pulumi up` did not end within {self.seconds:.0f} s")


def bounded(work: Callable[[], T], seconds: float) -> T:
    """What the work returns, within so many seconds whatever it waits for: a slow answer, or the name of a host.

    Raises what it raises, and TimeoutError: then it goes on, and nobody hears of it.
    """
    _, found = _begun(work)
    try:
        return found.result(seconds)
    except TimeoutError:
        if found.done():
            raise
        raise TimeoutError(f"no whole answer within {seconds:.0f} s") from None


def uninterrupted(work: Callable[[], Any], limit: Limit | None = None) -> None:
    """Do the work in a thread, so that Ctrl-C asks the engine to end and then waits until it has.

    Raises TooLongError beyond the limit: the engine is asked to end, and killed where it does not.
    """
    if limit and limit.is_over:
        raise limit.error()
    thread, found = _begun(work)
    try:
        while thread.is_alive():
            thread.join(0.2)
            if limit and limit.is_over and thread.is_alive():
                _end_engines(thread, limit.end_seconds)
                raise limit.error()
    except KeyboardInterrupt:
        # At a terminal the engine has had the Ctrl-C too, and one that is asked twice drops what is under way.
        if not sys.stdin.isatty():
            _signal(_engines(), signal.SIGINT)
        thread.join()
        raise
    found.result()


def _begun(work: Callable[[], T]) -> tuple[threading.Thread, Future[T]]:
    """The work under way in a thread that this process does not wait for, and what will come of it."""
    found: Future[T] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as error:
            found.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, found


def _end_engines(work: threading.Thread, seconds: float) -> None:
    """Ask the engines to end; those that do not are killed, and their plugins with them, which would go on trying."""
    import psutil

    engines = _engines()
    _signal(engines, signal.SIGINT)
    work.join(seconds)
    if work.is_alive():
        plugins: list[psutil.Process] = []
        for engine in engines:
            with suppress(psutil.Error):
                plugins += engine.children(recursive=True)
        _signal([*engines, *plugins], signal.SIGKILL)
        work.join()


def _engines() -> "list[psutil.Process]":
    import psutil

    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if child.name().startswith("pulumi"):
                found.append(child)
    return found


def _signal(processes: "Sequence[psutil.Process]", what: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process.pid, what)
