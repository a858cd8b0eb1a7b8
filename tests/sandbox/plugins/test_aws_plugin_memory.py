"""What the AWS plugin remembers: diffs that took long, and each only for the very same question."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.aws import memory
from sandbox.plugins.aws.memory import Memory

CHANGED = provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=["rules"])


class Bridge:
    """Answers every diff alike, and counts."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, request: Any) -> Any:
        self.asked += 1
        return CHANGED


@pytest.fixture(autouse=True)
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """All answers count as slow ones."""
    monkeypatch.setattr(memory, "LONG_SECONDS", 0)


def question(**values: Any) -> Any:
    return provider_pb2.DiffRequest(urn="urn", id="1", news=ParseDict(values, Struct()))


def test_a_long_diff_is_worked_out_once_for_all_plugins(tmp_path: Path) -> None:
    bridge = Bridge()
    answers = [Memory(tmp_path / "diffs", "7").diff(question(a=1, b=2), bridge) for _ in range(2)]
    assert (answers, bridge.asked) == ([CHANGED, CHANGED], 1)


def test_any_other_question_or_provider_is_asked(tmp_path: Path) -> None:
    bridge = Bridge()
    Memory(tmp_path, "7").diff(question(a=1), bridge)
    Memory(tmp_path, "7").diff(question(a=2), bridge)
    Memory(tmp_path, "8").diff(question(a=1), bridge)
    assert bridge.asked == 3


def test_a_quick_diff_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LONG_SECONDS", 60)
    Memory(tmp_path, "7").diff(question(), Bridge())
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_what_was_asked_is_written(tmp_path: Path) -> None:
    Memory(tmp_path, "7").diff(question(password="correct-horse-battery"), Bridge())
    (kept,) = tmp_path.iterdir()
    assert "correct-horse-battery" not in kept.name + bytes.fromhex(kept.read_text()).decode(errors="replace")
