"""The command `ops check`: its command line."""

from typing import Annotated

import typer

from ops.core.options import AsJson, tell
from ops.errors import Exit


def command(
    as_json: AsJson = False,
    reports: Annotated[
        bool, typer.Option("--report", help="Tell both regions' CloudWatch how much there is to look at.")
    ] = False,
) -> None:
    """The morning checklist of both regions: alarms, services, databases, replica, queues, backups, certificates.

    Nothing is changed. A check is ok, or to be looked at, or unknown where its region does not answer; what a region in
    its role has not got is a dash. Error rates, disks and dead letters are among the alarms.

    With `--report` it publishes the metric of the alerts `checklist-bad` and `checklist-missing`, as the workflow
    `check.yml` does every six hours.

    Ends with 0 where nobody has to look, else with 3.
    """
    from ops.check.checks import checklist, report, show
    from ops.core.engine import Engine
    from ops.core.pair import Pair

    pair = Pair(Engine())
    found = checklist(pair)
    tell(found, show, as_json=as_json)
    if reports:
        report(pair, found)
    if not found.well:
        raise typer.Exit(Exit.REFUSED)
