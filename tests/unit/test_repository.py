"""The whole repository: regions only in stack files, all tests collected, and documents that refer to existing
files."""

import fnmatch
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pulumi_aws import Region
from stack_files import ROOT

from yaml_text import parse

TESTS = ROOT / "tests"
REGION_NAME = re.compile("|".join(re.escape(region.value) for region in Region))
GLOBAL_SERVICES = ROOT / "sandbox" / "aws" / "scope.py"
"""Calls to AWS's global services are signed for fixed regions, so that table is not our choice."""

ROW = re.compile(r"^\|(?P<first>[^|]*)\|(?P<second>[^|]*)\|")
CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def files(pattern: str, folder: Path = ROOT) -> list[Path]:
    """The project's own files: tools keep theirs in folders whose name begins with a dot, or in `__pycache__`."""
    found: list[Path] = []
    for place, inside, names in os.walk(folder):
        inside[:] = [name for name in inside if not re.match(r"\.|__pycache__$", name)]
        found += [Path(place, name) for name in fnmatch.filter(names, pattern) if not name.startswith(".")]
    return sorted(found)


def code() -> list[Path]:
    programs = [path for path in files("*.py") if TESTS not in path.parents and path != GLOBAL_SERVICES]
    return programs + files("*", ROOT / "hosts")


def documents() -> list[Path]:
    return [ROOT / "README.md", *files("*.md", ROOT / "docs")]


def edit_table() -> Iterator[tuple[str, list[str]]]:
    """The rows of the README's table "to change X, edit Y": the first cell, and everything in backticks in the
    second."""
    inside = False
    for line in (ROOT / "README.md").read_text().splitlines():
        row = ROW.match(line)
        if row and row["first"].strip().lower() == "to change":
            inside = True
        elif not row:
            inside = False
        elif inside and not re.fullmatch(r"[\s:-]+", row["first"]):
            yield row["first"].strip(), CODE.findall(row["second"])


def is_path(text: str) -> bool:
    return "/" in text or "." in text


def is_there(text: str, paths: list[Path]) -> bool:
    """A path in the project, a command of the Makefile, or a name in one of the files at `paths`.

    A setting is in the reference of settings, whatever the stack files set.
    """
    if is_path(text):
        return (ROOT / text).exists()
    if text.startswith("make "):
        return f"\n{text.removeprefix('make ')}:" in (ROOT / "Makefile").read_text()
    if any(path.match("Pulumi*.yaml") for path in paths):
        paths = [*paths, ROOT / "docs" / "settings.md"]
    return any(re.search(rf"\b{re.escape(text)}\b", path.read_text()) for path in paths if path.is_file())


def test_no_region_is_named_in_code() -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}: {found[0]}"
        for path in code()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := REGION_NAME.search(line))
    ]
    assert named == []


def test_yaml_that_people_write_is_read_as_the_engine_reads_it() -> None:
    readers = [path for path in code() if re.search(r"\byaml\.(safe_)?load\(", path.read_text())]
    assert readers == [ROOT / "yaml_text.py"]


def test_no_file_has_a_key_twice() -> None:
    def refuse_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len({key for key, _ in pairs}) == len(pairs), [key for key, _ in pairs]
        return dict(pairs)

    for path in [*files("*.yaml"), *files("*.yml", ROOT / ".github")]:
        parse(path.read_text())
    accounts = ROOT / "hosts/workers/etc/askproai/database-accounts.json"
    json.loads(accounts.read_text(), object_pairs_hook=refuse_twice)


def test_every_test_file_is_collected(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request.config.option, "half", None)
    session = request.session
    left_out = []
    for path in files("test_*.py", TESTS):
        hooks = session.gethookproxy(path.parent)
        folders = [folder for folder in path.parents if TESTS in (folder, *folder.parents)]
        ignored = any(
            hooks.pytest_ignore_collect(collection_path=place, config=request.config) for place in [path, *folders]
        )
        if ignored or not hooks.pytest_collect_file(file_path=path, parent=session):
            left_out.append(path.relative_to(ROOT))
    assert left_out == []
    layers = {f"tests/{path.relative_to(TESTS).parts[0]}" for path in files("test_*.py", TESTS)}
    assert set(request.config.getini("testpaths")) == layers


def test_every_test_is_in_a_test_file() -> None:
    with_tests = {
        path for path in files("*.py") if re.search(r"^\s*(async )?def test_", path.read_text(), re.MULTILINE)
    }
    assert with_tests == set(files("test_*.py", TESTS))


def test_what_the_readme_says_to_edit_is_there() -> None:
    rows = list(edit_table())
    assert rows, "README.md has no table whose first column is headed `To change`"
    assert [what for what, texts in rows if not any(is_path(text) for text in texts)] == []
    missing: list[str] = []
    for _what, texts in rows:
        paths = [ROOT / text for text in texts if is_path(text)]
        missing += [text for text in texts if not is_there(text, paths)]
    assert missing == []


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text())
    places = [(document.parent / path if path else document, anchor) for path, anchor in links]
    assert [place for place, _anchor in places if not place.exists()] == []
    assert [(place, anchor) for place, anchor in places if anchor and anchor not in anchors(place)] == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(page.read_text())
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_commit_runs_make_check_with_the_tools_of_the_lock_file() -> None:
    file = ROOT / ".pre-commit-config.yaml"
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", file], cwd=ROOT, check=True)
    (repository,) = yaml.safe_load(file.read_text())["repos"]
    assert repository["repo"] == "local"
    (hook,) = repository["hooks"]
    assert (hook["entry"], hook["language"], hook["always_run"]) == ("make check", "system", True)
    assert "\ncheck: lint " in (ROOT / "Makefile").read_text()


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name.partition("-")[0] for path in files("*.md", ROOT / "docs" / "decisions")]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
