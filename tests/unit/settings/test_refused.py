"""What the program refuses: key, value and remedy in one line, and a snapshot of every line.

`RENEW_MESSAGES=1 python -m pytest tests/unit/settings/test_refused.py` writes messages.snapshot again.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from broken_files import ABSENT, Change, refusals, written

HERE = Path(__file__).parent
SNAPSHOT = HERE / "messages.snapshot"


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A change of a stack's file, and the line that refuses it."""

    stack: str
    change: Change
    at: str
    names: list[str]

    def __str__(self) -> str:
        key, value = self.change
        return f"{self.stack}: delete {key}" if value is ABSENT else f"{self.stack}: {key}={value!r}"


def cases() -> Iterator[Case]:
    for group, rows in yaml.safe_load((HERE / "refused.yaml").read_text()).items():
        for row in rows:
            change: tuple[str, Any] = (row["delete"], ABSENT) if "delete" in row else next(iter(row["set"].items()))
            yield Case(
                stack=group if group in ("edge", "account") else "prod",
                change=change,
                at=row.get("at", change[0]),
                names=row["names"],
            )


CASES = list(cases())


@cache
def lines(case: Case) -> list[str]:
    """The lines that refuse it."""
    return refusals(case.change, stack=case.stack)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_bad_setting_is_refused_in_one_line_with_its_key_and_the_remedy(case: Case) -> None:
    (line,) = lines(case)

    key, _, text = line.partition(": ")
    assert key == case.at
    assert [name for name in case.names if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)] == []


def test_every_message_reads_as_in_the_snapshot() -> None:
    text = "".join(f"{case}\n    {line}\n" for case in CASES for line in lines(case))
    if os.environ.get("RENEW_MESSAGES"):
        SNAPSHOT.write_text(text)

    assert text == SNAPSHOT.read_text()


ODD: list[Any] = ["ümlaut[\n", "60", -1, 2**70, 1.5, True, None, [], [[]], {}, {"a": {"b": None}}, ABSENT]


def keys_of(block: dict[str, Any], before: str = "") -> Iterator[str]:
    """Every key, including blocks and their content, in the form of `Change`, which excludes names with a dot."""
    for name, value in block.items():
        if "." not in name:
            yield f"{before}{name}"
            yield from keys_of(value, f"{before}{name}.") if isinstance(value, dict) else ()


@pytest.mark.parametrize("stack", ["prod", "edge", "account"])
def test_no_value_of_any_key_causes_a_traceback_or_a_message_of_a_library(stack: str) -> None:
    found = [line for key in keys_of(written(stack)) for value in ODD for line in refusals((key, value), stack=stack)]

    assert len(found) > len(ODD)
    assert [line for line in found if re.search(r"Input should|NoneType|<class|object at|\bdict\b", line)] == []
