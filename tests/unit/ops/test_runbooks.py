"""The runbooks: a page for each command, generated from its declaration, and as committed."""

import pytest

from ops import runbooks
from ops.errors import MEANING, Exit

NAMES = sorted([runbooks.INDEX, *(page.file for page in runbooks.pages())])


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_as_its_command_is(name: str) -> None:
    file = runbooks.FOLDER / name
    assert file.is_file(), "run `make runbooks`"
    assert file.read_text() == runbooks.rendered()[name], "run `make runbooks`"


def test_no_page_is_left_of_a_command_that_is_gone() -> None:
    assert sorted(file.name for file in runbooks.FOLDER.glob("*.md")) == NAMES == sorted(runbooks.rendered())


def test_every_command_declares_its_steps_and_says_what_it_is_for() -> None:
    assert {page.path for page in runbooks.pages()} == set(runbooks.PLANS)
    assert [page.path for page in runbooks.pages() if not page.summary] == []
    # What asks before it changes something changes something.
    without = {path for path, plan in runbooks.PLANS.items() if not plan.steps}
    asking = {page.path for page in runbooks.pages() if any("--yes" in each.opts for each in page.command.params)}
    assert not without & asking


@pytest.mark.parametrize("page", runbooks.pages(), ids=lambda page: page.path)
def test_a_page_tells_every_option_and_step_and_its_own_exit_codes(page: runbooks.Page) -> None:
    text = runbooks.rendered()[page.file]
    for parameter in page.command.params:
        if "--help" not in parameter.opts:
            assert any(option in text for option in (*parameter.opts, (parameter.name or "").upper()))
            assert getattr(parameter, "help", ""), f"{page.path}: {parameter.name} has no help"
    for number, step in enumerate(page.plan.steps, 1):
        assert f"\n{number}. **{step.name}**: {step.does}" in text
    for code, meaning in MEANING.items():
        assert (f"| {code.value} | {meaning} |" in text) == (code in page.plan.exits)


@pytest.mark.parametrize("path", runbooks.PLANS)
def test_no_word_is_left_open_in_a_declared_step(path: str) -> None:
    texts = [text for step in runbooks.PLANS[path].steps for text in (step.name, step.does, step.unless)]
    assert [text for text in texts if "{" in text] == []


def test_a_page_promises_a_report_where_a_folder_for_it_can_be_named() -> None:
    promising = {name for name, text in runbooks.rendered().items() if "writes a report" in text}
    assert promising == {name for name, text in runbooks.rendered().items() if "`--report <path>`" in text}


def test_each_exit_code_has_advice() -> None:
    assert set(runbooks.ADVICE) == set(Exit)
