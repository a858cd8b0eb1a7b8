"""The command `ops recover`: the command line of `ops.core.recovery`."""

from typing import Annotated

import typer

from ops.errors import Exit, OpsError


def command(
    stack: Annotated[str | None, typer.Argument(help="The stack; default: every stack that needs recovery.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be recovered.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; required without a terminal.")] = False,
    take_lock: Annotated[
        bool,
        typer.Option("--take-lock", help="Remove another machine's lock, once you know that its engine has ended."),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only settle what the state records: no preview, no further search.")
    ] = False,
    up: Annotated[bool, typer.Option("--up", help="Then run `pulumi up`, and preview again.")] = False,
    backend_copy: Annotated[
        bool, typer.Option("--backend-copy", help="The region of the state backend is lost: continue from its copy.")
    ] = False,
    backend_home: Annotated[
        bool, typer.Option("--backend-home", help="That region is back: copy the state back to it.")
    ] = False,
) -> None:
    """Recover from a killed `pulumi up` or a lost state: clear the lock, restore the state, adopt unrecorded resources.

    Use --backend-copy when the region of the state backend itself is lost: it prepares the copy in the other region,
    makes the stack files use the key's replica there, and prints what every shell needs from then on. When the region
    is back, its state is older than the copy, and commands that use it are refused until --backend-home has copied the
    state back.
    """
    from ops.core.recovery import needing, recover
    from ops.core.steps import Timeline, confirm, say

    if backend_copy or backend_home:
        from ops.recover.backend_copy import go_home, go_on_from_copy

        (go_home if backend_home else go_on_from_copy)(Timeline(dry_run=dry_run), yes=yes)
        return
    if quick and up:
        raise OpsError("--quick and --up do not go together: `up` wants the look for what exists", Exit.USAGE)
    chosen = [stack] if stack else needing()
    if not chosen:
        say("nothing to recover: no lock, no operation under way, every state can be read")
        return
    if not (yes or dry_run):
        confirm(f"Recover {', '.join(chosen)}: clear dead locks, restore damaged states, adopt what exists?")
    for each in chosen:
        recover(each, Timeline(dry_run=dry_run), take_lock=take_lock, quick=quick, up=up)
