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
    """Both regions side by side, which is live, and what deviates from normal operation.

    Asks both regions, the edge and the state backend at once; a region that does not answer costs three seconds and is
    shown as unknown. Every deviation names the command that ends it.
    """
    from ops.dr import status

    tell(status.status(), status.show, as_json=as_json)


@in_session(app, "dry_run", "yes", "waive_fence", "accept_lag", "force", "take_over")
def activate(begin: Begin, stack: Stack) -> None:
    """Make the standby a region of its own: check, estimate the data loss, fence the old writer, promote, scale out.

    First everything that the activation needs is checked in the standby's region, and all that is missing is named at
    once; nothing is changed then. A replica whose lag is too large, or was measured more than five minutes ago as in a
    region that is lost, needs --accept-lag with what may be missing. What makes a promotion impossible refuses it, what
    would leave visitors unserved needs --force with a reason, and the rest is a warning.

    The other region is fenced where it answers. Where it does not, make sure that nobody writes there, and say so with
    --waive-fence: it is then not called any more. One that answers, and whose fence fails, needs --waive-fence twice:
    what is written there from then on is lost. Traffic stays where it is until `ops dr flip`.

    Killed at any point, the same command goes on, and asks again for a decision older than 30 minutes, or whose waived
    region answers again, unless the promotion was made; on an active region it changes nothing.
    """
    from ops.dr.activate import activate_region

    activate_region(begin(), stack)


@in_session(app, "dry_run", "force", "take_over")
def flip(
    begin: Begin,
    to: Annotated[str | None, typer.Option("--to", help="The region's stack.", show_default=False)] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Route traffic back to where the last flip took it from.")
    ] = False,
) -> None:
    """Route traffic to a region whose gates are open: every name, or none.

    The gates are the region's health and its parts, asked through its own origin, instances in service, certificate,
    a database that takes writes, and strict TLS at the edge. Then the edge is changed, every record is read back from
    Cloudflare, and a visitor's request must be answered by the region.

    When Cloudflare fails, or reports success without a change, every name is rolled back, and the message says so.
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

    What `ops dr activate` and `ops dr flip` say holds here too. The report has the measured RTO, from the command's
    start to the visitor's answer, and the RPO as it was estimated and as canary rows show it.
    """
    from ops.dr.failover import failover as fail_over

    fail_over(begin(), to)


@in_session(app, "dry_run", "yes", "rebuild", "accept_lag", "force", "take_over", "report")
def failback(begin: Begin, to: To) -> None:
    """Go back to the former primary once it follows; the other region becomes its standby again.

    Refused while the region's data has diverged: `ops dr rebuild`, or --rebuild, replaces its database by a replica
    first. Then the live region is fenced, the replica gets the last writes and is promoted, traffic is routed back, and
    the region that served becomes a standby under a new generation of its database. Nobody can write between the fence
    and the flip. At the end `pulumi up` of every stack changes nothing, which is shown.
    """
    from ops.dr.failback import failback as fail_back

    fail_back(begin(), to)


@in_session(app, "dry_run", "yes", "waive_fence", "force", "take_over")
def abort(
    begin: Begin,
    to: Annotated[
        str | None, typer.Option("--to", help="The region's stack to serve from, where both take writes.")
    ] = None,
) -> None:
    """Give up what is under way, and serve from the region whose database takes writes.

    It needs no edit of a stack file, wherever a command stopped or was killed: RDS says who is a replica, the stacks
    say what was made, Cloudflare where visitors are routed. A region that was not promoted follows again. Where both
    regions take writes, because a promotion was made, --to names the one to serve from; the other is fenced, and keeps
    its database until `ops dr rebuild`.

    A rebuild is not given up: the region that serves is not concerned, and the same command goes on with it.
    """
    from ops.dr.abort import abort as give_up

    give_up(begin(), to)


@in_session(app, "dry_run", "yes", "take_over")
def rebuild(begin: Begin, stack: Stack) -> None:
    """Make a region that was lost and answers again a standby: fenced, snapshot kept, a new replica of the live one.

    Its former database stays, with a snapshot, until `ops dr drop` names it: rows that never reached the other region
    are in there and nowhere else.
    """
    from ops.dr.rebuild import rebuild_standby

    rebuild_standby(begin(), stack)


@in_session(app, "dry_run", "yes", "take_over")
def drop(
    begin: Begin,
    stack: Stack,
    generation: Annotated[int, typer.Argument(min=1, help="Generation of the database, as `status` names it.")],
) -> None:
    """Delete a former database that a rebuild has kept; its snapshot stays.

    Refused for the generation in use, and while the snapshot that the rebuild took is not there.
    """
    from ops.dr.drop import drop_database

    drop_database(begin(), stack, generation)


@in_session(app, "dry_run", "yes", "take_over")
def queues(
    begin: Begin,
    stack: Annotated[str | None, typer.Argument(help="The region's stack; without it, both.")] = None,
    redrive: Annotated[
        str | None, typer.Option("--redrive", metavar="QUEUE", help="Send this queue's dead letters to it again.")
    ] = None,
    move_to: Annotated[
        str | None,
        typer.Option("--move-to", metavar="STACK", help="Send what is in the queues to those of this region."),
    ] = None,
) -> None:
    """Show the messages in the queues of a region, or have what was left there done.

    A queue is of one region. What was left in that of a region that was lost is there when it comes back: after
    `ops dr rebuild`, --move-to sends it to the region that serves. --redrive has the workers of a region try its dead
    letters once more. Without either it changes nothing.

    Each message is sent first, and deleted then. Killed at any point, the same command goes on and none is lost; one
    may be done twice, as with SQS itself, which delivers at least once.
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
