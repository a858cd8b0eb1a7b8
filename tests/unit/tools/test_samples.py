"""Sample changes are made in a copy: however a run ends, none stays in the sandbox."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.project.paths import CHECKOUT, Paths, write_program
from tools.samples import SAMPLES

FILES = {
    "Pulumi.yaml": "name: askproai\nmain: .\nconfig:\n  workers:\n    default:\n      queues: {high: {}, low: {}}\n",
    "Pulumi.prod.yaml": "config:\n  askproai:region: eu-central-1\n",
}
CHANGING = """
import os, sys
from pathlib import Path
from sandbox.project.paths import Paths
from tools.samples import Sample, changed

sample = Sample(
    title="all at once", stacks=("prod",), settings={"a.b": "1"}, secrets={"c": "2"},
    without=("workers.queues.low",), resources={"web": "props['a'] = 1"},
)
paths = Paths(Path(sys.argv[1]), Path(sys.argv[2]))
with changed(paths, os.environ, sample) as variables:
    print(variables["ASKPROAI_PROJECT"], flush=True)
    sys.stdin.read()
"""
"""Holds the change until its input ends."""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A sandbox whose `pulumi` appends its arguments to the stack file of the folder where it runs."""
    paths = Paths(tmp_path / "checkout", tmp_path / "home")
    paths.project.mkdir(parents=True)
    for name, text in FILES.items():
        (paths.project / name).write_text(text)
    write_program(paths.wrapper, '#!/bin/sh\necho "# $*" >> Pulumi.prod.yaml\n')
    return paths


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL, None])
def test_a_run_that_is_ended_leaves_the_sandboxs_files_as_they_were(
    paths: Paths, ended_by: signal.Signals | None
) -> None:
    command = [sys.executable, "-c", CHANGING, str(paths.checkout), str(paths.home)]
    # Leftovers of a kill are in the test's own folder.
    variables = {**os.environ, "TMPDIR": str(paths.home)}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=CHECKOUT, env=variables, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout
    copy = Path(process.stdout.readline().strip())
    changed = {name: (copy / name).read_text() for name in FILES}
    if ended_by:
        process.send_signal(ended_by)
    process.communicate()
    assert "low" not in changed["Pulumi.yaml"]
    assert f"main: {copy}" in changed["Pulumi.yaml"]
    assert "config set --path a.b 1 --stack prod" in changed["Pulumi.prod.yaml"]
    assert "config set --secret c 2 --stack prod" in changed["Pulumi.prod.yaml"]
    assert {file.name: file.read_text() for file in paths.project.iterdir()} == FILES


def test_every_sample_has_its_comment_and_every_comment_its_sample() -> None:
    assert {file.stem for file in (CHECKOUT / "docs" / "examples").glob("*.md")} - {"README"} == set(SAMPLES)
