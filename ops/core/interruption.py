"""Ends an engine that changes a stack, after Ctrl-C or a time limit, as gracefully as possible."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ops.errors import OpsError

if TYPE_CHECKING:
    import psutil

T = TypeVar("T")
END_SECONDS = 30.0
"""Our choice: an engine that is asked to end writes its state within seconds, unless a provider hangs."""


class TooLongError(OpsError):
    """A wait took too long."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The total time limit for changes of stacks; `deadline` is on the monotonic clock."""

    seconds: float
    end_seconds: float
    deadline: float

    @property
    def is_over(self) -> bool:
        """Whether the time limit is over."""
        return time.monotonic() > self.deadline

    def error(self) -> TooLongError:
        """The error with which the change then ends."""
        return TooLongError(f"`pulumi up` did not end within {self.seconds:.0f} s")


def bounded(work: Callable[[], T], seconds: float) -> T:
    """The result of the work, limited in time whatever it waits for: a slow answer, or the resolution of a host name.

    Raises its exceptions, and TimeoutError: then the work continues unobserved.
    """
    found = _begun(work)
    try:
        return found.result(seconds)
    except TimeoutError:
        if found.done():
            raise
        raise TimeoutError(f"no whole answer within {seconds:.0f} s") from None


def uninterrupted(work: Callable[[], Any], limit: Limit | None = None) -> None:
    """Do the work in a thread, so that Ctrl-C asks the engine to end and then waits for it.

    Raises TooLongError after the limit: the engine is asked to end, and killed if it does not.
    """
    if limit and limit.is_over:
        raise limit.error()
    done = _begun(work)
    try:
        while wait([done], 0.2).not_done:
            if limit and limit.is_over:
                _end_engines(done, limit.end_seconds)
                raise limit.error()
    except KeyboardInterrupt:
        # At a terminal the engine has received the Ctrl-C too, and a second one makes it abandon running operations.
        if not sys.stdin.isatty():
            _signal(_engines(), signal.SIGINT)
        wait([done])
        raise
    done.result()


def _begun(work: Callable[[], T]) -> Future[T]:
    """The result or exception of the work, which runs in a thread that does not prevent the process from ending."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done


def _end_engines(work: Future[Any], seconds: float) -> None:
    """Ask the engines to end; those that do not are killed with their plugins, which would continue to retry."""
    import psutil

    engines = _engines()
    _signal(engines, signal.SIGINT)
    if wait([work], seconds).not_done:
        plugins: list[psutil.Process] = []
        for engine in engines:
            with suppress(psutil.Error):
                plugins += engine.children(recursive=True)
        _signal([*engines, *plugins], signal.SIGKILL)
        wait([work])


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
