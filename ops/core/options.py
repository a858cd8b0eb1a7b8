"""Options that several commands have: one name and one meaning each."""

from pathlib import Path
from typing import Annotated

import typer

DryRun = Annotated[bool, typer.Option("--dry-run", help="Make every check, say what would be done, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Agree to every question; needed where there is no terminal.")]
TakeOver = Annotated[
    str | None,
    typer.Option("--take-over", metavar="HOLDER", help="Go on in place of this operator, whose command has ended."),
]
Report = Annotated[
    Path | None, typer.Option("--report", help="Folder of the report; by default reports/ beside the stack files.")
]
