"""`ops deploy`: the commands of releases. The code of each is loaded when it runs."""

from typing import Annotated

import typer

from ops.core.options import AsJson, Begin, in_session, tell

app = typer.Typer(
    help="Deploy releases without downtime, and roll them back.", no_args_is_help=True, add_completion=False
)
OPTIONS = ("dry_run", "yes", "emergency", "take_over")


@in_session(
    app,
    *OPTIONS,
    emergency="Skip the backup check, the region's gates, and the steps of 10 and 50 %; recorded with your name.",
)
def start(
    begin: Begin, version: Annotated[str, typer.Argument(help="Version of the release.", show_default=False)]
) -> None:
    """Deploy a release to the live region without downtime: all traffic moves to the other colour, in steps.

    First checks everything and lists all problems at once, before anything is changed. The colour without traffic gets
    the release. Once its targets are healthy, a snapshot is taken and the database is migrated from one of its hosts.
    Traffic moves in steps of 10, 50 and 100 %, with the region's gates checked after each, and then the workers. If a
    gate stays closed, all traffic is moved back automatically.

    The former release's hosts are kept for the rollback window. Until it ends, the next deployment is refused; after
    that, the next deployment first promotes this one. --emergency promotes it immediately.

    If the command is killed at any point, run it again to continue.
    """
    from ops.deploy.start import start as deploy

    deploy(begin(), version)


@in_session(app, *OPTIONS, emergency="End the rollback window now; recorded with your name.")
def promote(begin: Begin) -> None:
    """Keep the release: give it to the standby, and stop the former release's hosts.

    Refused during the rollback window, and while the standby's bucket does not have the same release. If no deployment
    is in progress, the standby gets the release that is serving.
    """
    from ops.deploy.promote import promote as keep

    keep(begin())


@in_session(app, *OPTIONS, emergency="Roll back even to fewer healthy hosts than are required.")
def rollback(begin: Begin) -> None:
    """Roll back the release: move all traffic to the former release's hosts at once, then the workers.

    Works at any point of a deployment until it is promoted, and after one that failed. The database keeps the changes
    of the migrations, with which the former release worked during the deployment; the snapshot taken before them is
    shown.
    """
    from ops.deploy.rollback import rollback as go_back

    go_back(begin())


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show the releases of both regions: on each colour, on the workers, in the buckets; any deployment in progress.

    A region that does not answer is shown as unknown. Nothing is changed.
    """
    from ops.deploy import status

    tell(status.status(), status.show, as_json=as_json)
