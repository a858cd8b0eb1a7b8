"""The command line: the commands, and their exit."""

import shlex
import signal
import sys
import traceback
from collections import UserDict
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from ops.core.aws import LOG_IN_AGAIN, SILENT, credentials_ended, is_silence
from ops.dr import commands as dr
from ops.drill import commands as drill
from ops.errors import MEANING, Exit, OpsError, one_line

LATER = {
    "bootstrap": "ops.bootstrap.commands",
    "check": "ops.check.commands",
    "deploy": "ops.deploy.commands",
    "preview": "ops.preview.commands",
    "prices": "ops.prices.commands",
    "recover": "ops.recover.commands",
    "secrets": "ops.secrets.commands",
}
"""Commands by the module with their `command` or `app`, loaded when they are used, because a flip takes only
seconds."""
EXIT_CODES = "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANING.items()) + "."


class Commands(UserDict[str, Any]):
    """Commands by name; the name of a module stands for its command until that is used."""

    def __getitem__(self, key: str) -> Any:
        if isinstance(self.data[key], str):
            module = import_module(self.data[key])
            alone = getattr(module, "app", None) or typer.Typer(add_completion=False)
            if hasattr(module, "command"):
                alone.command(key)(module.command)
            self.data[key] = shown_well(typer.main.get_command(alone))
            self.data[key].name = key
        return self.data[key]


def shown_well(command: Any) -> Any:
    """A command, and those in it, as `--help` is to show them.

    Typer keeps the line breaks that a paragraph has in the source, and shows a flag as if a value had to follow.
    """
    command.help = "\n\n".join(one_line(paragraph) for paragraph in (command.help or "").split("\n\n"))
    for option in command.get_params(command.context_class(command)):
        if getattr(option, "is_flag", False):
            option.metavar = ""
    for inner in getattr(command, "commands", {}).values():
        shown_well(inner)
    return command


class Group(TyperGroup):
    """The commands of `ops`."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        shown_well(self)
        self.commands = Commands({**self.commands, **LATER})


app = typer.Typer(
    name="ops",
    cls=Group,
    help="Operate AskProAI's platform, each operation in its safe order.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
dr.app.command("drill")(drill.command)
app.add_typer(dr.app, name="dr")


@app.callback()
def options(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False) -> None:
    """Operate AskProAI's platform, each operation in its safe order."""
    _ = debug  # main reads it from the command line, because an error may occur before options are parsed


def main() -> NoReturn:
    """Run a command and end with its exit code."""
    _interrupt_on_termination()
    try:
        app(prog_name="ops")
    except SystemExit as ended:
        if ended.code == Exit.INTERRUPTED:
            _print_error(f"interrupted; to continue, run it again: ops {shlex.join(sys.argv[1:])}")
        raise
    except OpsError as error:
        _show_traceback()
        for line in error.message.splitlines():
            _print_error(line)
        sys.exit(error.exit_code)
    except Exception as error:
        _show_traceback()
        _print_error(LOG_IN_AGAIN if credentials_ended(error) else _unexpected(error))
        sys.exit(Exit.FAILED)
    sys.exit(Exit.OK)


def _unexpected(error: Exception) -> str:
    """The message of an unexpected error, and what to do if that is known."""
    said = f"{type(error).__name__}: {one_line(error)}"
    if is_silence(error):
        return f"{said}: {SILENT}"
    # A full disk, or a folder without write permission.
    again = "; put that right, then run the same command again" if isinstance(error, OSError) else ""
    return f"{said}{again} (--debug shows where)"


def _show_traceback() -> None:
    if "--debug" in sys.argv:
        traceback.print_exc()


def _print_error(line: str) -> None:
    print(f"ops: {line}", file=sys.stderr)


def _interrupt_on_termination() -> None:
    """Let SIGTERM and SIGHUP unwind like Ctrl-C, so that locks are released."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, interrupt)
