"""The command `ops dr drill`. Its code is loaded when it runs."""

from typing import Annotated, Literal

import typer

from ops.core.options import Report


def command(
    mode: Annotated[
        Literal["refuse", "hang", "error"],
        typer.Option(help="How calls to the lost region fail: refused, never answered, or answered with 503."),
    ] = "refuse",
    also_lost: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION", help="Another region that is lost too, such as the one with the control plane of IAM."
        ),
    ] = None,
    grey: Annotated[
        bool, typer.Option("--grey", help="Grey failure: load balancers and Auto Scaling hang, but the region answers.")
    ] = False,
    late: Annotated[bool, typer.Option("--late", help="Decide 20 minutes after the loss, by AWS's clock.")] = False,
    stale: Annotated[bool, typer.Option("--stale", help="Try commands from an outdated checkout, too.")] = False,
    lag: Annotated[float, typer.Option(metavar="SECONDS", min=0, max=3600, help="Replica lag.")] = 2.0,
    ending: Annotated[
        int, typer.Option(metavar="SECONDS", min=0, max=600, help="How long hosts keep writing while they terminate.")
    ] = 20,
    skip_failback: Annotated[bool, typer.Option("--skip-failback", help="Stay in the other region.")] = False,
    report: Report = None,
) -> None:
    """Lose the live region of a sandbox, fail over, fail back, and measure what that costs.

    Rows are written through the edge several times a second throughout; acknowledged rows that are missing afterwards
    are the data loss. From the decision on, calls to the lost region are counted: there must be none.

    Runs only on a sandbox; `make drill` starts one. The region is always restored at the end. If a drill ended early,
    `ops dr status` shows what remains to be done.
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
