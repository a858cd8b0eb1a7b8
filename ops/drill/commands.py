"""The command `ops dr drill`. Its code is loaded when it runs."""

from typing import Annotated, Literal

import typer

from ops.core.options import Report


def command(
    mode: Annotated[
        Literal["refuse", "hang", "error"],
        typer.Option(help="How the region is lost: calls to it are refused, are never answered, or are answered 503."),
    ] = "refuse",
    also_lost: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION", help="Another region that is lost with it, such as that of IAM's control plane."
        ),
    ] = None,
    grey: Annotated[
        bool, typer.Option("--grey", help="Load balancers and Auto Scaling hang, while the region answers.")
    ] = False,
    late: Annotated[bool, typer.Option("--late", help="The decision comes 20 minutes late by AWS's clock.")] = False,
    stale: Annotated[bool, typer.Option("--stale", help="Somebody has an older checkout, and uses it.")] = False,
    lag: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, max=3600, help="How far the replica is behind.")
    ] = 2.0,
    ending: Annotated[
        int, typer.Option(metavar="SECONDS", min=0, max=600, help="How long hosts take to end, and go on writing.")
    ] = 20,
    skip_failback: Annotated[bool, typer.Option("--skip-failback", help="Stay in the other region.")] = False,
    report: Report = None,
) -> None:
    """Lose the live region of a sandbox, fail over, fail back, and measure what that costs.

    Rows are written through the edge several times a second all the while; what was acknowledged and is not there
    afterwards is the data loss. From the decision on, calls to the lost region are counted: there must be none.

    It runs on a sandbox alone: `make drill` starts one. Whatever happens, the region is restored at the end. After a
    drill that ended early, `ops dr status` shows what is left to be done.
    """
    from ops.drill.drill import drill as drill_sandbox
    from ops.drill.scenario import DrillOptions

    options = DrillOptions(
        mode=mode,
        grey=grey,
        late=late,
        stale=stale,
        also_lost=also_lost or (),
        lag_seconds=lag,
        ending_seconds=ending,
        skip_failback=skip_failback,
        report=report,
    )
    drill_sandbox(options)
