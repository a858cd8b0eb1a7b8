"""The commands of an operator with an older checkout while the other region serves: each must refuse."""

import os
import subprocess
import sys
from collections.abc import Sequence

from ops.core.pair import Pair
from ops.core.stack_files import CHECKOUT, PROJECT_VARIABLE
from ops.core.steps import Step, Timeline
from ops.errors import OpsError

TRY = Step(
    name="try what a stale checkout would do",
    does="Runs `ops dr flip`, and `pulumi up` of {stack} and the edge, with the stack files from before the loss. "
    "Each must be refused, and visitors must stay where they are.",
    unless="`--stale` is not given",
)


def try_commands(timeline: Timeline, pair: Pair, live: str, older: str) -> None:
    """Try to route visitors back to the region that was `live`, and to demote the one that serves.

    Raises OpsError with the commands that were not refused because of the outdated files in the folder `older`.
    """
    standby = pair.other_than(live)
    with timeline.step(TRY, stack=standby) as step:
        ups = [
            ["pulumi", "-C", older, "up", "--yes", "--skip-preview", "--stack", name]
            for name in (standby, pair.edge.stack)
        ]
        commands = [[sys.executable, "-m", "ops", "dr", "flip", "--to", live], *ups]
        ended = {" ".join(command[1:]): _run(command, older) for command in commands}
        told = {what: done.stdout + done.stderr for what, done in ended.items()}
        if taken := [what for what, done in ended.items() if done.returncode == 0 or "is older than" not in told[what]]:
            raise OpsError("\n".join(f"an older checkout was not refused: {what}: {told[what]}" for what in taken))
        step.detail = f"{len(commands)} commands refused"


def _run(command: Sequence[str], project: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the stack files of a folder."""
    variables = {**os.environ, PROJECT_VARIABLE: project}
    return subprocess.run(
        command, cwd=CHECKOUT, env=variables, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
