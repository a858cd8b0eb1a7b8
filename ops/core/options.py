"""The options that several commands share, each with one name and one meaning, and their registration."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

if TYPE_CHECKING:
    from ops.core.session import Session

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Report = Annotated[
    Path | None, typer.Option("--report", help="Folder for the report; default: reports/ beside the stack files.")
]
OF_A_SESSION = {
    "dry_run": Annotated[
        bool, typer.Option("--dry-run", help="Run every check and show what would be done, but change nothing.")
    ],
    "yes": Annotated[bool, typer.Option("--yes", help="Answer yes to every question; required without a terminal.")],
    "take_over": Annotated[
        str | None,
        typer.Option("--take-over", metavar="HOLDER", help="Take over from this operator, whose command has ended."),
    ],
    "waive_fence": Annotated[
        list[str] | None,
        typer.Option(
            "--waive-fence",
            metavar="REASON",
            help="Do not fence the other region, because it does not answer; if it does, give this option twice. "
            "Recorded with your name.",
        ),
    ],
    "accept_lag": Annotated[
        int | None,
        typer.Option(
            "--accept-lag",
            metavar="SECONDS",
            min=0,
            help="Accept the loss of this many seconds of writes, counted up to now if the last lag is old; recorded "
            "with your name.",
        ),
    ],
    "force": Annotated[
        str | None,
        typer.Option(
            "--force",
            metavar="REASON",
            help="Continue despite failed checks and closed gates; recorded with your name.",
        ),
    ],
    "rebuild": Annotated[
        bool, typer.Option("--rebuild", help="If the region's database has diverged, rebuild it as a replica first.")
    ],
    "report": Report,
}
"""By their names in `SessionOptions`."""

Begin = Callable[[], "Session"]
"""Starts the session of a command, after its arguments have been validated."""


def in_session(
    app: typer.Typer, *names: str, emergency: str = ""
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command with session options; it gets the starter of the session, and the other
    arguments.

    `emergency` describes the option `--emergency` of this command.
    """
    own_meaning = Annotated[str | None, typer.Option("--emergency", metavar="REASON", help=emergency)]
    known = {**OF_A_SESSION, "emergency": own_meaning}

    def register(function: Callable[..., None]) -> Callable[..., None]:
        def command(**given: Any) -> None:
            chosen = {name: given.pop(name) for name in names}
            function(lambda: _session(chosen), **given)

        _, *parameters = inspect.signature(function).parameters.values()
        parameters += [_parameter(name, known[name]) for name in names]
        command.__doc__ = function.__doc__
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        vars(command)["__signature__"] = inspect.Signature(parameters)
        return app.command(function.__name__)(command)

    return register


def _parameter(name: str, option: Any) -> inspect.Parameter:
    default = False if get_args(option)[0] is bool else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=option)


def _session(options: dict[str, Any]) -> "Session":
    # Loaded here: `ops --help` and a flip must not load what they do not need.
    from ops.core.session import Session, SessionOptions

    waived = options.pop("waive_fence", None) or []
    waiver: dict[str, Any] = {"waive_fence": waived[-1], "waive_answering": len(waived) > 1} if waived else {}
    return Session.of(SessionOptions(**options, **waiver))


def tell(found: Any, show: Callable[[Any], None], *, as_json: bool) -> None:
    """Print the findings: as JSON for programs, else with `show`."""
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        show(found)
