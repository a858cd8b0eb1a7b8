"""Goes on from the copy of the state in the other region, where the region of the state is lost."""

import os

from ops.bootstrap.state_backend import StateBackend
from ops.core.aws import reachable
from ops.core.objects import FOLDER, Bucket
from ops.core.recovery import STATE_FOLDER
from ops.core.session import UNDER_WAY
from ops.core.stack_files import StackFile, replace
from ops.core.steps import Step, Timeline, confirm, say
from ops.errors import Exit, OpsError

CLEAR = Step(
    name="clear the copy of the state",
    does="With `--backend-copy`: removes locks and the operation under way from the copy. S3 copies no deletion, so "
    "those of long ago are there too; `ops dr abort` judges without them.",
)
LEAD = Step(
    name="lead the state to its copy",
    does="With `--backend-copy`: has states and stack files name the replica of their key in the copy's region.",
)
STEPS = (CLEAR, LEAD)


def go_on_from_copy(timeline: Timeline, *, yes: bool) -> None:
    """`ops recover --backend-copy`: safe to run again at any point.

    Raises OpsError (REFUSED) while the region of the state answers.
    """
    backend = StateBackend.of()
    # Credentials of a role are asked for in the region of the backend, which is lost.
    os.environ["PULUMI_BACKEND_URL"] = backend.copy_url
    if reachable(backend.region):
        raise OpsError(f"{backend.region} answers: the state is read where it is", Exit.REFUSED)
    if not (yes or timeline.dry_run):
        confirm(f"Leave the state in {backend.region} for good, and go on from its copy in {backend.copy_region}?")
    engine, ours = (Bucket(backend.copy_bucket, folder, backend.copy_region) for folder in (STATE_FOLDER, FOLDER))
    with timeline.step(CLEAR) as step:
        held = [(place, key) for place in (engine, ours) for key in place.keys("locks/", ending="")]
        held += [(ours, key) for key in ours.keys(UNDER_WAY)]
        step.detail = f"{len(held)} locks and notes"
        for place, key in () if step.dry_run else held:
            place.delete(key)
    with timeline.step(LEAD) as step:
        states = [(key, engine.read(key) or b"") for key in engine.keys("stacks/", ending="")]
        changed = [(key, led) for key, content in states if (led := _led(backend, content)) != content]
        files = [StackFile.of(stack).path for stack in backend.all_stacks]
        step.detail = f"{len(changed)} states, {len(files)} stack files"
        if not step.dry_run:
            for key, led in changed:
                engine.write(key, led)
            for file in files:
                replace(file, _led(backend, file.read_bytes()).decode())
    say(f"          commit the stack files, and in every shell: export PULUMI_BACKEND_URL='{backend.copy_url}'")
    say("          nothing copies the state from there: make a copy of your own until it is led back")


def _led(backend: StateBackend, content: bytes) -> bytes:
    """A state or a stack file that names the key where the copy is; the engine's JSON has its own form of `&`."""
    for form in ("&", "\\u0026"):
        here, there = (url.replace("&", form).encode() for url in (backend.secrets_provider, backend.copy_provider))
        content = content.replace(here, there)
    return content
