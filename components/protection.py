"""What `pulumi destroy` would delete first: while the stack is protected, the destroy stops here."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from naming import PROJECT

NAME = "set-allow_destroy_of-and-run-pulumi-up-first"
"""The engine shows this name when it refuses: it tells the operator what to do."""


class Protection(pulumi.ComponentResource):
    """Depends on every part, so that the engine would delete it first, and stops at it.

    Protecting the stateful resources alone would let a destroy delete everything else first.
    """

    def __init__(self, parts: Sequence[pulumi.Resource], *, protected: bool) -> None:
        opts = pulumi.ResourceOptions(depends_on=list(parts), protect=protected)
        super().__init__(f"{PROJECT}:platform:Protection", NAME, None, opts)
        self.register_outputs({})
