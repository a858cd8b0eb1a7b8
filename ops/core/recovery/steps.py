"""The steps of a recovery, in their order."""

from ops.core.steps import Step

CLEAR_LOCK = Step(
    name="{stack}: clear the lock of a dead engine",
    does="Removes the engine's lock on the stack once its holder is known to be dead.",
    unless="there is no lock",
)
READ_STATE = Step(
    name="{stack}: read the state",
    does="Restores a damaged or lost state from its newest readable backup; the damaged one is kept.",
    unless="the state can be read",
)
REFRESH = Step(
    name="{stack}: refresh the restored state",
    does="Reads every resource back from its cloud, since the backup is older than the last changes.",
    unless="nothing was restored",
)
RECONCILE = Step(
    name="{stack}: settle pending operations",
    does="Adopts what the killed engine had created, and reads back what it was changing.",
    unless="there are none",
)
LOOK = Step(
    name="{stack}: preview, and search for what exists",
    does="Searches for everything that `pulumi up` would create, and adopts what exists; repeated until nothing is "
    "found.",
    unless="`--quick` is given",
)
UP = Step(
    name="{stack}: pulumi up", does="Completes what was interrupted.", unless="`--up` is not given, or nothing is left"
)
PREVIEW = Step(
    name="{stack}: preview",
    does="Shows that another `pulumi up` changes nothing.",
    unless="`--up` is not given, or nothing is left",
)
STEPS = (CLEAR_LOCK, READ_STATE, REFRESH, RECONCILE, LOOK, UP, PREVIEW)

RECOVER = Step(
    name="recover {stack}",
    does="If an engine was killed: the steps of `ops recover {stack} --quick`.",
    unless="no engine was killed in {stack}",
)
"""Represents these steps in the plan of another command."""
