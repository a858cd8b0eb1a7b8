"""A table of facts about both regions: a row per fact, `unknown` if it could not be read."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar

from ops.core.aws import answered
from ops.core.facts import side_by_side
from ops.core.pair import Pair, RegionStack
from ops.core.steps import show_table

T = TypeVar("T")
Facts = dict[str, str]
"""The facts of a region by name, as text."""
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Found:
    """The findings of a read-only command."""

    def to_json(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)


def or_else(question: Callable[[], T], otherwise: T) -> T:
    """The answer, or `otherwise` if there is none."""
    return answered(question, lambda _: otherwise)


def heads(pair: Pair, stack: RegionStack) -> Facts:
    """The first facts of a region's column."""
    return {"stack": stack.stack, "region": stack.region, "live": "live" if pair.live == stack.stack else ""}


def answers(stack: RegionStack, questions: Mapping[str, Callable[[RegionStack], str]], asked: Collection[str]) -> Facts:
    """A region's facts, read in parallel; `unknown` for those that are not read, or without an answer."""
    found = side_by_side({name: partial(or_else, partial(questions[name], stack), UNKNOWN) for name in asked})
    return {name: found.get(name, UNKNOWN) for name in questions}


def show_regions(title: str, columns: Sequence[Facts]) -> None:
    """Print the regions side by side: a column for each with its `stack` as head, and a row for every other fact."""
    head, *rows = ([name.replace("_", " "), *(column[name] for column in columns)] for name in columns[0])
    show_table(title, ("", *head[1:]), rows)
