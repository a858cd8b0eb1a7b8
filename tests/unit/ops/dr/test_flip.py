"""The flip: gates first, every name or none, read back from Cloudflare, and undone by one command."""

import pytest
from fake_engine import APEX
from fake_platform import Platform

from ops.core import visitor
from ops.core.engine_errors import LockedError
from ops.dr import flip
from ops.errors import Exit, OpsError

pytestmark = pytest.mark.usefixtures("both_serve")


def test_a_flip_routes_every_name_to_the_region_and_the_file_says_so(platform: Platform) -> None:
    flip.flip_to(platform.session(), "dr")
    assert platform.routed_to() == {"dr"}
    assert platform.file("edge").get("live") == "dr"
    assert (platform.engine.ups, platform.history()) == (["edge"], ["flip"])


def test_a_flip_to_where_visitors_are_changes_nothing(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    flip.flip_to(platform.session(), "prod")
    assert "traffic is routed to prod already" in capsys.readouterr().out
    assert (platform.engine.ups, platform.history()) == ([], [])


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
    platform.lose()
    with pytest.raises(OpsError, match="gate of prod closed"):
        flip.undo(platform.session())
    assert platform.routed_to() == {"dr"}


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
