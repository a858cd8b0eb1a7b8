"""How long the instances take to end that a group scales in: set by the sandbox's own path, read by Auto Scaling."""

from dataclasses import dataclass


@dataclass
class Ending:
    """`seconds` is 0 where nobody asked for more, so that what does not test it need not wait."""

    seconds: int = 0


ENDING = Ending()
