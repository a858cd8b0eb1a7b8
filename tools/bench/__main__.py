"""The benchmark's command line: `python -m tools.bench --help`."""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from sandbox.toolchain.steps import SandboxError, interrupt_on_termination
from tools.bench import flat, measure, terraform, timed
from tools.bench.measure import Run
from tools.bench.timed import OURS, Program, Timed
from tools.bench.workbench import Workbench, output, previewed, workbench

OWN_TIME_LIMIT = 1.1
TERRAFORM_LIMIT = 1.2
LARGEST = 3
INTERRUPTED = 130

console = Console(highlight=False)
Runs = dict[str, list[Run]]


def bench(
    runs: Annotated[int, typer.Option(min=1, help="Measured runs of each, after one to warm up.")] = 5,
    check: Annotated[bool, typer.Option("--check", help="Exit with status 1 when a budget is exceeded.")] = False,
) -> None:
    """Compare previews of prod's empty stack with a flat program and `terraform plan` of the same resources."""
    try:
        with workbench() as bench:
            within = _measure(bench, runs)
    except KeyboardInterrupt:
        _say("interrupted; nothing is left running")
        raise typer.Exit(INTERRUPTED) from None
    if check and not within:
        raise typer.Exit(1)


def _measure(bench: Workbench, count: int) -> bool:
    """Measure and print. Returns whether every budget is met."""
    _say("previewing prod, to write the flat program and the Terraform configuration from it")
    resources = previewed(bench)
    ours = Program(name="ours", project=bench.paths.project, folder=bench.paths.checkout)
    plain = _flat_program(bench, resources)
    arms: dict[str, Callable[[], Run]] = {
        "ours": lambda: measure.run(
            bench.preview(), ours.project, bench.environment, bench.paths.logs / "preview-ours.log"
        ),
        "flat": lambda: measure.run(
            bench.preview(), plain.project, bench.environment, bench.paths.logs / "preview-flat.log"
        ),
    }
    if binary := terraform.executable():
        arms["terraform"] = _terraform_arm(binary, bench, resources)
    else:
        _say("no terraform on this machine: that comparison is left out")
    measured = _rounds(arms, count)
    notes: dict[str, list[Timed]] = {"ours": [], "flat": []}
    if bench.official:
        _say("Pulumi's own plugins are used: where their time goes is not measured")
    else:
        timed_count = min(count, 3)
        for number in range(timed_count):
            _say(f"timed run {number + 1} of {timed_count}")
            notes["ours"].append(timed.timed_run(ours, bench))
            notes["flat"].append(timed.timed_run(plain, bench))
    _show_comparison(measured, len(resources) - 1)
    if notes["ours"]:
        _show_breakdown(notes)
    return _show_verdict(measured, notes)


def _flat_program(bench: Workbench, resources: Sequence[flat.Resource]) -> Program:
    folder = bench.folder("flat")
    (folder / "__main__.py").write_text(flat.program(resources))
    options = {"virtualenv": str(bench.paths.venv)}
    project: dict[str, Any] = {"name": "flat", "runtime": {"name": "python", "options": options}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    output([bench.engine, "stack", "select", "--create", "prod", "--non-interactive"], folder, bench.environment)
    return Program(name="flat", project=folder, folder=folder)


def _terraform_arm(binary: Path, bench: Workbench, resources: Sequence[flat.Resource]) -> Callable[[], Run]:
    _say("writing the Terraform configuration, with the provider's schema")
    folder = bench.folder("terraform")
    terraform.prepare(binary, folder, resources, bench)
    command = [binary, "plan", "-refresh=false", "-lock=false", "-input=false", "-no-color"]
    command.append(f"-parallelism={bench.environment['PULUMI_PARALLEL']}")
    return lambda: measure.run(command, folder, terraform.variables(bench), bench.paths.logs / "terraform.log")


def _rounds(arms: Mapping[str, Callable[[], Run]], count: int) -> Runs:
    """Alternating runs of each, so that the machine's load affects all equally; the first only warms caches."""
    measured: Runs = {name: [] for name in arms}
    for number in range(count + 1):
        taken = {name: arm() for name, arm in arms.items()}
        words = ", ".join(f"{name} {run.seconds:.1f} s" for name, run in taken.items())
        _say(f"run {number} of {count}: {words}" if number else f"warm-up: {words}")
        if number:
            for name, run in taken.items():
                measured[name].append(run)
    return measured


def _show_comparison(measured: Runs, resources: int) -> None:
    table = Table(
        title=f"Preview of {resources} resources to create, medians; memory at its peak", title_justify="left"
    )
    for heading in ("", "seconds", "CPU s", "program CPU s", "memory MB", "ours to it"):
        table.add_column(heading, justify="right" if heading else "left")
    ours = _median(measured["ours"], lambda run: run.seconds)
    titles = {"ours": "this program", "flat": "flat program", "terraform": "terraform plan"}
    for name, runs in measured.items():
        seconds = _median(runs, lambda run: run.seconds)
        own = _median(runs, lambda run: run.processor("program"))
        table.add_row(
            titles[name],
            f"{seconds:.1f}",
            f"{_median(runs, lambda run: sum(part.seconds for part in run.parts.values())):.1f}",
            f"{own:.1f}" if own else "",
            f"{_median(runs, lambda run: run.peak_bytes) / 1e6:.0f}",
            f"{ours / seconds:.2f}",
        )
    console.print(table)


def _show_breakdown(notes: Mapping[str, Sequence[Timed]]) -> None:
    for title, rows in (
        ("One after the other, seconds on the clock", timed.phases(notes["ours"])),
        ("Where CPU time goes, seconds", timed.costs(notes["ours"], notes["flat"])),
    ):
        table = Table("", "whose", title=title, title_justify="left")
        table.add_column("seconds", justify="right")
        for row in rows:
            table.add_row(row.what, row.whose, f"{row.seconds:.2f}")
        console.print(table)
    table = Table("call", title="The plugin's calls, milliseconds, medians", title_justify="left")
    for heading in ("calls", "whole", "of it the plugin's CPU"):
        table.add_column(heading, justify="right")
    calls = [note for run in notes["ours"] for note in run.calls()]
    for name in sorted({note["name"] for note in calls}):
        found = [note for note in calls if note["name"] == name]
        whole, own = (statistics.median(note[key] * 1000 for note in found) for key in ("seconds", "own"))
        table.add_row(name, str(len(found) // len(notes["ours"])), f"{whole:.1f}", f"{own:.2f}")
    console.print(table)


def _show_verdict(measured: Runs, notes: Mapping[str, Sequence[Timed]]) -> bool:
    """The budgets, one per line, and whether all are met."""
    own = {name: _median(measured[name], lambda run: run.processor("program")) for name in ("ours", "flat")}
    ratio = own["ours"] / own["flat"]
    kept = [_verdict(f"program's own time is {ratio:.2f} times the flat program's", f"{OWN_TIME_LIMIT}", ratio)]
    if "terraform" in measured:
        ours, theirs = (_median(measured[name], lambda run: run.seconds) for name in ("ours", "terraform"))
        ratio = ours / theirs
        kept.append(_verdict(f"preview takes {ratio:.2f} times terraform's plan", f"{TERRAFORM_LIMIT}", ratio))
    if notes["ours"]:
        largest = timed.costs(notes["ours"], notes["flat"])[:LARGEST]
        mine = [row.what for row in largest if row.whose == OURS]
        names = "; ".join(row.what for row in largest)
        _say(f"{'OVER  ' if mine else 'within'}  the {LARGEST} largest costs are: {names} (none may be ours)")
        kept.append(not mine)
    return all(kept)


def _verdict(what: str, limit: str, ratio: float) -> bool:
    kept = ratio <= float(limit)
    _say(f"{'within' if kept else 'OVER  '}  {what} (at most {limit})")
    return kept


def _median(runs: Sequence[Run], value: Callable[[Run], float]) -> float:
    return statistics.median(value(run) for run in runs)


def _say(text: str) -> None:
    console.print(f"  {text}", markup=False, soft_wrap=True)


def main() -> None:
    """Run the benchmark."""
    interrupt_on_termination()
    try:
        typer.run(bench)
    except SandboxError as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
