"""The commands `ops prices`."""

from typing import Annotated

import typer

app = typer.Typer(name="prices", no_args_is_help=True, add_completion=False)


@app.callback()
def prices() -> None:
    """What the platform costs at AWS's list prices."""


@app.command()
def refresh(
    stacks: Annotated[list[str] | None, typer.Argument(help="Stacks to read; all that have a file by default.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask, and show what would be written.")] = False,
) -> None:
    """Ask AWS's Price List what the declared resources cost, and write it to prices.yaml for previews.

    AWS is asked in the region that `endpoint_region` of prices.yaml names, with credentials that allow
    pricing:GetProducts. A price that AWS does not give stays without one, and says why. After a change of an instance
    type run it again, on the change's own branch: the new price belongs to the change.
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
