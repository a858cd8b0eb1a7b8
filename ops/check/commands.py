"""The command `ops check`: its command line."""

from typing import Annotated

import typer

from ops.core.options import AsJson, tell
from ops.errors import Exit


def command(
    as_json: AsJson = False,
    reports: Annotated[
        bool, typer.Option("--report", help="Publish the number of findings to CloudWatch in both regions.")
    ] = False,
) -> None:
    """Run the morning checklist of both regions: alarms, services, databases, replica, queues, backups, certificates.

    Nothing is changed. A check is ok, needs attention (look), or is unknown if its region does not answer; a dash means
    that it does not apply to a region in that role. Error rates, disks and dead letters are covered by alarms.

    With `--report` it publishes the metric of the alerts `checklist-bad` and `checklist-missing`, as the workflow
    `check.yml` does every six hours.

    Exits with 0 if nothing needs attention, otherwise with 3.
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
