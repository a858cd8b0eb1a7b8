"""A test fails for what it is about, and not for a machine that is slow: it waits long, and limits no seconds."""

import ast
from collections.abc import Iterator
from pathlib import Path

from stack_files import ROOT

SHORTEST_SECONDS = 30
"""What takes a moment takes ten seconds on two cores that bring up six platforms."""


def numbers(tree: ast.Module) -> dict[str, float]:
    """The module's own constants."""
    named = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    return {
        name: value.value
        for name, value in named.items()
        if isinstance(value, ast.Constant) and isinstance(value.value, int | float)
    }


def deadlines(tree: ast.AST) -> Iterator[ast.expr]:
    """How long is waited for an answer, or until when, and what has to be over in time."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="timeout", value=given):
                yield given
            case ast.BinOp(left=left, op=ast.Add(), right=given) if "monotonic()" in ast.unparse(left):
                yield given
            case ast.Compare(left=left, ops=[ast.Lt()], comparators=[given]) if "monotonic() -" in ast.unparse(left):
                yield given


def too_short(file: Path) -> list[str]:
    tree = ast.parse(file.read_text())
    known = numbers(tree)
    found = [
        (given, given.value if isinstance(given, ast.Constant) else known.get(ast.unparse(given)))
        for given in deadlines(tree)
    ]
    return [
        f"{file.relative_to(ROOT)}:{given.lineno}: {ast.unparse(given)}"
        for given, seconds in found
        if isinstance(seconds, int | float) and seconds < SHORTEST_SECONDS
    ]


def test_no_deadline_is_one_that_a_busy_machine_misses() -> None:
    assert [found for file in sorted((ROOT / "tests").rglob("*.py")) for found in too_short(file)] == []
