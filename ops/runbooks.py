"""Writes a runbook page for each command from the command itself: `python -m ops.runbooks`, or `make runbooks`."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import typer

from ops.call_tree import Found, found
from ops.cli import app
from ops.errors import MEANING, Exit

Command = Any
Parameter = Any
"""Click's; Typer brings its own copy of it, under a private name."""

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "runbooks"
INDEX = "README.md"
NOTICE = "Generated from the command by `make runbooks`; a unit test fails when it is stale."

FIRST = "A region seems lost? `ops dr status` first: it asks, and changes nothing. Then `ops dr failover`."
WHERE = (
    "Where: in the project's folder, with `pulumi` logged in to the state backend, and AWS credentials of the account; "
    "`ops` is `python -m ops`. To try it without an account: `make sandbox`, then `make sandbox-shell`."
)

RECOVER, RECOVERS = "ops recover", "STACK: "
"""The one command that others run inside, and how its steps begin."""

ADVICE = {
    Exit.OK: "Nothing.",
    Exit.FAILED: "Repair what the last lines name, then run the same command again: it goes on where it stopped.",
    Exit.USAGE: "Correct the command line; `--help` shows it. Without a terminal, add `--yes`.",
    Exit.REFUSED: "Each line names what is missing. Nothing was changed: repair it and run the command again.",
    Exit.BUSY: "Talk to the person who is named. If that command was killed: `ops recover`, then the same command.",
    Exit.OVER_BUDGET: "The work is done. The report says what took too long or was lost: open an incident.",
    Exit.INTERRUPTED: "Run the same command again: it goes on where it stopped.",
}
"""What to do after each exit code."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A command: `path` is how it is typed."""

    path: str
    command: Command

    @property
    def file(self) -> str:
        """The page's file name."""
        return f"{self.path.removeprefix('ops ').replace(' ', '-')}.md"

    @property
    def summary(self) -> str:
        """The command's first sentence."""
        return _paragraphs(self.command)[0] if _paragraphs(self.command) else ""

    @cached_property
    def contents(self) -> Found:
        """What is in it."""
        return found(_function(self.command))


@cache
def pages() -> list[Page]:
    """Every command."""
    return [Page(path=path, command=command) for path, command in _commands("ops", typer.main.get_command(app))]


@cache
def rendered() -> dict[str, str]:
    """The text of every file, by its name."""
    all_pages = pages()
    return {INDEX: _index(all_pages), **{page.file: _page(page) for page in all_pages}}


def _commands(path: str, command: Command) -> Iterator[tuple[str, Command]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, child in sorted(inner.items()):
        yield from _commands(f"{path} {name}", child)


def _function(command: Command) -> Any:
    return inspect.unwrap(command.callback) if command.callback else lambda: None


def _index(all_pages: list[Page]) -> str:
    rows = [f"| [`{page.path}`]({page.file}) | {page.summary} |" for page in all_pages]
    parts = ["# Runbooks", "", NOTICE, "", FIRST, "", "| Command | What for |", "|---|---|", *rows, "", WHERE, ""]
    return "\n".join([*parts, *_exit_codes()]).rstrip() + "\n"


def _page(page: Page) -> str:
    context = page.command.context_class(page.command, info_name=page.path)
    usage = " ".join([page.path, *page.command.collect_usage_pieces(context)])
    parts = [f"# `{page.path}`", "", NOTICE, "", *_spaced(_paragraphs(page.command)), "```", usage, "```", ""]
    parameters = [parameter for parameter in page.command.params if not _is_help(parameter)]
    parts += _parameters(parameters, context)
    parts += _first(page, parameters)
    if steps := _steps(page):
        parts += ["## Steps", "", "One line on the screen each, with its time. Capitals stand for values.", ""]
        parts += [f"{number}. {step}" for number, step in enumerate(steps, 1)]
        parts += ["", "Which of them come depends on what the command finds. `skipped` says why.", ""]
    return "\n".join([*parts, *_exit_codes(), *_messages(page.contents)]).rstrip() + "\n"


def _steps(page: Page) -> list[str]:
    """The steps; those of a recovery inside another command as one."""
    if page.path == RECOVER:
        return page.contents.steps
    inner = f"where an engine was killed: the steps of `{RECOVER}`"
    return list(dict.fromkeys(inner if step.startswith(RECOVERS) else step for step in page.contents.steps))


def _parameters(parameters: list[Parameter], context: Any) -> list[str]:
    """As `--help` lists them."""
    if not parameters:
        return []
    records = [parameter.get_help_record(context) or (parameter.name, "") for parameter in parameters]
    rows = [f"| `{_escaped(name)}` | {_cell(told)} |" for name, told in records]
    return ["## Arguments and options", "", "| | |", "|---|---|", *rows, ""]


def _first(page: Page, parameters: list[Parameter]) -> list[str]:
    """What to do before the command, as far as its options allow."""
    options = {name for parameter in parameters for name in parameter.opts}
    lines = []
    if "--dry-run" in options:
        lines.append(
            f"See what it would do: `{page.path} ... --dry-run`. It asks the same questions and changes nothing."
        )
    if "--yes" in options:
        lines.append("It asks before it changes anything. `--yes` answers for you.")
    if "--report" in options:
        lines.append("It writes a report with the timeline; the last line says where.")
    return ["## How", "", *[f"- {line}" for line in lines], ""] if lines else []


def _exit_codes() -> list[str]:
    rows = [f"| {code.value} | {meaning} | {ADVICE[code]} |" for code, meaning in MEANING.items()]
    return ["## When it ends", "", "| Exit code | Means | Then |", "|---|---|---|", *rows, ""]


def _messages(contents: Found) -> list[str]:
    """What the command may end with, by exit code; each message says what to do."""
    if not contents.messages:
        return []
    parts = ["## Messages", "", "What it may end with. Capitals stand for values.", ""]
    for code in Exit:
        texts = sorted(text for name, text in contents.messages if name == code.name)
        if texts:
            parts += [f"Exit code {code.value}:", "", *[f"- {_cell(text)}" for text in texts], ""]
    return parts


def _paragraphs(command: Command) -> list[str]:
    text = inspect.cleandoc(command.help or "").split("\f")[0]
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def _spaced(paragraphs: list[str]) -> list[str]:
    return [line for paragraph in paragraphs for line in (paragraph, "")]


def _is_help(parameter: Parameter) -> bool:
    return "--help" in parameter.opts


def _cell(text: str) -> str:
    return _escaped(text).replace("<", "&lt;")


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write(folder: Path = FOLDER) -> list[Path]:
    """Write every page, and remove those of commands that are gone; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = rendered()
    for stale in set(folder.glob("*.md")) - {folder / name for name in texts}:
        stale.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]


if __name__ == "__main__":
    print(f"{len(write())} pages in {FOLDER}")
