"""`ops deploy`: the commands of releases. The code of each is loaded when it runs."""

import json
from typing import Annotated

import typer

from ops.core.options import DryRun, TakeOver, Yes

app = typer.Typer(help="A release goes out without downtime, and back within minutes.", no_args_is_help=True)


@app.command()
def start(
    version: Annotated[str, typer.Argument(help="The release, as its archive is called.", show_default=False)],
    dry_run: DryRun = False,
    yes: Yes = False,
    emergency: Annotated[
        str | None,
        typer.Option(
            "--emergency",
            metavar="REASON",
            help="Do without the fresh backup, the region's gates, and the steps of 10 and 50 %; recorded with your "
            "name.",
        ),
    ] = None,
    take_over: TakeOver = None,
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
    from ops.core.session import Session, SessionOptions
    from ops.deploy.start import start as deploy

    options = SessionOptions(dry_run=dry_run, yes=yes, emergency=emergency, take_over=take_over)
    deploy(Session.of(options), version)


@app.command()
def promote(
    dry_run: DryRun = False,
    yes: Yes = False,
    emergency: Annotated[
        str | None,
        typer.Option("--emergency", metavar="REASON", help="End the rollback window now; recorded with your name."),
    ] = None,
    take_over: TakeOver = None,
) -> None:
    """Keep the release: the standby gets it, and the former release's hosts stop.

    Refused while the rollback window lasts, and while the standby's bucket lacks the release or has another under its
    name. Where no deployment is under way, the standby gets the release that serves.
    """
    from ops.core.session import Session, SessionOptions
    from ops.deploy.promote import promote as keep

    keep(Session.of(SessionOptions(dry_run=dry_run, yes=yes, emergency=emergency, take_over=take_over)))


@app.command()
def rollback(
    dry_run: DryRun = False,
    yes: Yes = False,
    emergency: Annotated[
        str | None,
        typer.Option("--emergency", metavar="REASON", help="Go back to fewer healthy hosts than are required."),
    ] = None,
    take_over: TakeOver = None,
) -> None:
    """Take the release back: all traffic goes to the former release's hosts at once, then the workers.

    It works at any point of a deployment until that is promoted, also after one that failed. The database keeps what
    the migrations made, which the former release has worked with all the while; the snapshot of before them is named.
    """
    from ops.core.session import Session, SessionOptions
    from ops.deploy.rollback import rollback as go_back

    go_back(Session.of(SessionOptions(dry_run=dry_run, yes=yes, emergency=emergency, take_over=take_over)))


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """The releases of both regions: what each colour and the workers run, what the buckets have, and what is under way.

    A region that does not answer is shown as unknown. Nothing is changed.
    """
    from ops.deploy.status import show
    from ops.deploy.status import status as ask

    found = ask()
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        show(found)
