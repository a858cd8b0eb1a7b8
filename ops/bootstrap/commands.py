"""The command `ops bootstrap`."""

from typing import Annotated

import typer


def command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what exists and what is missing.")] = False,
    generate: Annotated[
        bool, typer.Option("--generate", help="Generate every secret that can be generated, instead of asking for it.")
    ] = False,
) -> None:
    """Create what must exist before the first `pulumi up` in an account; leave what exists as it is."""
    from ops.bootstrap import bootstrap
    from ops.core.steps import Timeline

    bootstrap(Timeline(dry_run=dry_run), generate=generate)
