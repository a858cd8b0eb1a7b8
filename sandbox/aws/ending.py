"""How long scaled-in instances take to terminate: set through the sandbox's own path, read by Auto Scaling."""

from dataclasses import dataclass


@dataclass
class Ending:
    """`seconds` is 0 by default, so that other tests need not wait."""

    seconds: int = 0


ENDING = Ending()
