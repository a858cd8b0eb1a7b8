"""`ops secrets`: status and rotation. The code is loaded when it runs."""

from typing import Annotated

import typer

from ops.core.options import AsJson, Begin, in_session, tell

app = typer.Typer(
    help="Show and rotate secrets while the application keeps running.", no_args_is_help=True, add_completion=False
)


@app.callback()
def secrets() -> None:
    """Show and rotate secrets while the application keeps running."""


@in_session(app, "dry_run", "yes", "take_over")
def rotate(
    begin: Begin,
    name: Annotated[
        str,
        typer.Argument(
            help="`database` for every account on it, or a secret of the stack files such as `cache_auth_token`.",
            show_default=False,
        ),
    ],
    generate: Annotated[
        bool, typer.Option("--generate", help="Generate the value instead of reading it from standard input.")
    ] = False,
) -> None:
    """Replace a secret in both regions, and switch the hosts to the new one before the old one stops working.

    `database` creates new accounts for the application, migrations, monitoring and dbadmin beside those in use, and
    locks the old ones once the hosts use the new ones. Their passwords are generated, and stored only in Secrets
    Manager. The first run creates the accounts.

    `cache_auth_token`: the cache accepts both tokens until the hosts use the new one. Other secrets of the stack files
    have one value at a time. The new value is read from standard input: pipe it, or type it unseen. A new `app_key`
    ends every session, and data that the application encrypted with the old key becomes unreadable unless the release
    knows both keys.

    A region that does not answer is skipped and listed. When it is back, run this command again for the database
    accounts, which `ops dr` also copies to a region that takes over; `pulumi up` brings it any other secret. If the
    command is killed at any point, run it again to continue; `ops secrets status` names it.
    """
    from ops.secrets.rotate import rotate as replace

    replace(begin(), name, generate=generate)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show when each secret of both regions was rotated and is due, and the rotations in progress; never a value.

    A region that does not answer is shown as unknown. The command changes nothing and reads no value.
    """
    from ops.secrets import status

    tell(status.status(), status.show, as_json=as_json)
