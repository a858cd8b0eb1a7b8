"""What the emulated AWS does by itself after a while, such as end an instance."""

from collections.abc import Callable
from threading import Timer
from typing import Any


def after(seconds: float, action: Callable[..., Any], *arguments: object) -> Timer:
    """Do something once its time has come, unless it is cancelled before; no process goes on for its sake."""
    timer = Timer(seconds, action, arguments)
    timer.daemon = True
    timer.start()
    return timer
