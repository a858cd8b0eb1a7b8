"""The gates of a flip: each is closed for its own reason, and says which."""

from datetime import UTC, datetime, timedelta

import pytest
from fake_platform import Platform

from ops.core import visitor
from ops.dr import flip
from ops.errors import Exit, OpsError

pytestmark = pytest.mark.usefixtures("both_serve")


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
