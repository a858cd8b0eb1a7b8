"""The steps of a recovery, in their order."""

from ops.core.steps import Step

CLEAR_LOCK = Step(
    name="{stack}: clear the lock of a dead engine",
    does="Removes the engine's lock on the stack once its holder is known to be dead.",
    unless="there is no lock",
)
READ_STATE = Step(
    name="{stack}: read the state",
    does="Restores a state that is damaged or lost from its newest backup that can be read; the damaged one is kept.",
    unless="the state can be read",
)
REFRESH = Step(
    name="{stack}: refresh the restored state",
    does="Reads every resource back from its cloud, since the backup is older than the last changes.",
    unless="nothing was restored",
)
RECONCILE = Step(
    name="{stack}: settle what was under way",
    does="Adopts what the killed engine had made, and reads back what it was changing.",
    unless="nothing was under way",
)
LOOK = Step(
    name="{stack}: preview, and look for what exists",
    does="Looks for everything that `pulumi up` would create, and adopts what exists; repeated until nothing is found.",
    unless="`--quick` is given",
)
UP = Step(name="{stack}: pulumi up", does="Ends what was cut off.", unless="`--up` is not given, or nothing is left")
PREVIEW = Step(
    name="{stack}: preview",
    does="Shows that another `pulumi up` changes nothing.",
    unless="`--up` is not given, or nothing is left",
)
STEPS = (CLEAR_LOCK, READ_STATE, REFRESH, RECONCILE, LOOK, UP, PREVIEW)

RECOVER = Step(
    name="recover {stack}",
    does="Where an engine was killed: the steps of `ops recover {stack} --quick`.",
    unless="no engine left anything behind in {stack}",
)
"""Stands for those steps in the plan of another command."""
