"""The runbooks: a page for each command, made from the command, and as committed."""

import pytest

from ops import call_tree, runbooks
from ops.core.steps import Timeline
from ops.errors import MEANING, Exit, OpsError

NAMES = sorted([runbooks.INDEX, *(page.file for page in runbooks.pages())])


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_as_its_command_is(name: str) -> None:
    file = runbooks.FOLDER / name
    assert file.is_file(), "run `make runbooks`"
    assert file.read_text() == runbooks.rendered()[name], "run `make runbooks`"


def test_no_page_is_left_of_a_command_that_is_gone() -> None:
    assert sorted(file.name for file in runbooks.FOLDER.glob("*.md")) == NAMES == sorted(runbooks.rendered())


def test_every_command_says_what_it_is_for() -> None:
    assert [page.path for page in runbooks.pages() if not page.summary] == []


@pytest.mark.parametrize("page", runbooks.pages(), ids=lambda page: page.path)
def test_a_page_tells_every_option_and_exit_code(page: runbooks.Page) -> None:
    text = runbooks.rendered()[page.file]
    for parameter in page.command.params:
        if "--help" not in parameter.opts:
            assert any(option in text for option in (*parameter.opts, (parameter.name or "").upper()))
            assert getattr(parameter, "help", ""), f"{page.path}: {parameter.name} has no help"
    for code, meaning in MEANING.items():
        assert f"| {code.value} | {meaning} |" in text


def test_each_exit_code_has_advice() -> None:
    assert set(runbooks.ADVICE) == set(Exit)


def _example(timeline: Timeline, stack: str) -> None:
    """A command as they are written."""
    problems: list[str] = []
    with timeline.step(f"look at {stack}") as step:
        step.detail = stack
    problems.append(f"{stack} is not there")
    if problems:
        raise OpsError(f"stack {stack} is in use: wait", Exit.BUSY)


def test_steps_and_messages_are_read_from_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_tree, "PACKAGE", f"{__name__}.")
    found = call_tree.found(_example)
    assert "look at STACK" in found.steps
    assert ("BUSY", "stack STACK is in use: wait") in found.messages
    assert any(text == "STACK is not there" for _, text in found.messages)
