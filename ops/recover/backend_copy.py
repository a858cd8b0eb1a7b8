"""Goes on from the copy of the state in the other region, where the region of the state is lost, and back again."""

import os

from ops.bootstrap.state_backend import StateBackend
from ops.core.aws import reachable
from ops.core.ledger import Ledger
from ops.core.objects import FOLDER, Bucket
from ops.core.recovery import STATE_FOLDER
from ops.core.session import LOCK, UNDER_WAY
from ops.core.stack_files import StackFile, replace
from ops.core.steps import Step, Timeline, confirm, say
from ops.errors import Exit, OpsError, refused

LOCKS = "locks/"

CLEAR = Step(
    name="clear the copy of the state",
    does="With `--backend-copy`: removes locks and the operation under way from the copy. S3 copies no deletion, so "
    "those of long ago are there too; `ops dr abort` judges without them.",
)
LEAD = Step(
    name="lead the state to its copy",
    does="With `--backend-copy`: has states and stack files name the replica of their key in the copy's region.",
)
CARRY = Step(
    name="carry the state home",
    does="With `--backend-home`: writes what the copy has, but for locks, into the first bucket, which names its own "
    "key again; what was under way there when its region was lost is removed.",
)
RETURN = Step(
    name="lead the stack files home",
    does="With `--backend-home`: has the stack files name the key in the first region. S3 copies the state from there.",
)
STEPS = (CLEAR, LEAD, CARRY, RETURN)


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
        confirm(f"Leave the state in {backend.region}, and go on from its copy in {backend.copy_region}?")
    engine, ours = _copy(backend)
    with timeline.step(CLEAR) as step:
        held = [(place, key) for place in (engine, ours) for key in place.keys(LOCKS, ending="")]
        held += [(ours, key) for key in ours.keys(UNDER_WAY)]
        step.detail = f"{len(held)} locks and notes"
        for place, key in () if step.dry_run else held:
            place.delete(key)
    with timeline.step(LEAD) as step:
        states = [(key, engine.read(key) or b"") for key in engine.keys("stacks/", ending="")]
        changed = [(key, led) for key, content in states if (led := _led(backend, content)) != content]
        step.detail = f"{len(changed)} states, {len(backend.all_stacks)} stack files"
        if not step.dry_run:
            for key, led in changed:
                engine.write(key, led)
            _lead_files(backend)
    say(f"          commit the stack files, and in every shell: export PULUMI_BACKEND_URL='{backend.copy_url}'")
    say(f"          nothing copies the state from there; once {backend.region} answers: `ops recover --backend-home`")


def go_home(timeline: Timeline, *, yes: bool) -> None:
    """`ops recover --backend-home`: safe to run again at any point; the files, which say where the state is, come last.

    Raises OpsError: REFUSED unless both regions answer, BUSY while somebody changes a stack.
    """
    backend = StateBackend.of()
    os.environ["PULUMI_BACKEND_URL"] = backend.copy_url
    if silent := [region for region in (backend.region, backend.copy_region) if not reachable(region)]:
        raise refused([f"{region} does not answer: the state is carried home once it does" for region in silent])
    if not any(_led(backend, content, home=True) != content for content in _files(backend).values()):
        say(f"the stack files have the state in {backend.region} already")
        return
    engine, ours = _copy(backend)
    if locks := engine.keys(LOCKS, ending=""):
        raise OpsError(f"an engine changes a stack, or was killed: {', '.join(locks)}; `ops recover`", Exit.BUSY)
    if not (yes or timeline.dry_run):
        confirm(f"Replace the state in {backend.region} by the newer one in {backend.copy_region}?")
    with Ledger(ours).hold(LOCK):
        with timeline.step(CARRY) as step:
            found = [(place, key) for place in (engine, ours) for key in place.keys("", ending="")]
            carried = [(place, key) for place, key in found if not key.startswith(LOCKS)]
            step.detail = f"{len(carried)} objects"
            if not step.dry_run:
                _carry(backend, carried, ours)
        with timeline.step(RETURN) as step:
            step.detail = f"{len(backend.all_stacks)} stack files"
            if not step.dry_run:
                _lead_files(backend, home=True)
    say(f"          commit the stack files, and in every shell: export PULUMI_BACKEND_URL='{backend.url}'")


def _carry(backend: StateBackend, carried: list[tuple[Bucket, str]], ours: Bucket) -> None:
    """Write objects of the copy into the first bucket, after what was held there when its region was lost."""
    homes = [Bucket(backend.bucket, folder, backend.region) for folder in (STATE_FOLDER, FOLDER)]
    for place in homes:
        for key in [*place.keys(LOCKS, ending=""), *place.keys(UNDER_WAY)]:
            place.delete(key)
    for place, key in carried:
        homes[place is ours].write(key, _led(backend, place.read(key) or b"", home=True))


def _copy(backend: StateBackend) -> tuple[Bucket, Bucket]:
    """The copy of the engine's state, and of ours."""
    engine, ours = (Bucket(backend.copy_bucket, folder, backend.copy_region) for folder in (STATE_FOLDER, FOLDER))
    return engine, ours


def _files(backend: StateBackend) -> dict[str, bytes]:
    return {stack: StackFile.of(stack).path.read_bytes() for stack in backend.all_stacks}


def _lead_files(backend: StateBackend, *, home: bool = False) -> None:
    for stack, content in _files(backend).items():
        replace(StackFile.of(stack).path, _led(backend, content, home=home).decode())


def _led(backend: StateBackend, content: bytes, *, home: bool = False) -> bytes:
    """A state or a stack file that names the key where the copy is, or at home.

    The engine's JSON has its own form of `&`.
    """
    urls = (backend.secrets_provider, backend.copy_provider)
    for form in ("&", "\\u0026"):
        at_home, at_copy = (url.replace("&", form).encode() for url in urls)
        content = content.replace(at_copy, at_home) if home else content.replace(at_home, at_copy)
    return content
