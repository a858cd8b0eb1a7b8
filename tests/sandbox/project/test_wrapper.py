"""The `pulumi` of the sandbox's shell: it uses the overlay in the project, and is plain pulumi elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.project.paths import Paths, write_program
from sandbox.project.wrapper import write_wrapper


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A checkout with a rendered overlay and an engine that prints where it runs, and its arguments."""
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
    """Where the engine ran, and its arguments."""
    answer = subprocess.run([paths.wrapper, *arguments], cwd=folder, capture_output=True, text=True)
    assert answer.returncode == 7, answer.stderr
    where, *given = answer.stdout.splitlines()
    return where, [line[1:-1] for line in given]


def test_the_engine_is_sent_to_the_overlay_and_gets_every_argument_as_it_is(paths: Paths) -> None:
    for folder in (paths.checkout, paths.checkout / "sub", paths.project):
        given = ["config", "set", "a:b", "two words", ""]
        assert run(paths, folder, *given) == (str(folder), ["-C", str(paths.project), *given])


def test_elsewhere_it_is_plain_pulumi(paths: Paths, tmp_path: Path) -> None:
    assert run(paths, tmp_path, "up", "--plan", "p.json") == (str(tmp_path), ["up", "--plan", "p.json"])


def test_a_project_inside_the_checkout_is_its_own(paths: Paths) -> None:
    (paths.checkout / "sub" / "Pulumi.yaml").write_text("name: other\n")
    assert run(paths, paths.checkout / "sub", "up") == (str(paths.checkout / "sub"), ["up"])


def test_a_folder_that_the_caller_names_comes_last_and_so_counts(paths: Paths, tmp_path: Path) -> None:
    given = run(paths, paths.checkout, "up", "-C", str(tmp_path))[1]
    assert given == ["-C", str(paths.project), "up", "-C", str(tmp_path)]


@pytest.fixture
def changed(paths: Paths) -> Paths:
    """A checkout whose committed file has changed since the overlay was made, with programs that print their names."""
    (paths.checkout / "Pulumi.prod.yaml").write_text("config: {}\n")
    for package, program in (("sandbox/project", "project.py"), ("ops", "__main__.py")):
        folder = paths.checkout / package
        folder.mkdir(parents=True, exist_ok=True)
        for above in (folder, *folder.parents):
            if above == paths.checkout:
                break
            (above / "__init__.py").write_text("")
        write_program(folder / program, f"print('{program}')\n")
    return paths


def test_a_change_of_a_committed_file_is_rendered_first(changed: Paths) -> None:
    for program, project in ((changed.wrapper, None), (changed.launcher, changed.project)):
        variables = {**os.environ, "ASKPROAI_PROJECT": str(project)} if project else None
        answer = subprocess.run([program], cwd=changed.checkout, capture_output=True, text=True, env=variables)
        assert (answer.stderr, "project.py" in answer.stdout) == ("project.py\n", False)


def test_the_operators_commands_leave_the_overlay_alone_where_they_work_on_other_files(changed: Paths) -> None:
    variables = {**os.environ, "ASKPROAI_PROJECT": str(changed.checkout)}
    answer = subprocess.run([changed.launcher], capture_output=True, text=True, env=variables)
    assert (answer.stderr, answer.stdout) == ("", "__main__.py\n")


def test_a_committed_file_that_cannot_be_rendered_stops_the_engine(paths: Paths) -> None:
    (paths.checkout / "Pulumi.prod.yaml").write_text("config: {}\n")
    answer = subprocess.run([paths.wrapper, "preview"], cwd=paths.checkout, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (1, "")


def test_the_operators_commands_are_those_of_the_checkout_wherever_they_are_called(
    paths: Paths, tmp_path: Path
) -> None:
    for folder, whose in ((paths.checkout, "ours"), (tmp_path, "theirs")):
        (folder / "ops").mkdir()
        (folder / "ops" / "__init__.py").write_text("")
        (folder / "ops" / "__main__.py").write_text(f"import sys; print('{whose}', *sys.argv[1:]); sys.exit(3)")
    answer = subprocess.run([paths.launcher, "dr", "status"], cwd=tmp_path, capture_output=True, text=True)
    assert (answer.stdout, answer.returncode) == ("ours dr status\n", 3)
