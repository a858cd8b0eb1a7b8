"""Switches to the copy of the state in the other region when the region of the state is lost, and back again."""

import os
from pathlib import Path

from ops.bootstrap.state_backend import Side, StateBackend
from ops.core.aws import reachable
from ops.core.ledger import Ledger
from ops.core.objects import FOLDER, Bucket
from ops.core.recovery import STATE_FOLDER
from ops.core.session import LOCK, UNDER_WAY
from ops.core.stack_files import StackFile, replace
from ops.core.steps import Step, Timeline, confirm, say
from ops.errors import Exit, OpsError, refused

LOCKS = "locks/"
SHELLS = "          commit the stack files, and in every shell: export PULUMI_BACKEND_URL='{url}'"

CLEAR = Step(
    name="clear the copy of the state",
    does="With `--backend-copy`: removes locks and the operation in progress from the copy. S3 does not replicate "
    "deletions, so the copy also has old ones; `ops dr abort` does not need them.",
)
LEAD = Step(
    name="switch the state to its copy",
    does="With `--backend-copy`: makes states and stack files use the key's replica in the copy's region.",
)
CARRY = Step(
    name="copy the state home",
    does="With `--backend-home`: writes the copy's contents, except locks, to the original bucket, and makes it use "
    "its own key again. Removes the operation that was in progress there when its region was lost.",
)
RETURN = Step(
    name="switch the stack files home",
    does="With `--backend-home`: makes the stack files use the key in the original region, from where S3 copies the "
    "state.",
)
STEPS = (CLEAR, LEAD, CARRY, RETURN)


def go_on_from_copy(timeline: Timeline, *, yes: bool) -> None:
    """`ops recover --backend-copy`: safe to run again at any point.

    Raises OpsError (REFUSED) while the region of the state answers.
    """
    backend = StateBackend.of()
    home, copy = backend.home, backend.copy
    # Credentials of a role are requested in the region of the backend, which is lost.
    os.environ["PULUMI_BACKEND_URL"] = copy.url
    if reachable(home.region):
        raise OpsError(f"{home.region} answers: the state is read where it is", Exit.REFUSED)
    if not (yes or timeline.dry_run):
        confirm(f"Leave the state in {home.region}, and continue with its copy in {copy.region}?")
    engine, ours = _places(copy)
    with timeline.step(CLEAR) as step:
        held = [(place, key) for place in (engine, ours) for key in _held(place)]
        step.detail = f"{len(held)} locks and notes"
        for place, key in () if step.dry_run else held:
            place.delete(key)
    with timeline.step(LEAD) as step:
        states = [(key, engine.read(key) or b"") for key in engine.keys("stacks/", ending="")]
        changed = [(key, led) for key, content in states if (led := _led(content, home, copy)) != content]
        step.detail = f"{len(changed)} states, {len(backend.all_stacks)} stack files"
        if not step.dry_run:
            for key, led in changed:
                engine.write(key, led)
            for path, text in _led_files(backend, home, copy):
                replace(path, text)
    say(SHELLS.format(url=copy.url))
    say(f"          nothing copies the state from there; once {home.region} answers: `ops recover --backend-home`")


def go_home(timeline: Timeline, *, yes: bool) -> None:
    """`ops recover --backend-home`: safe to run again at any point; the files, which define the state's location, come
    last.

    Raises OpsError: REFUSED unless both regions answer, BUSY while somebody changes a stack.
    """
    backend = StateBackend.of()
    home, copy = backend.home, backend.copy
    os.environ["PULUMI_BACKEND_URL"] = copy.url
    if silent := [side.region for side in (home, copy) if not reachable(side.region)]:
        raise refused([f"{region} does not answer: the state is carried home once it does" for region in silent])
    files = _led_files(backend, copy, home)
    if not files:
        say(f"the stack files have the state in {home.region} already")
        return
    engine, ours = _places(copy)
    if locks := engine.keys(LOCKS, ending=""):
        raise OpsError(f"an engine changes a stack, or was killed: {', '.join(locks)}; `ops recover`", Exit.BUSY)
    if not (yes or timeline.dry_run):
        confirm(f"Replace the state in {home.region} by the newer one in {copy.region}?")
    with Ledger(ours).hold(LOCK):
        with timeline.step(CARRY) as step:
            ways = list(zip((engine, ours), _places(home), strict=True))
            found = [(way, key) for way in ways for key in way[0].keys("", ending="") if not key.startswith(LOCKS)]
            step.detail = f"{len(found)} objects"
            if not step.dry_run:
                for _, target in ways:
                    for key in _held(target):
                        target.delete(key)
                for (source, target), key in found:
                    target.write(key, _led(source.read(key) or b"", copy, home))
        with timeline.step(RETURN) as step:
            step.detail = f"{len(backend.all_stacks)} stack files"
            if not step.dry_run:
                for path, text in files:
                    replace(path, text)
    say(SHELLS.format(url=home.url))


def _places(side: Side) -> tuple[Bucket, Bucket]:
    """The engine's state on one side, and our own."""
    return Bucket(side.bucket, STATE_FOLDER, side.region), Bucket(side.bucket, FOLDER, side.region)


def _held(place: Bucket) -> list[str]:
    """What was held when the region of the state was lost: locks, and the running operation."""
    return [*place.keys(LOCKS, ending=""), *place.keys(UNDER_WAY)]


def _led_files(backend: StateBackend, of: Side, to: Side) -> list[tuple[Path, str]]:
    """The stack files that name the key of one side, each with its text for the other."""
    found = [(path, path.read_bytes()) for path in (StackFile.of(stack).path for stack in backend.all_stacks)]
    return [(path, led.decode()) for path, content in found if (led := _led(content, of, to)) != content]


def _led(content: bytes, of: Side, to: Side) -> bytes:
    """A state or a stack file with the key of one side replaced by that of the other.

    The engine's JSON escapes `&`.
    """
    for form in ("&", "\\u0026"):
        former, new = (side.secrets_provider.replace("&", form).encode() for side in (of, to))
        content = content.replace(former, new)
    return content
