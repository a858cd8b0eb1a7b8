"""The `pulumi` of the sandbox's shell: works in the overlay for the project, and is plain pulumi elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.project.paths import Paths, write_program
from sandbox.project.wrapper import write_wrapper


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A checkout with a rendered overlay and an engine that prints where it runs and what it is told."""
    made = Paths(tmp_path / "check out", tmp_path / "home")
    for folder in (made.checkout / "sub", made.rendered, made.python.parent):
        folder.mkdir(parents=True)
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml"):
        for folder in (made.checkout, made.project, made.rendered):
            (folder / name).write_text("name: x\n")
    made.python.symlink_to(sys.executable)
    engine = tmp_path / "engine"
    write_program(engine, '#!/bin/sh\npwd\nfor argument in "$@"; do echo "[$argument]"; done\nexit 7\n')
    write_wrapper(made, engine)
    return made


def run(paths: Paths, folder: Path, *arguments: str) -> tuple[str, list[str]]:
    """Where the engine ran and what it was told."""
    answer = subprocess.run([paths.wrapper, *arguments], cwd=folder, capture_output=True, text=True)
    assert answer.returncode == 7, answer.stderr
    where, *told = answer.stdout.splitlines()
    return where, [line[1:-1] for line in told]


def test_the_engine_runs_in_the_overlay(paths: Paths) -> None:
    for folder in (paths.checkout, paths.checkout / "sub", paths.project):
        assert run(paths, folder, "preview", "--diff") == (str(paths.project), ["preview", "--diff"])


def test_elsewhere_it_is_plain_pulumi(paths: Paths, tmp_path: Path) -> None:
    assert run(paths, tmp_path, "up", "--plan", "p.json") == (str(tmp_path), ["up", "--plan", "p.json"])


def test_a_project_inside_the_checkout_is_its_own(paths: Paths) -> None:
    (paths.checkout / "sub" / "Pulumi.yaml").write_text("name: other\n")
    assert run(paths, paths.checkout / "sub", "up")[0] == str(paths.checkout / "sub")


def test_a_folder_asked_for_by_name_is_kept(paths: Paths, tmp_path: Path) -> None:
    assert run(paths, paths.checkout, "-C", str(tmp_path), "up")[0] == str(paths.checkout)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["up", "--policy-pack", "policies"], ["up", "--policy-pack", "{here}/policies"]),
        (["up", "--policy-pack=policies"], ["up", "--policy-pack={here}/policies"]),
        (["stack", "export", "--file", "s.json"], ["stack", "export", "--file", "{here}/s.json"]),
        (["stack", "graph", "out.dot"], ["stack", "graph", "{here}/out.dot"]),
        (["stack", "graph", "--stack", "prod", "o"], ["stack", "graph", "--stack", "prod", "{here}/o"]),
        (["stack", "graph", "--short-node-name", "o"], ["stack", "graph", "--short-node-name", "{here}/o"]),
        (["import", "-f", "i.json"], ["import", "-f", "{here}/i.json"]),
        (["up", "-f", "-s", "prod"], ["up", "-f", "-s", "prod"]),
        (["config", "set", "a:b", "two words"], ["config", "set", "a:b", "two words"]),
        (["config", "set", "a:b", ""], ["config", "set", "a:b", ""]),
        (["up", "--plan", "/tmp/p"], ["up", "--plan", "/tmp/p"]),
    ],
)
def test_files_on_the_command_line_keep_their_meaning(paths: Paths, given: list[str], told: list[str]) -> None:
    here = paths.checkout / "sub"
    assert run(paths, here, *given)[1] == [argument.format(here=here) for argument in told]


def test_a_change_of_a_committed_file_is_rendered_first(paths: Paths) -> None:
    (paths.checkout / "Pulumi.prod.yaml").write_text("config: {}\n")
    package = paths.checkout / "sandbox" / "project"
    write_program(package / "project.py", "print('rendered')\n")
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("")
    assert run(paths, paths.checkout, "preview")[0] == "rendered"


def test_a_committed_file_that_cannot_be_rendered_stops_the_engine(paths: Paths) -> None:
    (paths.checkout / "Pulumi.prod.yaml").write_text("config: {}\n")
    answer = subprocess.run([paths.wrapper, "preview"], cwd=paths.checkout, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (1, "")


def test_the_operators_commands_are_those_of_the_checkout_wherever_they_are_called(
    paths: Paths, tmp_path: Path
) -> None:
    for folder, told in ((paths.checkout, "ours"), (tmp_path, "theirs")):
        (folder / "ops").mkdir()
        (folder / "ops" / "__init__.py").write_text("")
        (folder / "ops" / "__main__.py").write_text(f"import sys; print('{told}', *sys.argv[1:]); sys.exit(3)")
    answer = subprocess.run([paths.launcher, "dr", "status"], cwd=tmp_path, capture_output=True, text=True)
    assert (answer.stdout, answer.returncode) == ("ours dr status\n", 3)
