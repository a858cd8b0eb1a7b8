"""`ops dr`: the commands of disaster recovery. The code of each is loaded when it runs."""

from typing import Annotated

import typer

from ops.core.options import AsJson, Begin, in_session, tell
from ops.errors import Exit, OpsError

app = typer.Typer(help="Lose a region, serve from the other, and come back.", no_args_is_help=True)

To = Annotated[str, typer.Option("--to", help="The region's stack.", show_default=False)]
Stack = Annotated[str, typer.Argument(help="The region's stack.", show_default=False)]


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show both regions side by side: which one is live, and what deviates from normal operation.

    Queries both regions, the edge and the state backend in parallel. A region that does not answer costs three seconds
    and is shown as unknown. Every deviation comes with the command that fixes it.
    """
    from ops.dr import status

    tell(status.status(), status.show, as_json=as_json)


@in_session(app, "dry_run", "yes", "waive_fence", "accept_lag", "force", "take_over")
def activate(begin: Begin, stack: Stack) -> None:
    """Promote the standby: check it, estimate the data loss, fence the old writer, promote the database, scale out.

    First checks everything that the activation needs in the standby's region, and lists all problems at once, before
    anything is changed. If the replica's lag is too large, or was last measured more than five minutes ago (as when its
    source's region is lost), give --accept-lag with the seconds of writes that may be missing. A problem that makes a
    promotion impossible refuses the command, one that would leave visitors unserved needs --force with a reason, and
    the others are warnings.

    If the other region answers, it is fenced. If it does not, make sure that nothing writes there, and confirm that
    with --waive-fence: the region is not called again. If it answers but cannot be fenced, give --waive-fence twice:
    everything written there from then on is lost. Traffic stays where it is until `ops dr flip`.

    If the command is killed at any point, run it again to continue. It asks again about a decision that is older than
    30 minutes or whose waived region answers again, unless the database is promoted. It changes nothing in a region
    that is already active.
    """
    from ops.dr.activate import activate_region

    activate_region(begin(), stack)


@in_session(app, "dry_run", "force", "take_over")
def flip(
    begin: Begin,
    to: Annotated[str | None, typer.Option("--to", help="The region's stack.", show_default=False)] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Route traffic back to the region that the last flip moved it from.")
    ] = False,
) -> None:
    """Route traffic to a region if its gates are open: all names, or none.

    The gates check the health of the region and its dependencies through its own origin, the instances in service, the
    certificate, that the database takes writes, and that the edge enforces strict TLS. Then the edge is changed, every
    record is read back from Cloudflare, and the region must answer a visitor's request.

    If Cloudflare fails, or reports success without making the change, all names are rolled back, and the message says
    so.
    """
    from ops.dr.flip import flip_to
    from ops.dr.flip import undo as undo_flip

    if undo == bool(to):
        raise OpsError("give --to STACK or --undo", Exit.USAGE)
    session = begin()
    if to:
        flip_to(session, to)
    else:
        undo_flip(session)


@in_session(app, "dry_run", "yes", "waive_fence", "accept_lag", "force", "take_over", "report")
def failover(begin: Begin, to: To) -> None:
    """Activate the standby and flip to it, with one timeline and a report.

    Everything described for `ops dr activate` and `ops dr flip` applies here too. The report shows the RTO, measured
    from the start of the command to the first answer for a visitor, and the RPO, as estimated and as measured by canary
    rows.
    """
    from ops.dr.failover import failover as fail_over

    fail_over(begin(), to)


@in_session(app, "dry_run", "yes", "rebuild", "waive_fence", "accept_lag", "force", "take_over", "report")
def failback(begin: Begin, to: To) -> None:
    """Fail back to the former primary once it is a replica; the other region becomes its standby again.

    Refused while the region's data has diverged: `ops dr rebuild`, or --rebuild, first replaces its database with a
    replica. Then the live region is fenced, the replica catches up and is promoted, traffic is routed back, and the
    region that served becomes a standby with a new generation of its database. Nothing can write between the fence and
    the flip. If the live region is lost meanwhile, --waive-fence continues without it. At the end a preview of every
    stack shows that `pulumi up` would change nothing.
    """
    from ops.dr.failback import failback as fail_back

    fail_back(begin(), to)


@in_session(app, "dry_run", "yes", "waive_fence", "force", "take_over")
def abort(
    begin: Begin,
    to: Annotated[
        str | None, typer.Option("--to", help="The stack of the region to serve from, if both take writes.")
    ] = None,
) -> None:
    """Abandon the operation in progress, and serve from the region with the writable database.

    No stack file needs to be edited, wherever a command stopped or was killed: RDS says which database is a replica,
    the stacks say what was created, and Cloudflare says where visitors are routed. A region that was not promoted
    becomes the standby again. If both regions take writes because a promotion had completed, choose the one to serve
    from with --to; the other is fenced, and keeps its database until `ops dr rebuild`. A rebuild is not abandoned,
    since it does not affect the region that serves: run it again to continue it.
    """
    from ops.dr.abort import abort as give_up

    give_up(begin(), to)


@in_session(app, "dry_run", "yes", "take_over")
def rebuild(begin: Begin, stack: Stack) -> None:
    """Turn a region that was lost into a standby: fence it, keep a snapshot, replicate the live database.

    The region must answer again. Its former database is kept, with a snapshot, until `ops dr drop`: it alone holds the
    rows that never reached the other region.
    """
    from ops.dr.rebuild import rebuild_standby

    rebuild_standby(begin(), stack)


@in_session(app, "dry_run", "yes", "take_over")
def drop(
    begin: Begin,
    stack: Stack,
    generation: Annotated[int, typer.Argument(min=1, help="Generation of the database, as `ops dr status` shows it.")],
) -> None:
    """Delete a former database that a rebuild kept; its snapshot stays.

    Refused for the generation in use, and if the snapshot that the rebuild took is missing.
    """
    from ops.dr.drop import drop_database

    drop_database(begin(), stack, generation)


@in_session(app, "dry_run", "yes", "take_over")
def queues(
    begin: Begin,
    stack: Annotated[str | None, typer.Argument(help="The region's stack; without it, both.")] = None,
    redrive: Annotated[
        str | None, typer.Option("--redrive", metavar="QUEUE", help="Send this queue's dead letters back to it.")
    ] = None,
    move_to: Annotated[
        str | None,
        typer.Option("--move-to", metavar="STACK", help="Send the messages in the queues to this region's queues."),
    ] = None,
) -> None:
    """Show the messages in a region's queues, or have messages that were left there processed.

    A queue belongs to one region. Messages left in the queues of a lost region are still there when it comes back:
    after `ops dr rebuild`, --move-to sends them to the region that serves. --redrive has a region's workers retry its
    dead letters. Without either option, nothing is changed.

    Each message is sent first and then deleted. If the command is killed at any point, run it again to continue: no
    message is lost, and one may be processed twice, since SQS itself delivers at least once.
    """
    from ops.dr import queues as of_regions

    if redrive and move_to:
        raise OpsError("give --redrive QUEUE or --move-to STACK", Exit.USAGE)
    session = begin()
    if redrive:
        of_regions.redrive(session, stack or session.pair.live, redrive)
    elif move_to:
        of_regions.move(session, stack or session.pair.other_than(move_to), move_to)
    else:
        of_regions.show(session, [stack] if stack else session.pair.stacks)
