"""The replacements act like Pulumi's own parts: they report their versions, and end without leftovers."""

import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.e2e.operated import Platform

pytestmark = pytest.mark.e2e
START_SECONDS = 180
END_SECONDS = 60


def test_a_killed_engine_leaves_no_process_behind(platform: Platform) -> None:
    engine = subprocess.Popen(
        [platform.paths.wrapper, "preview", "--stack", platform.stack, "--non-interactive"],
        cwd=platform.paths.checkout,
        env=platform.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = _family_with(engine.pid, "terraform-provider-aws")
    engine.kill()
    engine.wait()
    _gone, left = psutil.wait_procs(started, timeout=END_SECONDS)
    assert [process.cmdline() for process in left] == []
    # The killed engine's lock stays, as with any engine; an operator clears it like this.
    platform.pulumi("cancel", "--yes")


def test_the_engine_knows_its_program_and_plugins(platform: Platform) -> None:
    about = platform.pulumi("about").stdout
    assert "python" in about
    assert "pulumi-aws" in about


def test_the_graph_of_the_stack_is_written_where_it_is_asked(platform: Platform, tmp_path: Path) -> None:
    platform.pulumi("stack", "graph", str(tmp_path / "platform.dot"))
    assert "Database" in (tmp_path / "platform.dot").read_text()


def _family_with(pid: int, program: str) -> list[psutil.Process]:
    """All descendants of a process, as soon as one runs `program`."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        family = psutil.Process(pid).children(recursive=True)
        if any(program in command(member) for member in family):
            return family
        time.sleep(0.1)
    pytest.fail(f"no {program} within {START_SECONDS} s")


def command(process: psutil.Process) -> str:
    """Its command line, none where it has ended meanwhile."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
