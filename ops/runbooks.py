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
"""Click's type, of which Typer has its own copy, under a private name."""

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "runbooks"
WRITTEN = FOLDER.parent / "on-call"
INDEX = "README.md"
NOTICE = "Generated from the command by `make runbooks`; a unit test fails when it is stale."

FIRST = (
    "Does a region seem to be lost? Start with [Is it a region, or us?](../on-call/region-or-us.md) and "
    "`ops dr status`, which changes nothing. Then read [Wait, or go?](../on-call/wait-or-go.md), and run "
    "`ops dr failover`. If a command stopped halfway, run it again to continue, or run `ops dr abort` to return to a "
    "region that serves."
)
ON_CALL = {
    "region-or-us.md": "Is it a region, or us? What to look at, in which order, and what it means.",
    "grey-failure.md": "Some services of a region hang while others answer: what `ops` does, and what you decide.",
    "wait-or-go.md": "What a failover costs, what waiting costs, who decides, and what a failover does not cover.",
    "incident.md": "How urgent an incident is, what to do in the first minutes, and the review afterwards.",
    "what-to-tell.md": "Messages for customers, the team and integrators, and what is cold after a failover.",
    "by-hand.md": "If `ops` does not start: the failover with only `aws`, `curl` and `pulumi`.",
    "by-hand-afterwards.md": "How to bring files, stacks and clouds back in line.",
    "breach.md": "Somebody is inside: isolate, rotate every credential, audit seven days, recover.",
}
"""The handwritten pages of docs/on-call, and when each is needed: those for a lost region first, in order."""

WHERE = (
    "Run these in the project's folder, with `pulumi` logged in to the state backend and AWS credentials for the "
    "account; "
    "`ops` is `python -m ops`. To try it without an account: `make sandbox`, then `make sandbox-shell`."
)

ASKING = Plan(steps=(), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.INTERRUPTED))
"""A read-only command."""
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
"""What each command declares: its steps and exit codes."""

STEPS = "In this order, a line on the screen for each. Words in capitals are values; OTHER is the other region's stack."

ADVICE = {
    Exit.OK: "Nothing.",
    Exit.FAILED: "Fix the problem in the last lines, then run the same command again to continue.",
    Exit.USAGE: "Correct the command line; see `--help`. Without a terminal, add `--yes` if the command has it.",
    Exit.REFUSED: "Each line names a problem. Fix them, and run the command again.",
    Exit.BUSY: "Talk to the person in the message. If their command was killed: `ops recover`, then the same command.",
    Exit.INCOMPLETE: "Visitors are served. The lines list what is missing and the command that creates it; the report "
    "shows what took too long or was lost. Open an incident.",
    Exit.DANGEROUS: "Nothing was changed. Read each line; whoever approves the change is responsible for it.",
    Exit.VIOLATION: "Nothing was changed. Fix it, or add an exception with its reason to policies/exceptions.yaml.",
    Exit.INTERRUPTED: "Run the same command again to continue.",
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
        if self.path not in PLANS:
            raise LookupError(f"{self.path}: add its steps and exit codes to PLANS in ops/runbooks.py")
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
    on_call = [(Markdown(f"[{_title(name)}](../on-call/{name})"), when) for name, when in ON_CALL.items()]
    tables = [table(("On call", "What for"), on_call), table(("Command", "What for"), rows)]
    return page(["# Runbooks", NOTICE, FIRST, *tables, WHERE, _exit_codes(tuple(Exit))])


def _title(name: str) -> str:
    """The heading of a handwritten page."""
    return (WRITTEN / name).read_text().splitlines()[0].removeprefix("# ")


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
        skipped = f" Skipped if {step.unless}." if step.unless else ""
        lines.append(f"{number}. **{cell(step.name)}**: {cell(f'{step.does}{skipped}')}")
    return "\n".join(["## Steps", "", STEPS, "", *lines])


def _how(of: Page, parameters: list[Parameter]) -> str:
    """What to do before the command, as far as its options allow."""
    options = {name for parameter in parameters for name in parameter.opts}
    if any(parameter.is_flag for parameter in parameters if "--report" in parameter.opts):
        options.discard("--report")  # that of `ops check` publishes a metric
    lines = {
        "--dry-run": f"See what it would do: `{of.path} ... --dry-run`. It runs the same checks and changes nothing.",
        "--yes": "It asks for confirmation before it changes anything; `--yes` confirms in advance.",
        "--report": "It writes a report with the timeline, and prints its path near the end.",
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
    """Write every page, and delete those of removed commands. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = rendered()
    for stale in set(folder.glob("*.md")) - {folder / name for name in texts}:
        stale.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]


if __name__ == "__main__":
    print(f"{len(write())} pages in {FOLDER}")
