"""What is known of both regions: each fact a row of a table, and one that could not be asked `unknown`."""

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
"""Of a region, by their names, each as it is shown."""
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a command found that only asks."""

    def to_json(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)


def or_else(question: Callable[[], T], otherwise: T) -> T:
    """The answer; `otherwise` where it cannot be had."""
    return answered(question, lambda _: otherwise)


def heads(pair: Pair, stack: RegionStack) -> Facts:
    """What a region's column begins with."""
    return {"stack": stack.stack, "region": stack.region, "live": "live" if pair.live == stack.stack else ""}


def answers(stack: RegionStack, questions: Mapping[str, Callable[[RegionStack], str]], asked: Collection[str]) -> Facts:
    """A region's answers to the questions that are asked, side by side; `unknown` for others, and without one."""
    found = side_by_side({name: partial(or_else, partial(questions[name], stack), UNKNOWN) for name in asked})
    return {name: found.get(name, UNKNOWN) for name in questions}


def show_regions(title: str, columns: Sequence[Facts]) -> None:
    """Print the regions side by side; of each, `stack` heads a column, and every other fact is a row."""
    head, *rows = ([name.replace("_", " "), *(column[name] for column in columns)] for name in columns[0])
    show_table(title, ("", *head[1:]), rows)
