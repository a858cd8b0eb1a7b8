"""Markdown of reports, runbooks and comments."""

import pytest

from ops.core.markdown import Markdown, cell, code, page, section, table


@pytest.mark.parametrize("value", ["a | b", "a\nb", "<b>", "a\t|\r\n<i>"])
def test_a_cell_breaks_no_table_and_is_no_html(value: str) -> None:
    row = table(("head",), [(value,)]).splitlines()[2:]
    assert len(row) == 1
    assert row[0].replace("\\|", "").count("|") == 2
    assert "<" not in row[0]


def test_what_is_markdown_already_stays_and_all_else_goes_through_the_cell() -> None:
    text = table(("a", "b"), [(Markdown("[x](y)"), "[x](y)"), (1, None)], cell=lambda value: f"~{value}~")
    assert text == "| ~a~ | ~b~ |\n|---|---|\n| [x](y) | ~[x](y)~ |\n| ~1~ | ~None~ |"


def test_what_is_not_known_is_said_to_be() -> None:
    assert cell(None) == "unknown"


def test_a_name_as_code_ends_neither_the_code_nor_the_cell() -> None:
    assert code("a`b|c\n<d>") == "`a'b\\|c <d>`"
    assert code("") == ""


def test_a_section_without_a_row_is_not_on_the_page() -> None:
    assert page(["# Title", section("None", ("a",), []), section("One", ("a",), [("b",)])]) == (
        "# Title\n\n## One\n\n| a |\n|---|\n| b |\n"
    )
