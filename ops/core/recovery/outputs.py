"""A stack's outputs, also while its state cannot be read: what restores that state comes later, or is not asked for."""

import sys
from typing import Any

from ops.core.engine import Engine, UnreadableStateError
from ops.core.recovery import state_file


def outputs(engine: Engine, stack: str) -> dict[str, Any]:
    """The outputs as the engine reads them; else from the state's file or its newest backup, which is said.

    Raises OpsError where none of these can be read.
    """
    try:
        return engine.outputs(stack)
    except UnreadableStateError:
        found = state_file(stack).outputs()
        if found is None:
            raise
    known, backup = found
    if backup:
        # Beside what a program reads: `ops dr status --json` goes on too.
        told = f"the state of {stack} cannot be read; its outputs are those of {backup.key}, {backup.age()}"
        print(told, file=sys.stderr)
    return known
