"""The commands `ops prices`."""

from typing import Annotated

import typer

app = typer.Typer(name="prices", no_args_is_help=True, add_completion=False)


@app.callback()
def prices() -> None:
    """What the platform costs at AWS's list prices."""


@app.command()
def refresh(
    stacks: Annotated[list[str] | None, typer.Argument(help="Stacks to read; default: all that have a file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, but write nothing.")] = False,
) -> None:
    """Ask AWS's Price List what the declared resources cost, and write it to prices.yaml for previews.

    Calls AWS in the region set by `endpoint_region` in prices.yaml, with credentials that allow pricing:GetProducts. A
    resource without a price is listed with the reason. Run it again after changing an instance type, on the same
    branch, so that the new price is part of the change.
    """
    from ops.core.engine import Engine
    from ops.core.steps import Timeline, say
    from ops.prices.price_file import PriceFile
    from ops.prices.price_list import PriceList
    from ops.prices.refresh import chosen_stacks
    from ops.prices.refresh import refresh as run

    chosen = chosen_stacks(stacks or [])
    asked = PriceList(PriceFile.read().endpoint_region)
    after = run(Timeline(dry_run=dry_run), asked.price, asked.address, chosen, Engine())
    for price in after.prices.values():
        if price.usd is None:
            say(f"          no price of {price.question}: {price.why}")
