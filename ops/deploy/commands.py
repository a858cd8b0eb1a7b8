"""`ops deploy`: the commands of releases. The code of each is loaded when it runs."""

from typing import Annotated

import typer

from ops.core.options import AsJson, Begin, in_session, tell

app = typer.Typer(help="A release goes out without downtime, and back within minutes.", no_args_is_help=True)
OPTIONS = ("dry_run", "yes", "emergency", "take_over")


@in_session(
    app,
    *OPTIONS,
    emergency="Do without the fresh backup, the region's gates, and the steps of 10 and 50 %; recorded with your name.",
)
def start(
    begin: Begin,
    version: Annotated[str, typer.Argument(help="The release, as its archive is called.", show_default=False)],
) -> None:
    """Deploy a release to the live region without downtime: all traffic moves to the other colour, in steps.

    First everything is checked, and all that is missing is named at once; nothing is changed then. The colour without
    traffic gets the release. Once its targets are healthy, the database is migrated from one of its hosts, after a
    snapshot. Traffic follows in steps of 10, 50 and 100 %, with the region's gates after each, then the workers. Where
    a gate stays closed, traffic goes back by itself.

    The former release's hosts stay for the rollback window. Until it ends the next deployment is refused; afterwards it
    promotes this one first. An emergency promotes it at once.

    Killed at any point, the same command goes on.
    """
    from ops.deploy.start import start as deploy

    deploy(begin(), version)


@in_session(app, *OPTIONS, emergency="End the rollback window now; recorded with your name.")
def promote(begin: Begin) -> None:
    """Keep the release: the standby gets it, and the former release's hosts stop.

    Refused while the rollback window lasts, and while the standby's bucket lacks the release or has another under its
    name. Where no deployment is under way, the standby gets the release that serves.
    """
    from ops.deploy.promote import promote as keep

    keep(begin())


@in_session(app, *OPTIONS, emergency="Go back to fewer healthy hosts than are required.")
def rollback(begin: Begin) -> None:
    """Take the release back: all traffic goes to the former release's hosts at once, then the workers.

    It works at any point of a deployment until that is promoted, also after one that failed. The database keeps what
    the migrations made, which the former release has worked with all the while; the snapshot of before them is named.
    """
    from ops.deploy.rollback import rollback as go_back

    go_back(begin())


@app.command()
def status(as_json: AsJson = False) -> None:
    """The releases of both regions: what each colour and the workers run, what the buckets have, and what is under way.

    A region that does not answer is shown as unknown. Nothing is changed.
    """
    from ops.deploy import status

    tell(status.status(), status.show, as_json=as_json)
