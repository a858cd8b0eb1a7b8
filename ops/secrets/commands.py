"""`ops secrets`: status and rotation. The code is loaded when it runs."""

from typing import Annotated

import typer

from ops.core.options import AsJson, Begin, in_session, tell

app = typer.Typer(help="Secrets are rotated, while the application goes on.", no_args_is_help=True)


@app.callback()
def secrets() -> None:
    """Secrets are rotated, while the application goes on."""


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
        bool, typer.Option("--generate", help="Make the value instead of reading it from standard input.")
    ] = False,
) -> None:
    """Replace a secret in both regions, and have the hosts use the new one before the former one ends.

    `database` makes new accounts for the application, migrations, monitoring and dbadmin beside those in use, and locks
    the former ones once the hosts have the new ones. Their passwords are made, and are in Secrets Manager alone. The
    first time it makes the accounts.

    `cache_auth_token`: the cache takes both tokens until the hosts have the new one. Other secrets of the stack files
    have one value at a time. Their new value is read from standard input, where it can be piped, or typed unseen.

    A new `app_key` ends every session, and what the application encrypted with the former one cannot be read any more,
    unless the release knows both keys.

    A region that does not answer is left out and named: run this command once more when it is back. Killed at any
    point, the same command goes on; `ops secrets status` names it.
    """
    from ops.secrets.rotate import rotate as replace

    replace(begin(), name, generate=generate)


@app.command()
def status(as_json: AsJson = False) -> None:
    """The secrets of both regions: the age of each, its last rotation, when the next is due, and what is under way.

    A region that does not answer is shown as unknown. Nothing is changed, and no value is read or shown.
    """
    from ops.secrets import status

    tell(status.status(), status.show, as_json=as_json)
