"""Set-up steps: done once for their inputs, with a clear end when they fail."""

import sys
from pathlib import Path

import pytest

from sandbox.project.paths import Paths
from sandbox.toolchain.steps import SandboxError, Step, run_step


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path / "home")


def step(paths: Paths, *, inputs: str = "a") -> bool:
    """Run a step that writes its output; whether it ran."""
    output = paths.home / "output"
    return run_step(paths, "a step", inputs=[inputs], outputs=[output], action=lambda _: output.touch())


def test_a_step_runs_once_for_its_inputs(paths: Paths) -> None:
    assert [step(paths), step(paths), step(paths, inputs="b"), step(paths, inputs="b")] == [True, False, True, False]


def test_a_step_whose_output_is_gone_runs_again(paths: Paths) -> None:
    step(paths)
    (paths.home / "output").unlink()
    assert step(paths)


def test_a_step_that_failed_runs_again(paths: Paths) -> None:
    def fail(under_way: Step) -> None:
        under_way.command([sys.executable, "-c", "print('no room'); raise SystemExit(3)"])

    with pytest.raises(SandboxError, match=r"(?s)the log is .*a-step.log.*no room"):
        run_step(paths, "a step", inputs=["a"], outputs=[], action=fail)
    assert step(paths)


def test_a_command_that_does_not_answer_is_ended(paths: Paths) -> None:
    def hang(under_way: Step) -> None:
        under_way.command([sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.5)

    with pytest.raises(SandboxError, match="no answer within"):
        run_step(paths, "a step", inputs=["a"], outputs=[], action=hang)
