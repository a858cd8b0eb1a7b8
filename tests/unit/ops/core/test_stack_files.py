"""A value that `ops` writes to a stack file changes no other character."""

import difflib
from pathlib import Path

import pytest
import yaml
from fake_platform import copy_project

from ops.core.stack_files import StackFile, stacks
from ops.errors import OpsError


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    return copy_project(tmp_path)


def changed_lines(before: str, after: str) -> list[str]:
    difference = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line[1:].strip() for line in difference if line.startswith("+") and not line.startswith("+++")]


def test_a_setting_changes_on_its_line_alone_and_keeps_its_comment() -> None:
    file = StackFile.of("dr")
    before = file.path.read_text()
    assert file.set({"activated": True, "database.generation": 2, "database.retained_generations": [1]}) == [
        "activated",
        "database.generation",
        "database.retained_generations",
    ]
    assert changed_lines(before, file.path.read_text()) == [
        "askproai:activated: true",
        "generation: 2 # counts on when the database is rebuilt",
        "retained_generations: [1] # former databases; `ops dr drop` removes them",
    ]
    assert [file.get(key) for key in ("activated", "database.generation")] == [True, 2]


def test_setting_what_is_there_writes_nothing() -> None:
    file = StackFile.of("dr")
    before = file.path.stat().st_mtime_ns
    assert file.set({"activated": False, "database.generation": 1}) == []
    assert file.path.stat().st_mtime_ns == before


@pytest.mark.parametrize("indentation", [2, 4])
def test_a_file_written_by_the_engine_keeps_its_form(indentation: int) -> None:
    file = StackFile.of("dr")
    file.path.write_text(yaml.safe_dump(yaml.safe_load(file.path.read_text()), sort_keys=False, indent=indentation))
    before = file.path.read_text()
    file.set({"fenced": True})
    assert changed_lines(before, file.path.read_text()) == ["askproai:fenced: true"]


def test_what_the_engine_wrote_as_text_is_read_as_true_or_false() -> None:
    file = StackFile.of("dr")
    file.path.write_text(file.path.read_text().replace("askproai:activated: false", 'askproai:activated: "true"'))
    assert file.get("activated") is True


def test_a_kill_while_writing_leaves_the_file_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    file = StackFile.of("dr")
    before = file.path.read_text()

    def killed(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        file.set({"activated": True})
    assert file.path.read_text() == before
    assert [path.name for path in file.path.parent.iterdir() if path.name.startswith(".")] == []


def test_a_value_of_all_stacks_is_read_and_a_stack_s_own_is_written_to_its_file(project: Path) -> None:
    shared = project / "Pulumi.yaml"
    shared.write_text(shared.read_text() + "config:\n  backups:\n    default: {kept: 3, hour: 5}\n")
    before = shared.read_text()
    file = StackFile.of("dr")
    assert file.get("backups.kept") == 3

    assert file.set({"backups.kept": 3}) == []
    assert file.set({"backups.kept": 4}) == ["backups.kept"]

    assert yaml.safe_load(file.path.read_text())["config"]["askproai:backups"] == {"kept": 4}
    assert (file.get("backups.kept"), file.get("backups.hour"), shared.read_text()) == (4, 5, before)


def test_a_key_in_no_block_is_refused() -> None:
    with pytest.raises(OpsError, match=r"nothing\.generation: there is no block"):
        StackFile.of("dr").set({"nothing.generation": 2})


def test_an_unknown_stack_is_refused_with_those_there_are() -> None:
    assert stacks() == ["dr", "edge", "prod"]
    with pytest.raises(OpsError, match=r"no stack nope: .* there are: dr, edge, prod"):
        StackFile.of("nope")
