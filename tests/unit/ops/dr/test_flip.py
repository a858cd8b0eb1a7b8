"""The flip: gates first, every name or none, read back from Cloudflare, and undone by one command."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_engine import APEX
from fake_platform import Platform, platform_in

from ops.core import cloudflare, settle, visitor
from ops.core.engine import LockedError
from ops.core.interruption import TooLongError
from ops.core.pair import EdgeStack
from ops.dr import flip, routing
from ops.errors import Exit, OpsError


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Both regions serve; visitors are led to prod."""
    found = platform_in(tmp_path, monkeypatch)
    found.file("dr").set({"activated": True})
    found.engine.up("dr", None)
    found.engine.ups.clear()
    return found


def test_a_flip_routes_every_name_to_the_region_and_the_file_says_so(platform: Platform) -> None:
    flip.flip_to(platform.session(), "dr")
    assert platform.routed_to() == {"dr"}
    assert platform.file("edge").get("live") == "dr"
    assert (platform.engine.ups, platform.history()) == (["edge"], ["flip"])


def test_a_flip_to_where_visitors_are_changes_nothing(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    flip.flip_to(platform.session(), "prod")
    assert "traffic is routed to prod already" in capsys.readouterr().out
    assert (platform.engine.ups, platform.history()) == ([], [])


def test_a_closed_gate_refuses_and_every_closed_one_is_named(platform: Platform) -> None:
    platform.world.in_service = 1
    platform.world.certificate = "EXPIRED"
    with pytest.raises(OpsError) as refused:
        flip.flip_to(platform.session(), "dr")
    assert refused.value.exit_code is Exit.REFUSED
    for part in (
        "capacity of web: 1 serve, 2 required",
        "capacity of workers",
        "certificate",
        "no record was changed",
    ):
        assert part in refused.value.message
    assert platform.engine.ups == []


def test_an_instance_that_the_load_balancer_has_not_found_healthy_does_not_serve(platform: Platform) -> None:
    platform.world.unhealthy.add("dr-blue")
    with pytest.raises(OpsError, match="capacity of web: 0 serve, 2 required"):
        flip.flip_to(platform.session(), "dr")
    assert platform.engine.ups == []


def test_a_region_that_only_follows_is_refused(platform: Platform) -> None:
    platform.file("dr").set({"activated": False})
    platform.engine.up("dr", None)
    with pytest.raises(OpsError) as refused:
        flip.flip_to(platform.session(), "dr")
    assert "a replica of" in refused.value.message
    assert "health/database: 503" in refused.value.message


@pytest.mark.parametrize(
    ("status", "is_open"), [("backing-up", True), ("storage-optimization", True), ("rebooting", False)]
)
def test_the_gate_of_the_database_is_open_while_it_takes_writes(
    platform: Platform, status: str, *, is_open: bool
) -> None:
    platform.world.databases[platform.region("dr")]["askproai-dr-database"]["status"] = status
    if is_open:
        flip.flip_to(platform.session(), "dr")
    else:
        with pytest.raises(OpsError, match=f"askproai-dr-database is {status} and a writer"):
            flip.flip_to(platform.session(), "dr")
    assert platform.routed_to() == {"dr" if is_open else "prod"}


def test_a_region_whose_origin_leads_to_the_other_is_refused(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = platform.visit

    def by_prod(host: str, path: str, *rest: object, **named: object) -> visitor.Answer:
        return visit(host.replace("origin-dr", "origin-prod"), path)

    monkeypatch.setattr(visitor, "visit", by_prod)
    with pytest.raises(OpsError, match="health: answered by eu-central-1, want eu-west-1"):
        flip.flip_to(platform.session(), "dr")


def test_an_edge_that_is_not_strict_is_refused(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def setting(_: object, name: str) -> str:
        return {"ssl": "full"}.get(name, "1.2")

    monkeypatch.setattr(visitor, "zone_setting", setting)
    with pytest.raises(OpsError, match="edge TLS: mode full"):
        flip.flip_to(platform.session(), "dr")


@pytest.mark.parametrize(
    ("enabled", "days", "finding"),
    [
        (False, 365, "turned off"),
        (True, None, "no certificate is deployed"),
        (True, 0.5, r"the certificate ends \d{4}-"),
        (True, -1, r"the certificate ends \d{4}-"),
    ],
)
def test_an_edge_that_the_origins_would_not_know_is_refused(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, enabled: bool, days: float | None, finding: str
) -> None:
    ends = None if days is None else datetime.now(UTC) + timedelta(days=days)

    def pulls(*_: object) -> visitor.OriginPulls:
        return visitor.OriginPulls(enabled=enabled, ends=ends)

    monkeypatch.setattr(visitor, "origin_pulls", pulls)
    with pytest.raises(OpsError, match=f"gate of dr closed: origin pulls: {finding}"):
        flip.flip_to(platform.session(), "dr")


def test_a_gate_of_capacity_says_why_no_more_instances_start(platform: Platform) -> None:
    platform.world.in_service, platform.world.no_capacity = 1, "We have not\nsufficient capacity"
    with pytest.raises(
        OpsError, match=r"1 serve, 2 required: dr-blue at \d\d:\d\d:\d\d UTC: We have not sufficient cap"
    ):
        flip.flip_to(platform.session(), "dr")


def test_a_forced_flip_is_recorded_with_its_reason_and_what_was_closed(platform: Platform) -> None:
    platform.world.in_service = 1
    flip.flip_to(platform.session(force="better than nothing"), "dr")
    forced = platform.records()[0]
    assert (forced["kind"], forced["reason"]) == ("forced-flip", "better than nothing")
    assert len(forced["closed"]) == 2
    assert platform.routed_to() == {"dr"}


def test_a_flip_is_undone_through_the_same_gates(platform: Platform) -> None:
    with pytest.raises(OpsError, match="no flip to undo"):
        flip.undo(platform.session())
    flip.flip_to(platform.session(), "dr")
    with pytest.raises(OpsError, match="dr took over and takes writes: the data here is out of date"):
        flip.undo(platform.session())
    flip.undo(platform.session(force="it was the wrong region"))
    assert platform.routed_to() == {"prod"}
    assert platform.file("edge").get("live") == "prod"
    flip.flip_to(platform.session(), "dr")
    platform.world.lost.add(platform.region("prod"))
    with pytest.raises(OpsError, match="gate of prod closed"):
        flip.undo(platform.session())
    assert platform.routed_to() == {"dr"}


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
    """A Cloudflare that does not answer: the engine's time is over."""
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
    """Records and settings are asked before the change, after it and after the way back, each side by side."""
    asked = cloudflare.QUICK_CALL_SECONDS
    assert asked + routing.CHANGE_SECONDS + routing.END_SECONDS + 2 * asked < 60
    assert asked + routing.CHANGE_SECONDS + flip.AFTER_SECONDS + visitor.VISIT_SECONDS < 60
    assert routing.SETTLE_SECONDS <= routing.CHANGE_SECONDS


class Clock:
    """A clock that goes on where somebody sleeps, and where a test says that work took a while."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def slow(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A Cloudflare so slow that whatever is asked of it takes nearly as long as it may."""
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


def test_a_change_without_effect_fails_loudly_and_names_the_record(platform: Platform) -> None:
    platform.world.ignored_names.add(APEX)
    with pytest.raises(OpsError) as failed:
        flip.flip_to(platform.session(), "dr")
    assert failed.value.exit_code is Exit.FAILED
    assert "did not change app.askproai.de: it is balancer.prod" in failed.value.message
    assert "every name is routed to prod" in failed.value.message
    assert platform.routed_to() == {"prod"}


def test_a_record_that_is_not_where_the_state_has_it_is_put_right(platform: Platform) -> None:
    flip.flip_to(platform.session(), "dr")
    platform.world.records["app.askproai.de"] = "balancer.prod"
    flip.flip_to(platform.session(), "dr")
    assert platform.engine.refreshed == ["edge"]
    assert platform.routed_to() == {"dr"}


@pytest.mark.parametrize(
    "error", [OpsError("stack edge: 503"), LockedError("stack edge is locked by ci@runner (pid 1)")]
)
def test_a_repair_that_fails_leads_nobody_elsewhere(platform: Platform, error: OpsError) -> None:
    flip.flip_to(platform.session(), "dr")
    noted = platform.session().ledger.get(flip.UNDO)
    platform.world.records["app.askproai.de"] = "balancer.prod"
    platform.engine.failing["edge"] = error
    with pytest.raises(OpsError):
        flip.flip_to(platform.session(), "dr")
    assert platform.file("edge").get("live") == "dr"
    platform.engine.failing.clear()
    flip.flip_to(platform.session(), "dr")
    assert platform.routed_to() == {"dr"}
    assert platform.session().ledger.get(flip.UNDO) == noted


def test_a_repair_without_effect_stays_where_traffic_was(platform: Platform) -> None:
    flip.flip_to(platform.session(), "dr")
    platform.world.records["app.askproai.de"] = "balancer.prod"
    platform.world.ignored_names.add("app.askproai.de")
    with pytest.raises(OpsError, match="reported success but did not change app"):
        flip.flip_to(platform.session(), "dr")
    assert platform.file("edge").get("live") == "dr"
    assert platform.routed_to() == {"dr", "prod"}


def test_a_flip_that_was_killed_can_be_undone(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    up = platform.engine.up

    def killed(stack: str, say: object, targets: object = ()) -> dict[str, int]:
        up(stack, say, targets)
        raise KeyboardInterrupt

    monkeypatch.setattr(platform.engine, "up", killed)
    with pytest.raises(KeyboardInterrupt):
        flip.flip_to(platform.session(), "dr")
    monkeypatch.setattr(platform.engine, "up", up)
    flip.undo(platform.session(force="not served"))
    assert platform.routed_to() == {"prod"}


def test_an_engine_at_work_on_the_edge_is_named_and_the_file_stays(platform: Platform) -> None:
    busy = LockedError("stack edge is locked by ann@laptop (pid 1)")
    platform.engine.failing["edge"] = busy
    with pytest.raises(OpsError, match="ann@laptop") as refused:
        flip.flip_to(platform.session(), "dr")
    assert refused.value.exit_code is Exit.BUSY
    assert platform.file("edge").get("live") == "prod"


def test_visitors_who_are_not_served_are_an_error_that_names_the_way_back(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = platform.visit

    def elsewhere(host: str, path: str, *rest: object, **named: object) -> visitor.Answer:
        return visitor.Answer(status=530, body="") if host.startswith("app.") else visit(host, path)

    monkeypatch.setattr(visitor, "visit", elsewhere)
    for _ in range(2):
        with pytest.raises(OpsError, match="ops dr flip --undo"):
            flip.flip_to(platform.session(), "dr")


def test_a_region_that_answers_under_one_name_alone_does_not_serve(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = platform.visit

    def one_astray(host: str, path: str, *rest: object, **named: object) -> visitor.Answer:
        return visit(host.replace("api.", "origin-prod."), path)

    monkeypatch.setattr(visitor, "visit", one_astray)
    with pytest.raises(OpsError, match=r"the last answer was: api\.askproai\.de eu-central-1"):
        flip.flip_to(platform.session(), "dr")


def test_one_answer_of_the_region_is_not_taken_for_all(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = platform.visit
    asked: list[str] = []

    def lucky(host: str, path: str, *rest: object, **named: object) -> visitor.Answer:
        if not host.startswith("app."):
            return visit(host, path)
        asked.append(host)
        return visit("origin-prod.askproai.de" if len(asked) == 2 else host, path)

    monkeypatch.setattr(visitor, "visit", lucky)
    monkeypatch.setattr(flip, "SERVED_SECONDS", 5.0)
    flip.flip_to(platform.session(), "dr")
    assert len(asked) == 2 + flip.ROUNDS_SERVED


def test_a_dry_run_asks_the_gates_and_changes_nothing(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    flip.flip_to(platform.session(dry_run=True), "dr")
    assert "would route traffic to dr" in capsys.readouterr().out
    assert (platform.engine.ups, platform.history(), platform.routed_to()) == ([], [], {"prod"})
