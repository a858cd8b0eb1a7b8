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
from ops.core.recovery.steps import STEPS as RECOVERY
from ops.core.steps import CHANGING, Plan, named
from ops.deploy import promote, rollback, start
from ops.dr import abort, activate, drop, failback, failover, flip, queues, rebuild
from ops.drill import scenario
from ops.errors import MEANING, Exit
from ops.prices import refresh as prices
from ops.recover import backend_copy
from ops.secrets import rotate

Command = Any
Parameter = Any
"""Click's; Typer brings its own copy of it, under a private name."""

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "runbooks"
WRITTEN = FOLDER.parent / "on-call"
INDEX = "README.md"
NOTICE = "Generated from the command by `make runbooks`; a unit test fails when it is stale."

FIRST = (
    "A region seems lost? [Is it a region, or us?](../on-call/region-or-us.md) `ops dr status` first: it asks, and "
    "changes nothing. Then [wait, or go?](../on-call/wait-or-go.md), and `ops dr failover`. Where a command "
    "stopped half way, the same command goes on, and `ops dr abort` leads back to a region that serves."
)
ON_CALL = {
    "region-or-us.md": "Is it a region, or us? What to look at, in which order, and what it means.",
    "grey-failure.md": "Some services of a region hang while others answer: what `ops` does, and what to decide.",
    "wait-or-go.md": "What a failover costs, what waiting costs, who decides, and what a failover does not give.",
    "what-to-tell.md": "Texts for customers, the team and integrators; what is cold afterwards.",
    "by-hand.md": "`ops` does not start: the failover with `aws`, `curl` and `pulumi` alone.",
    "by-hand-afterwards.md": "After that: how files, stacks and clouds agree again.",
}
"""The pages of docs/on-call, which people write, in the order in which they are needed, and when each is."""

WHERE = (
    "Where: in the project's folder, with `pulumi` logged in to the state backend, and AWS credentials of the account; "
    "`ops` is `python -m ops`. To try it without an account: `make sandbox`, then `make sandbox-shell`."
)

PLANS = {
    "ops bootstrap": bootstrap.plan(),
    "ops check": Plan(steps=(), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.REFUSED, Exit.INTERRUPTED)),
    "ops deploy promote": promote.PLAN,
    "ops deploy rollback": rollback.PLAN,
    "ops deploy start": start.PLAN,
    "ops deploy status": Plan(steps=(), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.INTERRUPTED)),
    "ops dr abort": abort.PLAN,
    "ops dr activate": activate.PLAN,
    "ops dr drill": scenario.PLAN,
    "ops dr drop": drop.PLAN,
    "ops dr failback": failback.PLAN,
    "ops dr failover": failover.PLAN,
    "ops dr flip": flip.PLAN,
    "ops dr queues": queues.PLAN,
    "ops dr rebuild": rebuild.PLAN,
    "ops dr status": Plan(steps=(), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.INTERRUPTED)),
    "ops prices refresh": prices.PLAN,
    "ops preview": Plan(steps=(), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.DANGEROUS, Exit.VIOLATION)),
    "ops secrets rotate": rotate.PLAN,
    "ops secrets status": Plan(steps=(), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.INTERRUPTED)),
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
    Exit.OVER_BUDGET: "The work is done. The report says what took too long or was lost: open an incident.",
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
    return {INDEX: _index(pages()), **{page.file: _page(page) for page in pages()}}


def _commands(path: str, command: Command) -> Iterator[tuple[str, Command]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, child in sorted(inner.items()):
        yield from _commands(f"{path} {name}", child)


def _index(all_pages: list[Page]) -> str:
    rows = [f"| [`{page.path}`]({page.file}) | {page.summary} |" for page in all_pages]
    on_call = [f"| [{_title(name)}](../on-call/{name}) | {when} |" for name, when in ON_CALL.items()]
    parts = ["# Runbooks", "", NOTICE, "", FIRST, ""]
    parts += ["| On call | What for |", "|---|---|", *on_call, ""]
    parts += ["| Command | What for |", "|---|---|", *rows, "", WHERE, ""]
    return "\n".join([*parts, *_exit_codes(tuple(Exit))]).rstrip() + "\n"


def _title(name: str) -> str:
    """The heading of a page that people write."""
    return (WRITTEN / name).read_text().splitlines()[0].removeprefix("# ")


def _page(page: Page) -> str:
    context = page.command.context_class(page.command, info_name=page.path)
    usage = " ".join([page.path, *page.command.collect_usage_pieces(context)])
    parts = [f"# `{page.path}`", "", NOTICE, ""]
    parts += [line for paragraph in _paragraphs(page.command) for line in (paragraph, "")]
    parts += ["```", usage, "```", ""]
    parameters = [parameter for parameter in page.command.params if "--help" not in parameter.opts]
    parts += [*_parameters(parameters, context), *_how(page, parameters), *_steps(page.plan)]
    return "\n".join([*parts, *_exit_codes(page.plan.exits)]).rstrip() + "\n"


def _steps(plan: Plan) -> list[str]:
    if not plan.steps:
        return []
    lines: list[str] = []
    for number, step in enumerate(plan.steps, 1):
        skipped = f" Skipped where {step.unless}." if step.unless else ""
        lines.append(f"{number}. **{_cell(step.name)}**: {_cell(f'{step.does}{skipped}')}")
    return ["## Steps", "", STEPS, "", *lines, ""]


def _parameters(parameters: list[Parameter], context: Any) -> list[str]:
    """As `--help` lists them."""
    if not parameters:
        return []
    records = [parameter.get_help_record(context) or (parameter.name, "") for parameter in parameters]
    rows = [f"| `{_escaped(name)}` | {_cell(text)} |" for name, text in records]
    return ["## Arguments and options", "", "| | |", "|---|---|", *rows, ""]


def _how(page: Page, parameters: list[Parameter]) -> list[str]:
    """What to do before the command, as far as its options allow."""
    options = {name for parameter in parameters for name in parameter.opts}
    lines = {
        "--dry-run": f"See what it would do: `{page.path} ... --dry-run`. It asks the same questions, changes nothing.",
        "--yes": "It asks before it changes anything. `--yes` answers for you.",
        "--report": "It writes a report with the timeline; one of the last lines says where.",
    }
    chosen = [f"- {line}" for option, line in lines.items() if option in options]
    return ["## How", "", *chosen, ""] if chosen else []


def _exit_codes(exits: tuple[Exit, ...]) -> list[str]:
    rows = [f"| {code.value} | {MEANING[code]} | {ADVICE[code]} |" for code in sorted(exits)]
    return ["## When it ends", "", "| Exit code | Means | Then |", "|---|---|---|", *rows, ""]


def _paragraphs(command: Command) -> list[str]:
    text = inspect.cleandoc(command.help or "").split("\f")[0]
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


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
