"""Writes a runbook page for each command from the command itself: `python -m ops.runbooks`, or `make runbooks`."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import typer

from ops import bootstrap
from ops.cli import app
from ops.core.markdown import Markdown, cell, code, page, section, table
from ops.core.recovery.steps import STEPS as RECOVERY
from ops.core.steps import CHANGING, Plan, named
from ops.deploy import promote, rollback, start
from ops.dr import abort, activate, drop, failback, failover, flip, queues, rebuild
from ops.drill import scenario
from ops.errors import MEANING, Exit, one_line
from ops.prices import refresh as prices
from ops.recover import backend_copy
from ops.secrets import rotate

Command = Any
Parameter = Any
"""Click's; Typer brings its own copy of it, under a private name."""

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "runbooks"
INDEX = "README.md"
NOTICE = "Generated from the command by `make runbooks`; a unit test fails when it is stale."

FIRST = (
    "A region seems lost? `ops dr status` first: it asks, and changes nothing. Then `ops dr failover`. Where a command "
    "stopped half way, the same command goes on, and `ops dr abort` leads back to a region that serves."
)
WHERE = (
    "Where: in the project's folder, with `pulumi` logged in to the state backend, and AWS credentials of the account; "
    "`ops` is `python -m ops`. To try it without an account: `make sandbox`, then `make sandbox-shell`."
)

ASKING = Plan(steps=(), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.INTERRUPTED))
"""A command that only asks."""
PLANS = {
    "ops bootstrap": bootstrap.plan(),
    "ops check": Plan(steps=(), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.REFUSED, Exit.INTERRUPTED)),
    "ops deploy promote": promote.PLAN,
    "ops deploy rollback": rollback.PLAN,
    "ops deploy start": start.PLAN,
    "ops deploy status": ASKING,
    "ops dr abort": abort.PLAN,
    "ops dr activate": activate.PLAN,
    "ops dr drill": scenario.PLAN,
    "ops dr drop": drop.PLAN,
    "ops dr failback": failback.PLAN,
    "ops dr failover": failover.PLAN,
    "ops dr flip": flip.PLAN,
    "ops dr queues": queues.PLAN,
    "ops dr rebuild": rebuild.PLAN,
    "ops dr status": ASKING,
    "ops prices refresh": prices.PLAN,
    "ops preview": Plan(steps=(), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.DANGEROUS, Exit.VIOLATION)),
    "ops secrets rotate": rotate.PLAN,
    "ops secrets status": ASKING,
    "ops recover": Plan(steps=(*named(RECOVERY, stack="STACK"), *backend_copy.STEPS), exits=CHANGING),
}
"""What each command declares: the steps that it runs through, and how it ends."""

STEPS = "In this order, a line on the screen each. Capitals stand for values, OTHER for the stack of the other region."

ADVICE = {
    Exit.OK: "Nothing.",
    Exit.FAILED: "Repair what the last lines name, then run the same command again: it goes on where it stopped.",
    Exit.USAGE: "Correct the command line; `--help` shows it. Without a terminal, add `--yes` where there is one.",
    Exit.REFUSED: "Each line names what is missing. Repair it and run the command again.",
    Exit.BUSY: "Talk to the person who is named. If that command was killed: `ops recover`, then the same command.",
    Exit.INCOMPLETE: "Visitors are served. The lines name what is missing and what makes it; what took too long or was "
    "lost is in the report: open an incident.",
    Exit.DANGEROUS: "Nothing was changed. Read each line; whoever approves the change answers for it.",
    Exit.VIOLATION: "Nothing was changed. Repair it, or argue an exception in policies/exceptions.yaml.",
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
    def plan(self) -> Plan:
        """Its steps and exit codes."""
        return PLANS[self.path]

    @property
    def summary(self) -> str:
        """The command's first sentence."""
        return next(iter(_paragraphs(self.command)), "")


@cache
def pages() -> list[Page]:
    """Every command."""
    return [Page(path=path, command=command) for path, command in _commands("ops", typer.main.get_command(app))]


@cache
def rendered() -> dict[str, str]:
    """The text of every file, by its name."""
    return {INDEX: _index(pages()), **{each.file: _page(each) for each in pages()}}


def _commands(path: str, command: Command) -> Iterator[tuple[str, Command]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, child in sorted(inner.items()):
        yield from _commands(f"{path} {name}", child)


def _index(all_pages: list[Page]) -> str:
    rows = [(Markdown(f"[`{each.path}`]({each.file})"), each.summary) for each in all_pages]
    return page(["# Runbooks", NOTICE, FIRST, table(("Command", "What for"), rows), WHERE, _exit_codes(tuple(Exit))])


def _page(of: Page) -> str:
    context = of.command.context_class(of.command, info_name=of.path)
    usage = " ".join([of.path, *of.command.collect_usage_pieces(context)])
    parameters = [parameter for parameter in of.command.params if "--help" not in parameter.opts]
    # As `--help` lists them.
    records = [parameter.get_help_record(context) or (parameter.name, "") for parameter in parameters]
    return page(
        [
            f"# `{of.path}`",
            NOTICE,
            *_paragraphs(of.command),
            f"```\n{usage}\n```",
            section("Arguments and options", ("", ""), [(code(name), text) for name, text in records]),
            _how(of, parameters),
            _steps(of.plan),
            _exit_codes(of.plan.exits),
        ]
    )


def _steps(plan: Plan) -> str:
    if not plan.steps:
        return ""
    lines: list[str] = []
    for number, step in enumerate(plan.steps, 1):
        skipped = f" Skipped where {step.unless}." if step.unless else ""
        lines.append(f"{number}. **{cell(step.name)}**: {cell(f'{step.does}{skipped}')}")
    return "\n".join(["## Steps", "", STEPS, "", *lines])


def _how(of: Page, parameters: list[Parameter]) -> str:
    """What to do before the command, as far as its options allow."""
    options = {name for parameter in parameters for name in parameter.opts}
    lines = {
        "--dry-run": f"See what it would do: `{of.path} ... --dry-run`. It asks the same questions, changes nothing.",
        "--yes": "It asks before it changes anything. `--yes` answers for you.",
        "--report": "It writes a report with the timeline; one of the last lines says where.",
    }
    chosen = [f"- {line}" for option, line in lines.items() if option in options]
    return "\n".join(["## How", "", *chosen]) if chosen else ""


def _exit_codes(exits: tuple[Exit, ...]) -> str:
    rows = [(each.value, MEANING[each], ADVICE[each]) for each in sorted(exits)]
    return section("When it ends", ("Exit code", "Means", "Then"), rows)


def _paragraphs(command: Command) -> list[str]:
    text = inspect.cleandoc(command.help or "").split("\f")[0]
    return [one_line(part) for part in text.split("\n\n") if part.strip()]


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
