"""A rule that is changed in one place fails one of its cases: each condition, operand and finding counts."""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from policies.rule import Rule
from policies.rules import RULES
from policies.values import MalformedError
from tests.policies.test_rules import WANTED

Judge = Callable[..., Any]
TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
BROKEN = (AttributeError, IndexError, KeyError, MalformedError, NameError, TypeError, ValueError)
"""A mutant that raises an error counts as detected."""


def twisted(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the node's place: a condition that always or never holds, or an operand less."""
    if isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            other = copy.copy(node)
            other.test = ast.Constant(value)
            yield other
    elif isinstance(node, ast.BoolOp):
        for place in range(len(node.values)):
            other = copy.copy(node)
            other.values = node.values[:place] + node.values[place + 1 :]
            yield other if len(other.values) > 1 else other.values[0]
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        if turn := TURNED.get(type(node.ops[0])):
            other = copy.copy(node)
            other.ops = [turn()]
            yield other
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield ast.If(ast.Constant(False), [node], [])


class Twist(ast.NodeTransformer):
    """Puts another node in the place of the one of a number."""

    def __init__(self, number: int, other: ast.AST) -> None:
        self._left, self._other = number, other

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Count nodes in the order of `numbered`."""
        self._left -= 1
        return self._other if self._left == -1 else super().generic_visit(node)


def numbered(tree: ast.AST) -> Iterator[ast.AST | None]:
    """The nodes in the order in which a transformer visits them; None for those that only word a message."""
    if (
        isinstance(tree, ast.Call)
        and isinstance(tree.func, ast.Name)
        and tree.func.id in ("Finding", "_lacks", "_unset")
    ):
        yield from (None for _node in ast.walk(tree))
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from numbered(child)


def mutants(rule: Rule) -> Iterator[tuple[str, Judge]]:
    """The rule's function with one change each, and the change in words."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(rule.judge)))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    for number, node in enumerate(numbered(tree)):
        if node is None:
            continue
        for other in twisted(node):
            mutant = ast.fix_missing_locations(Twist(number, other).visit(copy.deepcopy(tree)))
            scope: dict[str, Any] = {}
            exec(compile(mutant, rule.id, "exec"), rule.judge.__globals__, scope)
            yield f"{ast.unparse(node)} -> {ast.unparse(other)}", scope[function.name]


def survives(rule: Rule, judge: Judge) -> bool:
    """Whether no case of the rule sees the change."""
    mutant = replace(rule, judge=judge)
    try:
        return all(case.outcome(change, mutant) == wanted for case, change, wanted in WANTED if case.rule is rule)
    except BROKEN:
        return False


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_change_of_a_rule_goes_unseen(rule: Rule) -> None:
    unseen = [change for change, judge in mutants(rule) if survives(rule, judge)]
    assert not unseen, "\n".join(unseen)
