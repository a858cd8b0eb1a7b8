"""What is known of both regions, as a table: each fact a row, and one that could not be asked `unknown`."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table

from ops.core import aws
from ops.core.steps import console
from ops.errors import OpsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

UNKNOWN = "unknown"


def or_unknown(question: Callable[[], str]) -> str:
    """The answer; `unknown` where it cannot be had."""
    try:
        return question()
    except (*aws.errors(), OpsError) as error:
        aws.require_credentials(error)
        return UNKNOWN


def show_regions(title: str, regions: "Sequence[DataclassInstance]") -> None:
    """Print the regions side by side; of each, `stack` heads a column, and every other fact is a row."""
    columns = [asdict(region) for region in regions]
    table = Table("", *(column["stack"] for column in columns), title=title, title_justify="left")
    for name in columns[0]:
        if name != "stack":
            table.add_row(name.replace("_", " "), *(column[name] for column in columns))
    console().print(table)
