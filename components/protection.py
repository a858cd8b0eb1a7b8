"""What `pulumi destroy` meets first: while the stack is protected, nothing of it is deleted."""

from collections.abc import Sequence

import pulumi

from naming import PROJECT

NAME = "set-allow_destroy_of-and-run-pulumi-up-first"
"""The engine shows this name when it refuses: it is the answer to the question that comes next."""


class Protection(pulumi.ComponentResource):
    """Depends on every part, so the engine would delete it before any of them, and stops at it.

    Protection of the stateful resources alone would let a destroy take everything else first.
    """

    def __init__(self, parts: Sequence[pulumi.Resource], *, protected: bool) -> None:
        opts = pulumi.ResourceOptions(depends_on=list(parts), protect=protected)
        super().__init__(f"{PROJECT}:platform:Protection", NAME, None, opts)
        self.register_outputs({})
