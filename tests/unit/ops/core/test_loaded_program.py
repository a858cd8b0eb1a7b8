"""The edge's program that is loaded before the engine needs it: it reads the command's project."""

import contextvars
import runpy
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.settings import reset_options

from ops.core import loaded_program


def test_it_reads_the_shared_values_of_the_project_and_not_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def run_path(*_: object, **__: object) -> None:
        found.append(pulumi.get_root_directory())

    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    monkeypatch.setattr(runpy, "run_path", run_path)

    def run() -> None:
        # As in the SDK's server of the Automation API, which passes no folder.
        reset_options(project="askproai", stack="edge")
        loaded_program.program()

    contextvars.copy_context().run(run)
    assert found == [str(tmp_path.resolve())]
