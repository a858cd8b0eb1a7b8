"""The lint of workflows: actionlint (with shellcheck) for what is wrong, zizmor for what is unsafe."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox.project.paths import CHECKOUT, Paths

WORKFLOWS = Path(".github/workflows")
RULES = CHECKOUT / ".github/zizmor.yml"
PIN = re.compile(r"(uses:\s*)([\w./-]+)@[0-9a-f]{40} # (v\d+)\S*")
SAME_INPUTS = {("pulumi/actions", "v7"): "v6"}
"""Versions that actionlint 1.7.12 does not know, and a known one with the same inputs: v7 is v6 on Node 24
(pulumi/actions#1404)."""


def problems(root: Path) -> str:
    """The linters' findings in the workflows of a repository; empty if there are none."""
    with tempfile.TemporaryDirectory() as folder:
        return _actionlint(root, Path(folder)) + _zizmor(root)


def _actionlint(root: Path, copy: Path) -> str:
    """Reads a copy in which tags replace the commits, because actionlint knows the inputs of an action only by its
    tag."""
    # It resolves a called workflow from the root of the repository, which it detects by this folder.
    (copy / ".git").mkdir()
    (copy / WORKFLOWS).mkdir(parents=True)
    files = sorted((root / WORKFLOWS).glob("*.yml"))
    for file in files:
        (copy / WORKFLOWS / file.name).write_text(PIN.sub(_tagged, file.read_text()))
    shellcheck = Path(sys.executable).with_name("shellcheck")
    names = [WORKFLOWS / file.name for file in files]
    return _found([Paths.of().actionlint, "-no-color", "-pyflakes=", f"-shellcheck={shellcheck}", *names], copy)


def _tagged(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}@{SAME_INPUTS.get((match[2], match[3]), match[3])}"


def _zizmor(root: Path) -> str:
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ["--offline", "--no-progress", "--quiet", "--color=never", f"--config={RULES}"]
    return _found([zizmor, *options, WORKFLOWS], root)


def _found(command: list[str | Path], folder: Path) -> str:
    """A linter's output if it fails. Raises SystemExit if it is not installed."""
    if shutil.which(command[0]) is None:
        raise SystemExit(f"{command[0]} is not installed; run `make linters`")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


if __name__ == "__main__":
    sys.exit(problems(CHECKOUT) or None)
