"""A flip whose edge fails, does not answer, or reports false success: it ends within a minute, with the situation."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from fake_platform import Platform

from ops.core import cloudflare, settle, visitor
from ops.core.interruption import TooLongError
from ops.core.pair import EdgeStack
from ops.dr import flip, routing
from ops.errors import Exit, OpsError

pytestmark = pytest.mark.usefixtures("both_serve")


def test_an_edge_that_fails_for_a_while_is_tried_again(platform: Platform) -> None:
    platform.world.edge_failures = 2
    flip.flip_to(platform.session(), "dr")
    assert platform.routed_to() == {"dr"}
    assert len(platform.engine.ups) == 3


def test_an_edge_that_keeps_failing_rolls_every_name_back(platform: Platform) -> None:
    platform.world.edge_failures = 3
    with pytest.raises(OpsError, match="every name is routed to prod") as failed:
        flip.flip_to(platform.session(), "dr")
    assert failed.value.exit_code is Exit.FAILED
    assert platform.routed_to() == {"prod"}
    assert platform.file("edge").get("live") == "prod"
    assert platform.history() == []


def test_a_way_back_that_fails_too_is_said(platform: Platform) -> None:
    platform.world.edge_failures = 99
    with pytest.raises(OpsError, match="rolling back to prod failed too"):
        flip.flip_to(platform.session(), "dr")


@pytest.fixture
def waiting(platform: Platform) -> Platform:
    """A Cloudflare that does not answer: the engine's time limit ends."""
    platform.engine.failing["edge"] = TooLongError("`pulumi up` did not end within 20 s")
    return platform


def test_a_cloudflare_that_does_not_answer_is_not_waited_for(waiting: Platform) -> None:
    with pytest.raises(TooLongError) as failed:
        flip.flip_to(waiting.session(), "dr")
    assert failed.value.message == (
        "Cloudflare did not make the change within 20 s: every name is routed to prod; "
        "`ops dr flip --to dr` continues, `ops dr flip --to prod` goes back"
    )
    assert failed.value.exit_code is Exit.FAILED
    assert (waiting.engine.ups, waiting.engine.limits) == (["edge"], [routing.ROUTE_SECONDS])


def test_what_cloudflare_did_before_it_was_silent_is_told(waiting: Platform) -> None:
    waiting.world.records["app.askproai.de"] = "balancer.dr"
    with pytest.raises(
        TooLongError, match=r"askproai\.de, api\.askproai\.de are routed to prod; app\.askproai\.de is routed to dr"
    ):
        flip.flip_to(waiting.session(), "dr")


def test_records_that_cannot_be_read_after_it_are_told(waiting: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [waiting.dns_records()]

    def silent(_: object) -> Mapping[str, str]:
        if not answers:
            raise OpsError("Cloudflare's API does not answer /zones")
        return answers.pop()

    monkeypatch.setattr(visitor, "records", silent)
    with pytest.raises(
        TooLongError, match="cannot be read, Cloudflare's API does not answer /zones; `ops dr flip --to"
    ):
        flip.flip_to(waiting.session(), "dr")


@pytest.mark.parametrize(("answered", "said"), [(0, "no record was changed"), (1, "the change was made")])
def test_records_that_cannot_be_read_are_an_error_that_says_what_was_changed(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, answered: int, said: str
) -> None:
    asked: list[str] = []

    def silent(edge: EdgeStack) -> Mapping[str, str]:
        asked.append(edge.zone_id)
        if len(asked) > answered:
            raise OpsError("Cloudflare's API does not answer /zones")
        return platform.dns_records()

    monkeypatch.setattr(visitor, "records", silent)
    with pytest.raises(OpsError, match=f"does not answer /zones\n{said}"):
        flip.flip_to(platform.session(), "dr")


@pytest.mark.parametrize("to", ["dr", "prod"])
def test_the_same_command_goes_on_and_the_other_goes_back(waiting: Platform, to: str) -> None:
    with pytest.raises(TooLongError):
        flip.flip_to(waiting.session(), "dr")
    waiting.engine.failing.clear()
    flip.flip_to(waiting.session(force="either way"), to)
    assert (waiting.routed_to(), waiting.file("edge").get("live")) == ({to}, to)


def test_a_flip_is_over_within_a_minute_whatever_cloudflare_does() -> None:
    """Records and settings are read before the change, after it and after the rollback, each in parallel."""
    asked = cloudflare.QUICK_CALL_SECONDS
    assert asked + routing.CHANGE_SECONDS + routing.END_SECONDS + 2 * asked < 60
    assert asked + routing.CHANGE_SECONDS + flip.AFTER_SECONDS + visitor.VISIT_SECONDS < 60
    assert routing.SETTLE_SECONDS <= routing.CHANGE_SECONDS


class Clock:
    """A clock that advances with each sleep, and when a test simulates work."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def slow(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A Cloudflare so slow that every call takes nearly its time limit."""
    clock, engine, recover = Clock(), platform.engine, settle.recover
    monkeypatch.setattr(routing, "time", clock)
    monkeypatch.setattr(flip, "time", clock)
    up, ends = engine.up, [0.0]

    @contextmanager
    def at_most(seconds: float, end_seconds: float = 0.0) -> Iterator[None]:
        ends[0] = clock.now + seconds
        yield

    def slowly(stack: str, say: object, targets: object = ()) -> dict[str, int]:
        clock.sleep((ends[0] - clock.now) * 0.99)
        return up(stack, say, targets)

    def recovered(*given: Any, **options: Any) -> None:
        clock.sleep((ends[0] - clock.now) * 0.99)
        recover(*given, **options)

    monkeypatch.setattr(engine, "at_most", at_most)
    monkeypatch.setattr(engine, "up", slowly)
    monkeypatch.setattr(settle, "recover", recovered)
    return clock


@pytest.mark.parametrize("unreadable", [True, False])
@pytest.mark.parametrize("failures", [0, 99])
def test_the_engine_has_half_a_minute_for_all_that_a_flip_may_need(
    platform: Platform, slow: Clock, unreadable: bool, failures: int
) -> None:
    if unreadable:
        platform.lose_state("edge", b"")
    platform.world.edge_failures = failures
    started = slow.now
    with suppress(OpsError):
        flip.flip_to(platform.session(), "dr")
    visited = flip.ROUNDS_SERVED * flip.ROUND_SECONDS
    assert 19 < slow.now - started <= routing.CHANGE_SECONDS + visited
    assert platform.world.recovered == ["edge"] * unreadable
    assert platform.routed_to() == {"prod" if failures else "dr"}


def test_an_edge_that_is_not_recovered_in_time_stops_the_flip_before_anything_is_changed(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.lose_state("edge", b"")

    def late(*_: object, **_options: object) -> None:
        raise TooLongError("`pulumi up` did not end within 15 s")

    monkeypatch.setattr(settle, "recover", late)
    with pytest.raises(TooLongError) as failed:
        flip.flip_to(platform.session(), "dr")
    assert failed.value.message == (
        "stack edge was not recovered within 15 s; run `ops recover edge`, which may take longer; no record was changed"
    )
    assert (len(platform.engine.limits), platform.engine.ups) == (1, [])


def test_what_a_flip_recovers_is_recovered_by_the_engine_that_has_the_limit(platform: Platform) -> None:
    platform.lose_state("edge", b"")
    flip.flip_to(platform.session(), "dr")
    assert platform.world.recovered_by == [platform.engine]
