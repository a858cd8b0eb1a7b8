"""The cache of the AWS plugin: the bridge's answers, only for exactly the same question, and without secrets."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key

from sandbox.plugins.aws import account
from sandbox.plugins.aws.bridge import Bridge
from sandbox.plugins.aws.memory import Memory

PASSWORD = "correct-horse-battery"
CHANGED = provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=["rules"])


class Stub:
    """The bridge's stub: what it was asked, and answers as told by method."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[str] = []
        self._answers = answers

    def __getattr__(self, method: str) -> Callable[[Any], Any]:
        def call(request: Any) -> Any:
            self.asked.append(method)
            return self._answers[method]

        return call


def struct(**values: Any) -> Struct:
    return ParseDict(values, Struct())


def secret(value: str) -> dict[str, str]:
    return {_special_sig_key: _special_secret_sig, "value": value}


def diff(**values: Any) -> Any:
    return provider_pb2.DiffRequest(urn="urn", id="1", news=struct(**values))


def check(seed: bytes = b"", olds: Struct | None = None, **values: Any) -> Any:
    return provider_pb2.CheckRequest(urn="urn", news=struct(**values), olds=olds, randomSeed=seed)


def yes(_: Struct) -> bool:
    return True


def no(_: Struct) -> bool:
    return False


def configuration(region: str) -> Any:
    return provider_pb2.ConfigureRequest(args=struct(region=region))


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., tuple[Bridge, Stub]]:
    """A plugin with the memory of this test, and the stub that it may start."""

    def plugin(about: str = "7", **answers: Any) -> tuple[Bridge, Stub]:
        stub = Stub(**answers)

        def start() -> Stub:
            stub.asked.append("start")
            return stub

        return Bridge(start, Memory(tmp_path / "answers.sqlite", about)), stub

    return plugin


def test_what_was_answered_before_needs_no_bridge(opened: Any) -> None:
    first, asked = opened(Diff=CHANGED)
    again, unasked = opened(Diff=CHANGED)
    assert first.Diff(diff(a=1, b=2)) == again.Diff(diff(b=2, a=1)) == CHANGED
    assert (asked.asked, unasked.asked) == (["start", "Diff"], [])


@pytest.mark.parametrize("change", ["question", "method", "provider", "configuration"])
def test_any_other_question_method_provider_or_configuration_reaches_the_bridge(
    opened: Any, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(account, "allowed", yes)
    answers = {"Diff": CHANGED, "DiffConfig": CHANGED, "Configure": provider_pb2.ConfigureResponse()}
    for about, region, method, question in (
        ("7", "one", "Diff", 1),
        (
            "8" if change == "provider" else "7",
            "two" if change == "configuration" else "one",
            "DiffConfig" if change == "method" else "Diff",
            2 if change == "question" else 1,
        ),
    ):
        bridge, stub = opened(about, **answers)
        bridge.Configure(configuration(region))
        getattr(bridge, method)(diff(a=question))
        assert stub.asked[-1] == method


def test_a_remembered_check_is_the_one_that_was_answered(opened: Any) -> None:
    answered = struct(name="a", secret_text=secret(PASSWORD), __defaults=["size"], size=3)
    opened(Check=provider_pb2.CheckResponse(inputs=answered))[0].Check(check(name="a", secret_text=PASSWORD))
    bridge, stub = opened()
    answer = bridge.Check(check(name="a", secret_text=PASSWORD))
    assert MessageToDict(answer.inputs) == MessageToDict(answered)
    assert stub.asked == []


def test_a_seed_is_part_of_the_question_only_for_a_new_resource(opened: Any) -> None:
    answers = {"Check": provider_pb2.CheckResponse(inputs=struct(name="a"))}
    olds = struct(name="a")
    for seed in (b"1", b"2"):
        opened(**answers)[0].Check(check(seed, olds, name="a"))
        opened(**answers)[0].Check(check(seed, name="a"))
    assert opened()[0].Check(check(b"3", olds, name="a")).inputs == olds
    bridge, stub = opened(**answers)
    bridge.Check(check(b"3", name="a"))
    assert stub.asked == ["start", "Check"]


@pytest.mark.parametrize(
    "answer",
    [
        provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(property="a", reason="no")]),
        provider_pb2.CheckResponse(inputs=struct()),
        provider_pb2.CheckResponse(inputs=struct(a=PASSWORD, b=secret(PASSWORD))),
        provider_pb2.CheckResponse(inputs=struct(a=PASSWORD, b={"c": secret(PASSWORD)})),
    ],
    ids=["a failure", "a property that is gone", "another secret", "a secret inside"],
)
def test_an_answer_that_cannot_be_kept_is_asked_again(opened: Any, tmp_path: Path, answer: Any) -> None:
    for _ in range(2):
        bridge, stub = opened(Check=answer)
        assert bridge.Check(check(a=PASSWORD)) == answer
        assert stub.asked == ["start", "Check"]


def test_no_value_of_a_question_is_on_the_disk(opened: Any, tmp_path: Path) -> None:
    inputs = struct(password=secret(PASSWORD), text=PASSWORD)
    bridge, _ = opened(Check=provider_pb2.CheckResponse(inputs=inputs), Diff=CHANGED)
    bridge.Check(check(password=PASSWORD, text=PASSWORD))
    bridge.Diff(diff(password=PASSWORD))
    with sqlite3.connect(tmp_path / "answers.sqlite") as kept:
        assert kept.execute("SELECT count(*) FROM answers").fetchone() == (2,)
    files = list(tmp_path.iterdir())
    assert not any(PASSWORD.encode() in file.read_bytes() for file in files)
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


def test_a_bridge_that_starts_late_is_configured_first(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "allowed", yes)
    answers = {"Configure": provider_pb2.ConfigureResponse(), "Create": provider_pb2.CreateResponse(id="1")}
    opened(**answers)[0].Configure(configuration("one"))
    bridge, stub = opened(**answers)
    bridge.Configure(configuration("one"))
    assert stub.asked == []
    bridge.Create(provider_pb2.CreateRequest())
    assert stub.asked == ["start", "Configure", "Create"]


def test_where_the_region_does_not_answer_the_provider_itself_says_so(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(Configure=provider_pb2.ConfigureResponse())[0].Configure(configuration("one"))
    monkeypatch.setattr(account, "allowed", no)
    bridge, stub = opened(Configure=provider_pb2.ConfigureResponse())
    bridge.Configure(configuration("one"))
    assert stub.asked == ["start", "Configure"]
