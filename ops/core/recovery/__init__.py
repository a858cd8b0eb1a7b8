"""`ops recover`: what was created but not recorded is adopted, a dead lock cleared, a damaged state restored."""

import sys
from typing import Any

from ops.core.engine import Engine
from ops.core.engine_errors import UnreadableStateError
from ops.core.ledger import Ledger
from ops.core.objects import objects
from ops.core.recovery.recovery import Recovery
from ops.core.recovery.state_files import StateFile
from ops.core.stack_files import project_name, stacks
from ops.core.steps import Timeline
from ops.errors import Exit, OpsError

__all__ = ["needing", "outputs", "recover", "state_file"]

STATE_FOLDER = ".pulumi"


def recover(stack: str, timeline: Timeline, engine: Engine | None = None, **options: bool) -> None:
    """Recover one stack; with nothing to recover it says so, and changes nothing.

    `engine` has a time limit, `options` are those of `Recovery.run`.

    Raises OpsError: USAGE for an unknown stack, BUSY with the holder of a lock in use, FAILED with the cause.
    """
    if stack not in stacks():
        raise OpsError(f"no stack {stack}; there are: {', '.join(stacks())}", Exit.USAGE)
    with Ledger().hold(f"recover-{stack}"):
        _recovery(stack, timeline, engine or Engine()).run(**options)


def needing() -> list[str]:
    """The stacks whose engine or state left something behind, as far as this is visible without calls to a cloud."""
    return [stack for stack in stacks() if _recovery(stack, Timeline(), Engine()).needed()]


def state_file(stack: str) -> StateFile:
    """The stack's state in the current backend."""
    return StateFile(objects(STATE_FOLDER), project_name(), stack)


def outputs(engine: Engine, stack: str) -> dict[str, Any]:
    """A stack's outputs from the engine; else from the state's file or its newest backup, which is reported.

    Raises OpsError if none of these can be read.
    """
    try:
        return engine.outputs(stack)
    except UnreadableStateError:
        found = state_file(stack).outputs()
        if found is None:
            raise
    known, backup = found
    if backup:
        # On standard error, so that the output of `ops dr status --json` stays valid.
        told = f"the state of {stack} cannot be read; its outputs are those of {backup}"
        print(told, file=sys.stderr)
    return known


def _recovery(stack: str, timeline: Timeline, engine: Engine) -> Recovery:
    return Recovery(stack, timeline, engine, objects(STATE_FOLDER))
