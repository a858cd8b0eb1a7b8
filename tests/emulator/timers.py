"""Timers that go off when a test lets their time pass."""

from collections.abc import Callable
from typing import Any


class Timers:
    """Those of the emulated AWS in this process."""

    def __init__(self) -> None:
        self.now = 0.0
        self.started: list[Timer] = []

    def made(self, seconds: float, action: Callable[..., Any], arguments: tuple[object, ...]) -> "Timer":
        """A timer, as `threading.Timer` makes one."""
        return Timer(self, self.now + seconds, action, arguments)

    def pass_time(self, seconds: float) -> None:
        """Have everything happen that is due by then."""
        self.now += seconds
        for timer in [timer for timer in self.started if timer.due <= self.now]:
            timer.cancel()
            timer.action(*timer.arguments)


class Timer:
    """One of them."""

    def __init__(self, timers: Timers, due: float, action: Callable[..., Any], arguments: tuple[object, ...]) -> None:
        self.timers, self.due, self.action, self.arguments = timers, due, action, arguments

    def start(self) -> None:
        """Wait for the time."""
        self.timers.started.append(self)

    def cancel(self) -> None:
        """Wait no more."""
        if self in self.timers.started:
            self.timers.started.remove(self)
