"""`make policies` on previews: violations from the event log, and what one stack of a pair lacks."""

import json
from typing import Any

import pytest

from policies import check
from policies.check import Event, Preview
from policies.parity import differences, types
from tests.policies.scenes import CONFIGURATION, STACK, STANDBY


def log(*events: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, events))


def violation(message: str) -> dict[str, Any]:
    return {"policyEvent": {"policyName": "a-b", "enforcementLevel": "mandatory", "message": message}}


def step(kind: str, op: str = "same") -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": {"op": op, "type": kind}}}


def previewed(stack: str, *kinds: str, level: str | None = None, failure: str = "") -> Preview:
    events = (Event(stack=stack, level=level, rule="a-b", message="a-b: c"),) if level else ()
    return Preview(stack=stack, events=events, types=frozenset(kinds), failure=failure)


def test_violations_are_read_from_the_event_log_once_each() -> None:
    text = log({"preludeEvent": {}}, violation("<{%reset%}>a-b: c: found\nd<{%reset%}>"), violation("a-b: c: found d"))
    (found,) = check.read("prod", text)
    assert str(found) == "prod: mandatory: a-b: c: found d"


def test_types_are_those_of_the_clouds_resources_that_stay() -> None:
    text = log({}, step("aws:a:A"), step("aws:b:B", "delete"), step("aws:c:C", "create"), step("pulumi:pulumi:Stack"))
    assert types(text) == {"aws:a:A", "aws:c:C"}


def test_a_stack_may_lack_only_what_the_configuration_names() -> None:
    home, standby = frozenset({"aws:a:A", "aws:b:B"}), frozenset({"aws:c:C"})
    found = list(differences({STACK: home, STANDBY: standby, "edge": frozenset({"aws:d:D"})}, CONFIGURATION))
    assert [(stack, message.partition(";")[0]) for stack, message in found] == [
        (STACK, f"stack-like-its-pair: {STACK}: found no aws:c:C"),
        (STANDBY, f"stack-like-its-pair: {STANDBY}: found no aws:b:B"),
    ]


def test_a_stack_alone_has_no_pair() -> None:
    assert list(differences({STACK: frozenset({"aws:b:B"})}, CONFIGURATION)) == []


@pytest.mark.parametrize(
    ("level", "failure", "passes"),
    [(None, "", True), ("advisory", "", True), ("mandatory", "", False), (None, "no such stack", False)],
)
def test_a_stack_passes_without_a_mandatory_violation_and_without_a_failure(
    level: str | None, failure: str, passes: bool
) -> None:
    assert previewed(STACK, level=level, failure=failure).passes == passes


@pytest.mark.parametrize(
    ("standby", "status", "told"),
    [
        (previewed(STANDBY, "aws:b:B"), 0, f"{STANDBY}: passes: no violation"),
        (previewed(STANDBY, "aws:b:B", level="advisory"), 0, f"{STANDBY}: passes: 1 advisory"),
        (previewed(STANDBY, "aws:b:B", level="mandatory"), 1, f"{STANDBY}: FAILS: 1 mandatory"),
        (previewed(STANDBY), 1, f"{STANDBY}: FAILS: 1 mandatory"),
        (previewed(STANDBY, failure="no such stack"), 1, f"{STANDBY}: FAILS: no violation"),
    ],
)
def test_the_exit_status_and_the_last_line_say_how_it_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], standby: Preview, status: int, told: str
) -> None:
    made = {STACK: previewed(STACK, "aws:b:B"), STANDBY: standby}
    monkeypatch.setattr(check, "preview", made.get)
    monkeypatch.setattr(check, "read_configuration", lambda: CONFIGURATION)
    assert check.main([STACK, STANDBY]) == status
    assert capsys.readouterr().out.splitlines()[-1] == told
