"""The base of every block of settings: closed, frozen, strict, and validated by its rules even if parts are invalid."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict

from settings.problems import Path, Problem

Rule = TypeVar("Rule", bound=Callable[..., Iterator[Problem]])

RULE_MARK = "__settings_rule__"


class UnreadableError(AttributeError):
    """A rule read an invalid setting, so the rule cannot be checked yet."""


def rule(method: Rule) -> Rule:
    """Marks a method of a block that compares settings with each other and yields problems."""
    setattr(method, RULE_MARK, True)
    return method


class Block(BaseModel):
    """A block of the stack file. Bounds of one setting live in its type; rules compare settings."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise UnreadableError(name)
            return super().__getattr__(name)

    def broken_rules(self) -> Iterator[Problem]:
        """The problems that the rules of this block, and of the blocks inside it, find."""
        for base in type(self).__mro__:
            for method in vars(base).values():
                if getattr(method, RULE_MARK, False):
                    yield from _asked(method, self)
        for path, block in self._blocks():
            yield from (problem.under(path) for problem in block.broken_rules())

    def _blocks(self) -> Iterator[tuple[Path, "Block"]]:
        for name, value in self:
            if isinstance(value, Block):
                yield (name,), value
            elif isinstance(value, dict):
                yield from (((name, key), inner) for key, inner in value.items() if isinstance(inner, Block))


def _asked(method: Callable[..., Iterator[Problem]], block: Block) -> Iterator[Problem]:
    try:
        yield from method(block)
    except UnreadableError:
        return
