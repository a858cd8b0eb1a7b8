"""YAML as the engine reads it: each text and what `pulumi preview` of Pulumi 3.200 makes of it."""

import pytest

from yaml_text import YamlTextError, parse


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("config:\n  a: 1\nconfig:\n  a: 2\n", "line 3: config is in line 1 already; keep one of the two"),
        ("a:\n  b: 1\n  # why\n  b: 1\n", "line 4: b is in line 2 already; keep one of the two"),
        ("- a: 1\n- a: 2\n- {b: 1, b: 2}\n", "line 3: b is in line 3 already; keep one of the two"),
        ('a: 1\n"a": 2\n', "line 2: a is in line 1 already; keep one of the two"),
        ("a: &one\n  b: 1\n  b: 2\nc: *one\n", "line 3: b is in line 2 already; keep one of the two"),
        ("a: 1\nb: [\n", "line 3: did not find expected node content"),
        ("a: \x07\n", "unacceptable character #x0007: control characters are not allowed"),
        ("a: 2026-13-01\n", "month must be in 1..12"),
    ],
)
def test_a_text_is_refused_in_one_line(text: str, line: str) -> None:
    with pytest.raises(YamlTextError) as refusal:
        parse(text)
    assert str(refusal.value) == line


def test_a_block_may_have_a_key_that_it_also_merges() -> None:
    text = "a: &one {b: 1}\nc: &two {<<: *one, b: 2}\nd: {<<: *two, b: 3}\n"
    assert parse(text) == {"a": {"b": 1}, "c": {"b": 2}, "d": {"b": 3}}


def test_only_true_and_false_are_truth_values() -> None:
    assert parse("[true, True, FALSE, yes, no, on, Off, y, trueish]") == [
        True, True, False, "yes", "no", "on", "Off", "y", "trueish",
    ]  # fmt: skip


def test_a_text_without_content_is_none() -> None:
    assert parse("# nothing\n") is None
