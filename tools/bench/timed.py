"""Timed runs of a program, and how their time is spent."""

import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.bench import measure, trace
from tools.bench.measure import Run
from tools.bench.workbench import Workbench
from yaml_text import parse

OURS = "ours"
MAIN = "from tools.bench.trace import program\n\nprogram()\n"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program to be previewed: its project folder, and the folder of its `__main__.py`."""

    name: str
    project: Path
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Row:
    """A cost or a phase: its name, its part, and its seconds."""

    what: str
    whose: str
    seconds: float


@dataclass(frozen=True)
class Timed:
    """A timed run and its notes."""

    run: Run
    notes: Sequence[Mapping[str, Any]]

    def calls(self, name: str | None = None) -> list[Mapping[str, Any]]:
        """The plugin's calls, all or those of one name."""
        return [note for note in self.notes if note["event"] == "call" and name in (None, note["name"])]

    def at(self, event: str) -> float:
        """The time of an event, in seconds after the command."""
        return float(self._note(event)["at"]) - self.run.began

    def processor(self, event: str) -> float:
        """The CPU time of the event's process until then."""
        return float(self._note(event)["processor"])

    def imported(self, what: str) -> float:
        """The CPU time of the program's imports: of the `sdk`, or of the `others`."""
        return float(self._note("program: declared")[what])

    def declaring(self) -> float:
        """The CPU time of the program itself, without Python's start and without imports."""
        whole = self.processor("program: declared") - self.processor("program: started")
        return whole - self.imported("sdk") - self.imported("others")

    def started(self, part: str) -> float:
        """When a part's first process started, in seconds after the command."""
        return self.run.parts[part].started

    def _note(self, event: str) -> Mapping[str, Any]:
        return next(note for note in self.notes if note["event"] == event)


def timed_run(program: Program, bench: Workbench) -> Timed:
    """Preview a program with the tracing plugin and a tracing main program."""
    folder = bench.folder(f"timed-{program.name}")
    project = parse((program.project / "Pulumi.yaml").read_text())
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({**project, "main": "."}))
    for stack_file in program.project.glob("Pulumi.prod.yaml"):
        (folder / stack_file.name).write_bytes(stack_file.read_bytes())
    (folder / "__main__.py").write_text(MAIN)
    notes = folder / f"notes-{time.time_ns()}"
    variables = {
        **bench.environment,
        "PULUMI_HOME": str(_traced_home(bench)),
        trace.FILE_VARIABLE: str(notes),
        trace.PROGRAM_VARIABLE: str(program.folder),
    }
    run = measure.run(bench.preview(), folder, variables, bench.paths.logs / f"timed-{program.name}.log")
    timed = Timed(run, [json.loads(line) for line in notes.read_text().splitlines()])
    notes.unlink()
    return timed


def _traced_home(bench: Workbench) -> Path:
    """A PULUMI_HOME with the sandbox's AWS plugin, wrapped by `tools.bench.trace`."""
    home = bench.folder("timed-home")
    for installed in (bench.paths.pulumi_home / "plugins").glob("resource-aws-v*/pulumi-resource-aws"):
        folder = home / "plugins" / installed.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        script = folder / installed.name
        script.write_text(installed.read_text().replace("-m sandbox.plugins.aws", "-m tools.bench.trace"))
        script.chmod(0o755)
    return home


def costs(ours: Sequence[Timed], flat: Sequence[Timed]) -> list[Row]:
    """CPU time by use, the largest first."""
    core = _median(run.processor("program: started") for run in ours)
    sdk = _median(run.imported("sdk") for run in ours)
    own = _median(run.imported("others") for run in ours)
    declare = _median(run.declaring() for run in ours)
    plain = min(declare, _median(run.declaring() for run in flat))
    register = _median(run.run.processor("program") - run.processor("program: declared") for run in ours)
    start = _median(run.processor("plugin: imported") for run in ours)
    calls = _median(run.run.processor("plugin") - run.processor("plugin: imported") for run in ours)
    rows = [
        ("Terraform provider", "HashiCorp", _median(run.run.processor("terraform provider") for run in ours)),
        ("Terraform bridge", "Pulumi", _median(run.run.processor("bridge") for run in ours)),
        ("engine", "Pulumi", _median(run.run.processor("engine") for run in ours)),
        ("language host", OURS, _median(run.run.processor("language host") for run in ours)),
        ("program: Python and pulumi", "Pulumi", core),
        ("program: import of pulumi_aws", "Pulumi", sdk),
        ("program: import of all else", OURS, own),
        ("program: declaring, as the flat program", "Pulumi", plain),
        ("program: declaring, more than that", OURS, declare - plain),
        ("program: registering with the engine", "Pulumi", register),
        ("plugin: Python and its imports", OURS, start),
        ("plugin: forwarding calls", OURS, calls),
    ]
    found = [Row(what=what, whose=whose, seconds=seconds) for what, whose, seconds in rows]
    return sorted(found, key=lambda row: -row.seconds)


def phases(runs: Sequence[Timed]) -> list[Row]:
    """The sequence of phases, from the start of the command to its end."""
    marks: list[tuple[str, str, Callable[[Timed], float]]] = [
        ("engine starts", "Pulumi", lambda run: run.started("language host")),
        ("language host starts", OURS, lambda run: run.started("program")),
        ("program: Python and pulumi", "Pulumi", lambda run: run.at("program: started")),
        ("program: imports", "both", lambda run: run.at("program: imported")),
        ("program: declaring", "both", lambda run: run.at("program: declared")),
        ("until the plugin is wanted", "Pulumi", lambda run: run.started("plugin")),
        ("plugin: Python and its imports", OURS, lambda run: run.at("plugin: imported")),
        ("plugin: bridge starts, reads the provider", "Pulumi", lambda run: run.at("plugin: bridge ready")),
        (
            "plugin and provider are configured",
            "both",
            lambda run: min(note["began"] for note in run.calls("Check")) - run.run.began,
        ),
        ("resources", "all", lambda run: max(note["at"] for note in run.calls()) - run.run.began),
        ("engine ends", "Pulumi", lambda run: run.run.seconds),
    ]
    rows: list[Row] = []
    before = [0.0] * len(runs)
    for what, whose, mark in marks:
        reached = [mark(run) for run in runs]
        spent = _median(now - then for now, then in zip(reached, before, strict=True))
        rows.append(Row(what=what, whose=whose, seconds=spent))
        before = reached
    return rows


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
