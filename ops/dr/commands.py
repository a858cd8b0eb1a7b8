"""`ops dr`: the commands of disaster recovery. The code of each is loaded when it runs."""

import json
from typing import Annotated, Any

import typer

from ops.core.options import DryRun, Report, TakeOver, Yes
from ops.errors import Exit, OpsError

app = typer.Typer(help="Lose a region, serve from the other, and come back.", no_args_is_help=True)

To = Annotated[str, typer.Option("--to", help="The region's stack.", show_default=False)]
Stack = Annotated[str, typer.Argument(help="The region's stack.", show_default=False)]
Waive = Annotated[
    list[str] | None,
    typer.Option(
        "--waive-fence",
        metavar="REASON",
        help="Do not fence the other region, which does not answer; one that answers needs it twice. "
        "Recorded with your name.",
    ),
]
AcceptLag = Annotated[
    int | None,
    typer.Option(
        "--accept-lag",
        metavar="SECONDS",
        min=0,
        help="Accept that writes of this long are missing, up to now where the lag is old; recorded with your name.",
    ),
]
Force = Annotated[
    str | None,
    typer.Option(
        "--force",
        metavar="REASON",
        help="Go on with checks that failed and gates that are closed; recorded with your name.",
    ),
]


def _waived(reasons: list[str] | None) -> dict[str, Any]:
    """The options of a session for what --waive-fence was given, once or twice."""
    given = reasons or []
    return {"waive_fence": given[-1] if given else None, "waive_answering": len(given) > 1}


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Both regions side by side, which is live, and what deviates from normal operation.

    Asks both regions, the edge and the state backend at once; a region that does not answer costs three seconds and is
    shown as unknown. Every deviation names the command that ends it.
    """
    from ops.dr.status import show
    from ops.dr.status import status as ask

    found = ask()
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        show(found)


@app.command()
def activate(
    stack: Stack,
    dry_run: DryRun = False,
    yes: Yes = False,
    waive_fence: Waive = None,
    accept_lag: AcceptLag = None,
    force: Force = None,
    take_over: TakeOver = None,
) -> None:
    """Make the standby a region of its own: check, estimate the data loss, fence the old writer, promote, scale out.

    First everything that the activation needs is checked in the standby's region, and all that is missing is named at
    once; nothing is changed then. A replica whose lag is too large, or was measured more than five minutes ago as in a
    region that is lost, needs --accept-lag with what may be missing. What makes a promotion impossible refuses it, what
    would leave visitors unserved needs --force with a reason, and the rest is a warning.

    The other region is fenced where it answers. Where it does not, make sure that nobody writes there, and say so with
    --waive-fence: it is then not called any more. One that answers, and whose fence fails, needs --waive-fence twice:
    what is written there from then on is lost. Traffic stays where it is until `ops dr flip`.

    Killed at any point, the same command goes on, and asks again for a decision older than 30 minutes; on an active
    region it changes nothing.
    """
    from ops.core.session import Session, SessionOptions
    from ops.dr.activate import activate_region

    options = SessionOptions(
        dry_run=dry_run,
        yes=yes,
        **_waived(waive_fence),
        accept_lag=accept_lag,
        force=force,
        take_over=take_over,
    )
    activate_region(Session.of(options), stack)


@app.command()
def flip(
    to: Annotated[str | None, typer.Option("--to", help="The region's stack.", show_default=False)] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Route traffic back to where the last flip took it from.")
    ] = False,
    dry_run: DryRun = False,
    force: Force = None,
    take_over: TakeOver = None,
) -> None:
    """Route traffic to a region whose gates are open: every name, or none.

    The gates are the region's health and its parts, asked through its own origin, instances in service, certificate,
    a database that takes writes, and strict TLS at the edge. Then the edge is changed, every record is read back from
    Cloudflare, and a visitor's request must be answered by the region.

    When Cloudflare fails, or reports success without a change, every name is rolled back, and the message says so.
    """
    from ops.core.session import Session, SessionOptions
    from ops.dr.flip import flip_to
    from ops.dr.flip import undo as undo_flip

    if undo == bool(to):
        raise OpsError("give --to STACK or --undo", Exit.USAGE)
    session = Session.of(SessionOptions(dry_run=dry_run, force=force, take_over=take_over))
    if to:
        flip_to(session, to)
    else:
        undo_flip(session)


@app.command()
def failover(
    to: To,
    dry_run: DryRun = False,
    yes: Yes = False,
    waive_fence: Waive = None,
    accept_lag: AcceptLag = None,
    force: Force = None,
    take_over: TakeOver = None,
    report: Report = None,
) -> None:
    """Activate the standby and flip to it, with one timeline and a report.

    What `ops dr activate` and `ops dr flip` say holds here too. The report has the measured RTO, from the command's
    start to the visitor's answer, and the RPO as it was estimated and as canary rows show it.
    """
    from ops.core.session import Session, SessionOptions
    from ops.dr.failover import failover as fail_over

    options = SessionOptions(
        dry_run=dry_run,
        yes=yes,
        **_waived(waive_fence),
        accept_lag=accept_lag,
        force=force,
        take_over=take_over,
        report=report,
    )
    fail_over(Session.of(options), to)


@app.command()
def failback(
    to: To,
    dry_run: DryRun = False,
    yes: Yes = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="First rebuild the region's database as a replica, if it has diverged.")
    ] = False,
    accept_lag: AcceptLag = None,
    force: Force = None,
    take_over: TakeOver = None,
    report: Report = None,
) -> None:
    """Go back to the former primary once it follows; the other region becomes its standby again.

    Refused while the region's data has diverged: `ops dr rebuild`, or --rebuild, replaces its database by a replica
    first. Then the live region is fenced, the replica gets the last writes and is promoted, traffic is routed back, and
    the region that served becomes a standby under a new generation of its database. Nobody can write between the fence
    and the flip. At the end `pulumi up` of every stack changes nothing, which is shown.
    """
    from ops.core.session import Session, SessionOptions
    from ops.dr.failback import failback as fail_back

    options = SessionOptions(
        dry_run=dry_run,
        yes=yes,
        rebuild=rebuild,
        accept_lag=accept_lag,
        force=force,
        take_over=take_over,
        report=report,
    )
    fail_back(Session.of(options), to)


@app.command()
def abort(
    to: Annotated[
        str | None, typer.Option("--to", help="The region's stack to serve from, where both take writes.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    waive_fence: Waive = None,
    force: Force = None,
    take_over: TakeOver = None,
) -> None:
    """Give up what is under way, and serve from the region whose database takes writes.

    It needs no edit of a stack file, wherever a command stopped or was killed: RDS says who is a replica, the stacks
    say what was made, Cloudflare where visitors are routed. A region that was not promoted follows again. Where both
    regions take writes, because a promotion was made, --to names the one to serve from; the other is fenced, and keeps
    its database until `ops dr rebuild`.

    A rebuild is not given up: the region that serves is not concerned, and the same command goes on with it.
    """
    from ops.core.session import Session, SessionOptions
    from ops.dr.abort import abort as give_up

    options = SessionOptions(dry_run=dry_run, yes=yes, force=force, take_over=take_over, **_waived(waive_fence))
    give_up(Session.of(options), to)


@app.command()
def rebuild(stack: Stack, dry_run: DryRun = False, yes: Yes = False, take_over: TakeOver = None) -> None:
    """Make a region that was lost and answers again a standby: fenced, snapshot kept, a new replica of the live one.

    Its former database stays, with a snapshot, until `ops dr drop` names it: rows that never reached the other region
    are in there and nowhere else.
    """
    from ops.core.session import Session, SessionOptions
    from ops.dr.rebuild import rebuild_standby

    rebuild_standby(Session.of(SessionOptions(dry_run=dry_run, yes=yes, take_over=take_over)), stack)


@app.command()
def drop(
    stack: Stack,
    generation: Annotated[int, typer.Argument(min=1, help="Generation of the database, as `status` names it.")],
    dry_run: DryRun = False,
    yes: Yes = False,
    take_over: TakeOver = None,
) -> None:
    """Delete a former database that a rebuild has kept; its snapshot stays.

    Refused for the generation in use, and while the snapshot that the rebuild took is not there.
    """
    from ops.core.session import Session, SessionOptions
    from ops.dr.drop import drop_database

    drop_database(Session.of(SessionOptions(dry_run=dry_run, yes=yes, take_over=take_over)), stack, generation)


@app.command()
def queues(
    stack: Annotated[str | None, typer.Argument(help="The region's stack; without it, both.")] = None,
    redrive: Annotated[
        str | None, typer.Option("--redrive", metavar="QUEUE", help="Send this queue's dead letters to it again.")
    ] = None,
    move_to: Annotated[
        str | None,
        typer.Option("--move-to", metavar="STACK", help="Send what is in the queues to those of this region."),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    take_over: TakeOver = None,
) -> None:
    """Show the messages in the queues of a region, or have what was left there done.

    A queue is of one region. What was left in that of a region that was lost is there when it comes back: after
    `ops dr rebuild`, --move-to sends it to the region that serves. --redrive has the workers of a region try its dead
    letters once more. Without either it changes nothing.

    Each message is sent first, and deleted then. Killed at any point, the same command goes on and none is lost; one
    may be done twice, as with SQS itself, which delivers at least once.
    """
    from ops.core.session import Session, SessionOptions
    from ops.dr import queues as of_regions

    if redrive and move_to:
        raise OpsError("give --redrive QUEUE or --move-to STACK", Exit.USAGE)
    session = Session.of(SessionOptions(dry_run=dry_run, yes=yes, take_over=take_over))
    if redrive:
        of_regions.redrive(session, stack or session.pair.live, redrive)
    elif move_to:
        of_regions.move(session, stack or session.pair.other_than(move_to), move_to)
    else:
        of_regions.show(session, [stack] if stack else session.pair.stacks)
